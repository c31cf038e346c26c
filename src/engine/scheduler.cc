#include "engine/scheduler.h"

#include <algorithm>
#include <iterator>

#include "base/epoch.h"
#include "base/try.h"
#include "engine/pacing.h"
#include "engine/settings.h"
#include "engine/table_files.h"

namespace nacre::engine {

namespace {

constexpr std::uint64_t kRetryNanos = 1'000'000'000;
/// A store to which nobody has written for so long is idle.
constexpr std::uint64_t kIdleNanos = 1'000'000'000;

}  // namespace

Scheduler::Scheduler(Context& context, CurrentView& view, VersionSet& versions,
                     Committer& committer, WalSet& wals, FileNumbers& numbers)
    : context_(context),
      view_(view),
      versions_(versions),
      committer_(committer),
      wals_(wals),
      numbers_(numbers),
      walk_debt_(context.counters) {}

void Scheduler::wake() {
  std::uint64_t pace = 0;
  {
    auto work = work_.lock();
    if (work->closing) return;
    const ViewPtr view = view_.pin();
    start_flush(work, *view);
    start_compactions(work, *view);
    pace = pace_nanos_per_kib(backlog_of(*view, context_.settings));
  }
  committer_.set_pace(pace);  // takes the commit lock, under which work_ may be taken
}

/// Counts the task until it has returned: close() waits for the last of them, which must not touch
/// the store any more once it is counted out.
void Scheduler::submit(Work& work, Lane lane, Executor::Task task) {
  ++work.tasks;
  context_.executor().submit(lane, [this, task = std::move(task)]() mutable {
    task();
    task = nullptr;  // the tables that it holds live on the memory of the runtime
    auto done = work_.lock();
    --done->tasks;
    changed_.notify_all();
  });
}

Status Scheduler::not_installed(const Status& status) {
  // Without space the next attempt writes a whole new manifest; anything else is for good.
  if (status.code() != Code::kNoSpace && context_.health.fail(status)) committer_.wake();
  return status;
}

PickerInput Scheduler::picker_input(const Work& work) const {
  PickerInput input;
  input.options = picker_options(context_.settings);
  for (const auto& [ticket, running] : work.running) input.running.push_back(running);
  input.running.insert(input.running.end(), work.set_aside.begin(), work.set_aside.end());
  input.oldest_snapshot = context_.snapshots.list(context_.visible).front();
  input.now_micros = context_.clock().wall_micros();
  input.idle = work.idle;
  input.paid_by_walks = walk_debt_.paid_bytes();
  return input;
}

void Scheduler::start_compactions(Lock& work, const View& view) {
  if (work->manual != 0 || !work->compaction_paused.ok() || !context_.health.ok()) return;
  while (work->running.size() < context_.settings.options.background_threads) {
    std::optional<Plan> plan = pick(*view.version, picker_input(*work));
    if (!plan.has_value()) return watch_for_idleness(work, view);
    const std::uint64_t ticket = begin_plan(*work, *plan);
    submit(*work, Lane::kCompaction,
           [this, version = view.version, plan = std::move(*plan), ticket]() mutable {
             compact_in_background(std::move(version), std::move(plan), ticket);
           });
  }
}

/// Comes back when level 0 has tables: it may go down once nobody writes any more.
void Scheduler::watch_for_idleness(Lock& work, const View& view) {
  if (work->idle || work->idle_timer || view.version->level(0).empty()) return;
  work->idle_timer = true;
  const Seq seq = context_.visible.load(std::memory_order_relaxed);
  context_.executor().submit_after(Lane::kCompaction, kIdleNanos, [this, seq, owner = owner_] {
    const std::shared_ptr<void> alive = owner.lock();
    if (alive == nullptr) return;
    {
      auto state = work_.lock();
      state->idle_timer = false;
      state->idle = !state->flushing && seq == context_.visible.load(std::memory_order_relaxed);
    }
    wake();
  });
}

std::uint64_t Scheduler::begin_plan(Work& work, const Plan& plan) {
  work.running.emplace(++work.last_ticket, running(plan));
  return work.last_ticket;
}

/// The files of the inputs are gone before anybody hears that the compaction is done: nothing here
/// may hold them any more by then.
void Scheduler::compact_in_background(VersionPtr version, Plan plan, std::uint64_t ticket) {
  ColdBlocks cold;
  const Status status = run_and_install(version, plan, &cold);
  version.reset();
  if (status.ok()) {
    plan = Plan();
    release_unused();
  }
  {
    auto work = work_.lock();
    finish_plan(work, plan, ticket, status);
    load_later(*work, std::move(cold));
  }
  wake();
}

void Scheduler::walked(std::uint64_t tables) {
  if (!walk_debt_.add(tables)) return;
  // A merge reads all of level 0 at least.
  if (walk_debt_.paid_bytes() >= view_.pin()->version->bytes(0)) wake();
}

void Scheduler::release_soon() {
  if (!context_.reaper.has_condemned()) return;
  auto work = work_.lock();
  if (work->closing) return;  // the next open removes them
  submit(*work, Lane::kFlush, [this] { release_unused(); });
}

/// Lets go what the last view held, if no read is in it any more: its memtables and table files.
void Scheduler::release_unused() {
  epoch_collect();
  context_.reaper.sweep();
}

void Scheduler::load_tables_soon() {
  const ViewPtr view = view_.pin();
  std::vector<std::weak_ptr<const Table>> tables;  // merges may remove some meanwhile
  for (int level = 0; level < kLevelCount; ++level) {
    const auto more = view->version->level(level);
    tables.insert(tables.end(), more.begin(), more.end());
  }
  if (!tables.empty()) {
    submit_loading(*work_.lock(), [this, tables = std::move(tables)] {
      load_tables(context_, tables, cancelled_);
    });
  }
}

void Scheduler::submit_loading(Work& work, Executor::Task task) {
  ++work.loading;
  submit(work, Lane::kCompaction, [this, task = std::move(task)] {
    task();
    release_unused();  // a table that a merge has removed meanwhile
    --work_.lock()->loading;
  });
}

/// After release_unused(): the blocks take the room that those of the old tables have left. Until
/// they are there readers wait for the device, so that all threads that may be had bring them.
void Scheduler::load_later(Work& work, ColdBlocks cold) {
  if (cold.tables.empty() || work.closing || !(cold.read || is_idle(work))) return;
  for (ColdBlocks::OfTable& table : cold.tables) {
    submit_loading(work, [this, table = std::move(table)] { load_into_cache(table, cancelled_); });
  }
}

/// What load_later() is to bring back is added to `cold`.
Status Scheduler::run_and_install(const VersionPtr& version, const Plan& plan, ColdBlocks* cold) {
  if (cancelled_.load(std::memory_order_relaxed)) return Status::closed("the store closes");
  CompactionResult result =
      NACRE_TRY(run_compaction(context_, numbers_, *version, plan, cancelled_));
  const Status installed = versions_.install(std::move(result.edit), result.added);
  if (!installed.ok()) return not_installed(installed);
  cold->read |= result.cold.read;
  std::move(result.cold.tables.begin(), result.cold.tables.end(), std::back_inserter(cold->tables));
  {
    auto work = work_.lock();
    work->stats.bytes_read[static_cast<std::size_t>(plan.input_level)] += result.event.bytes_read;
    work->stats.bytes_written[static_cast<std::size_t>(plan.output_level)] +=
        result.event.bytes_written;
    ++(result.event.moved ? work->stats.moves : work->stats.compactions);
  }
  context_.notify([&](EventListener& listener) { listener.on_compaction(result.event); });
  return {};
}

void Scheduler::finish_plan(Lock& work, const Plan& plan, std::uint64_t ticket,
                            const Status& status) {
  work->running.erase(ticket);
  if (plan.input_level == 0) walk_debt_.settle();
  if (status.code() == Code::kCorruption || status.code() == Code::kUnsupported) {
    set_aside(*work, plan);
    work.unlock_while([&] {
      context_.notify([&](EventListener& listener) { listener.on_error("compaction", status); });
    });
  } else if (!status.ok() && status.code() != Code::kClosed) {
    work->compaction_paused = status;
    retry_later(work, status);
  }
  changed_.notify_all();
}

/// The tables stay where they are, for reads; to the picker they look busy for ever.
void Scheduler::set_aside(Work& work, const Plan& plan) {
  for (const PlanInput& input : plan.inputs) {
    for (const TablePtr& table : input.tables) {
      work.set_aside.push_back({.inputs = {table->meta.number},
                                .input_level = input.level,
                                .output_level = input.level,
                                .smallest = table->meta.smallest,
                                .largest = table->meta.largest});
    }
  }
}

void Scheduler::retry_later(Lock& work, const Status& status) {
  work.unlock_while([&] {
    context_.notify([&](EventListener& listener) { listener.on_error("background work", status); });
  });
  if (work->retry_set || work->closing || !context_.health.ok()) return;
  work->retry_set = true;
  context_.executor().submit_after(Lane::kFlush, kRetryNanos, [this, owner = owner_] {
    const std::shared_ptr<void> alive = owner.lock();
    if (alive == nullptr) return;
    {
      auto state = work_.lock();
      state->retry_set = false;
      state->flush_paused = state->compaction_paused = Status();
    }
    committer_.set_flush_status(Status());
    wake();
  });
}

void Scheduler::prepare_wal() {
  auto work = work_.lock();
  if (work->preparing || work->closing) return;
  work->preparing = true;
  submit(*work, Lane::kLog, [this] {
    wals_.prepare_ahead();
    work_.lock()->preparing = false;
  });
}

void Scheduler::sync_older(Lsn lsn) {
  auto work = work_.lock();
  if (work->closing) return;
  submit(*work, Lane::kLog, [this, lsn] {
    committer_.sync_wal_through(lsn).ignore();  // a failure is in health
  });
}

void Scheduler::sync_every(std::uint64_t nanos) {
  context_.executor().submit_after(Lane::kLog, nanos, [this, nanos, owner = owner_] {
    const std::shared_ptr<void> alive = owner.lock();
    if (alive == nullptr || work_.lock()->closing) return;
    if (context_.health.ok()) committer_.sync_wal().ignore();  // a failure is in health
    sync_every(nanos);
  });
}

Status Scheduler::compact(const Range& range) {
  auto work = work_.lock();
  ++work->manual;
  ColdBlocks cold;
  Status status;
  while (status.ok()) {
    work.wait(changed_, context_.executor(), [&] { return work->running.empty(); });
    if (work->closing) status = Status::closed("the store closes");
    if (status.ok()) status = context_.health.write_status();
    if (!status.ok()) break;
    const VersionPtr version = view_.pin()->version;
    const std::optional<Plan> plan =
        pick_range(*version, range.lower.value_or(std::string()), range.upper, picker_input(*work));
    if (!plan.has_value()) break;
    const std::uint64_t ticket = begin_plan(*work, *plan);
    work.unlock_while([&] { status = run_and_install(version, *plan, &cold); });
    finish_plan(work, *plan, ticket, status);
  }
  --work->manual;
  changed_.notify_all();
  work.unlock_while([&] { release_unused(); });
  load_later(*work, std::move(cold));
  work.unlock_while([&] { wake(); });
  return status;
}

bool Scheduler::is_idle(Work& work) {
  const ViewPtr view = view_.pin();
  return !work.flushing && work.running.empty() && work.loading == 0 && view->frozen.empty() &&
         !pick(*view->version, picker_input(work)).has_value();
}

Status Scheduler::wait_idle() {
  work_.lock()->idle = true;  // whoever waits for this does not write meanwhile
  wake();
  release_unused();
  auto work = work_.lock();
  work.wait(changed_, context_.executor(), [&] {
    return is_idle(*work) || !work->flush_paused.ok() || !work->compaction_paused.ok() ||
           !context_.health.ok() || work->closing;
  });
  if (!work->flush_paused.ok()) return work->flush_paused;
  if (!work->compaction_paused.ok()) return work->compaction_paused;
  return context_.health.write_status();
}

void Scheduler::close() {
  auto work = work_.lock();
  work->closing = true;
  cancelled_.store(true, std::memory_order_relaxed);
  work.wait(changed_, context_.executor(), [&] { return work->tasks == 0; });
}

Status Scheduler::status() {
  auto work = work_.lock();
  return work->flush_paused.ok() ? work->compaction_paused : work->flush_paused;
}

void Scheduler::reset() {
  {
    auto work = work_.lock();
    work->flush_paused = work->compaction_paused = Status();
  }
  committer_.set_flush_status(Status());
}

std::uint64_t Scheduler::debt_bytes() {
  const ViewPtr view = view_.pin();
  return nacre::debt_bytes(*view->version, picker_options(context_.settings));
}

}  // namespace nacre::engine
