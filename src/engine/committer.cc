#include "engine/committer.h"

#include <algorithm>

#include "base/hash.h"
#include "base/try.h"
#include "engine/batch_codec.h"

namespace nacre::engine {

namespace {

/// A debt of sleep below this is kept until more has come together: sleeping is not that exact.
constexpr std::uint64_t kSleepNanosMin = 200'000;
constexpr std::uint64_t kSleepNanosMax = 5'000'000;
/// Waits shorter than this are not worth a report.
constexpr std::uint64_t kStallNanosReported = 1'000'000;

}  // namespace

Committer::Committer(Context& context, CurrentView& view, WalSet& wals, Hooks hooks)
    : context_(context), view_(view), wals_(wals), hooks_(std::move(hooks)) {
  wals_.set_show([this](std::span<const Seq> writes) { show(writes); });
}

Status Committer::start(const Start& from) {
  auto state = state_.lock();
  state->last_seq = state->frozen_seq = from.last_seq;
  state->flushed_seq = from.frozen.empty() ? from.last_seq : 0;  // no more is known, or asked for
  context_.visible.store(from.last_seq, std::memory_order_release);
  NACRE_TRY(wals_.begin(0));
  const std::string hint =
      from.frozen.empty() ? std::string() : from.frozen.back()->table.common_prefix();
  state->active = std::make_shared<LiveMemtable>(
      context_.settings.memtable_bytes, context_.runtime->budget, context_.runtime->pages, hint);
  state->active->first_segment = wals_.current();
  view_.update([&](View& view) {
    view.frozen.assign(from.frozen.rbegin(), from.frozen.rend());
    view.active = state->active;
  });
  return {};
}

Status Committer::write(std::string_view payload, std::uint32_t count, Durability durability) {
  if (count == 0) return {};
  Ticket ticket;
  {
    auto state = state_.lock();
    NACRE_TRY(admit(state, payload.size(), durability));
    ticket = NACRE_TRY(reserve(state, payload, count, durability));
  }
  insert(ticket, payload);
  const Seq last = ticket.first + count - 1;
  Status status;
  if (durability == Durability::kDisk) status = sync_through(ticket.lsn, last);
  publish(last);
  return status;
}

/// A sync that fails for the sake of a wal that was given up since says nothing of the one there
/// is.
Status Committer::sync_through(Lsn lsn, Seq write) {
  Status status = wals_.sync_through(lsn, write);
  if (!status.ok() && !wals_.given_up(lsn)) wal_failed("wal sync", status);
  return status;
}

/// The wal can't be believed any more: the store turns read-only. Not under the lock.
void Committer::wal_failed(std::string_view during, const Status& status) {
  if (!context_.health.fail(status)) return;
  context_.notify([&](EventListener& listener) { listener.on_error(during, status); });
  wake();
}

Status Committer::admit(Lock& state, std::size_t bytes, Durability durability) {
  NACRE_TRY(context_.health.write_status());
  if (state->pace_nanos_per_kib != 0) pace(state, bytes);
  NACRE_TRY(make_room(state));
  // C3, again after each wait: other writers may have left more without a log meanwhile.
  while (durability != Durability::kMemory && state->unlogged_seq != 0) {
    NACRE_TRY(log_unlogged(state));
  }
  return context_.health.write_status();  // all of these may have let go of the lock
}

void Committer::pace(Lock& state, std::size_t bytes) {
  const std::uint64_t now = context_.clock().monotonic_nanos();
  const std::uint64_t cost = (bytes + 64) * state->pace_nanos_per_kib / 1024;
  state->pace_until = std::max(state->pace_until, now) + cost;
  const std::uint64_t owed = state->pace_until - now;
  if (owed < kSleepNanosMin) return;
  const std::uint64_t nanos = std::min(owed, kSleepNanosMax);
  state->pace_until -= owed - nanos;
  state.unlock_while([&] {
    context_.clock().sleep_nanos(nanos);
    stalled("background work is behind", nanos);
  });
}

/// Without the lock.
void Committer::stalled(std::string_view reason, std::uint64_t nanos) {
  context_.stalls.fetch_add(1, std::memory_order_relaxed);
  context_.stall_nanos.fetch_add(nanos, std::memory_order_relaxed);
  if (nanos < kStallNanosReported) return;
  context_.notify([&](EventListener& listener) {
    listener.on_stall({.reason = reason, .micros = nanos / 1000});
  });
}

Status Committer::make_room(Lock& state) {
  const std::uint64_t limit = context_.settings.memtable_bytes;
  while (state->active->table.memory_bytes() >= limit && state->last_seq > state->frozen_seq) {
    const auto full = [&] {
      return view_.pin()->frozen.size() >= context_.settings.frozen_memtables_max;
    };
    if (full()) {
      const std::uint64_t start = context_.clock().monotonic_nanos();
      state.wait(changed_, context_.executor(),
                 [&] { return !full() || !context_.health.ok() || !state->flush_status.ok(); });
      const std::uint64_t nanos = context_.clock().monotonic_nanos() - start;
      state.unlock_while([&] { stalled("memtables wait for their flush", nanos); });
      NACRE_TRY(context_.health.write_status());
      if (full() && !state->flush_status.ok()) return state->flush_status;
      continue;  // another writer may have frozen it meanwhile
    }
    NACRE_TRY(freeze_active(state));
    state.unlock_while([&] { hooks_.frozen(); });
  }
  return {};
}

Status Committer::next_segment(std::size_t payload_bytes) {
  const std::optional<Lsn> end_of_old = wals_.started() ? std::optional(wals_.end()) : std::nullopt;
  NACRE_TRY(wals_.begin(payload_bytes));
  if (end_of_old.has_value()) hooks_.sync_older(*end_of_old);
  return {};
}

/// A segment ends with its memtable, or when it is full. Half of either is time enough to make the
/// next one: some ten milliseconds, in which a fast writer writes a quarter.
bool Committer::next_segment_is_due(const State& state) const {
  return state.active->table.memory_bytes() >= context_.settings.memtable_bytes / 2 ||
         wals_.half_full();
}

Status Committer::freeze_active(Lock& state) {
  NACRE_TRY(next_segment(0));
  const MemtablePtr old = state->active;
  old->last_seq = state->last_seq;
  state->frozen_seq = state->last_seq;
  state->active =
      std::make_shared<LiveMemtable>(context_.settings.memtable_bytes, context_.runtime->budget,
                                     context_.runtime->pages, old->table.common_prefix());
  state->active->first_segment = wals_.current();
  view_.update([&](View& view) {
    view.frozen.insert(view.frozen.begin(), old);
    view.active = state->active;
  });
  return {};
}

Status Committer::log_unlogged(Lock& state) {
  if (state->unlogged_seq > state->frozen_seq) {
    NACRE_TRY(freeze_active(state));
    state.unlock_while([&] { hooks_.frozen(); });
  }
  Status status;
  const Seq seq = state->unlogged_seq;
  state.unlock_while([&] { status = wait_flushed(seq); });
  return status;
}

Result<Committer::Ticket> Committer::reserve(Lock& state, std::string_view payload,
                                             std::uint32_t count, Durability durability) {
  if (count > kSeqMax - state->last_seq) return Status::invalid("the store is out of seqs");
  Ticket ticket;
  ticket.first = state->last_seq + 1;
  if (durability == Durability::kMemory) {
    state->unlogged_seq = state->last_seq + count;
  } else {
    if (!wals_.fits(payload.size())) NACRE_TRY(next_segment(payload.size()));
    Result<Lsn> lsn = wals_.append(ticket.first, payload);
    if (!lsn.ok()) {
      // Without space nothing was written and the next write may try again.
      if (lsn.error().code() != Code::kNoSpace) {
        state.unlock_while([&] { wal_failed("wal write", lsn.error()); });
      }
      return std::move(lsn).error();
    }
    ticket.lsn = *lsn;
  }
  if (next_segment_is_due(*state)) wals_.want_next();
  if (wals_.wants_prepare()) hooks_.prepare();
  if (context_.dead_spans.any()) cut_dead_spans(payload);
  state->last_seq += count;
  state->pending.push_back({state->last_seq, false});
  ticket.memtable = state->active;
  return ticket;
}

void Committer::cut_dead_spans(std::string_view payload) {
  BatchReader batch(payload);
  for (Operation op; batch.next(&op);) {
    if (op.kind != Kind::kDelete) context_.dead_spans.cut(op.key);
  }
}

void Committer::note_dead(std::string_view lower, std::string_view upper, Seq seq) {
  auto state = state_.lock();
  context_.dead_spans.note(lower, upper, seq, state->last_seq);
}

void Committer::insert(const Ticket& ticket, std::string_view payload) {
  BatchReader batch(payload);
  Seq seq = ticket.first;
  for (Operation op; batch.next(&op); ++seq) {
    ticket.memtable->table.add(make_trailer(seq, op.kind), op.key, op.value,
                               hash64(op.key, context_.salt));
  }
}

void Committer::mark_done(State& state, Seq last) {
  std::lower_bound(state.pending.begin(), state.pending.end(), last,
                   [](const Pending& entry, Seq seq) { return entry.last < seq; })
      ->done = true;
}

/// Moves the visible seq over the finished writes at the front.
void Committer::show_done(State& state) {
  bool moved = false;
  while (!state.pending.empty() && state.pending.front().done) {
    context_.visible.store(state.pending.front().last, std::memory_order_release);
    state.pending.pop_front();
    moved = true;
  }
  if (moved) changed_.notify_all();
}

/// Writes that were inserted, and are synced now.
void Committer::show(std::span<const Seq> writes) {
  auto state = state_.lock();
  for (const Seq last : writes) mark_done(*state, last);
  show_done(*state);
}

/// Returns once the write is visible. It may have been shown with others already.
void Committer::publish(Seq last) {
  if (context_.visible.load(std::memory_order_acquire) >= last) return;
  auto state = state_.lock();
  if (context_.visible.load(std::memory_order_relaxed) >= last) return;
  mark_done(*state, last);
  show_done(*state);
  state.wait(changed_, context_.executor(),
             [&] { return context_.visible.load(std::memory_order_relaxed) >= last; });
}

Status Committer::sync() {
  Lsn lsn = 0;
  Seq unlogged = 0;
  {
    auto state = state_.lock();
    NACRE_TRY(context_.health.write_status());
    lsn = wals_.end();
    unlogged = state->unlogged_seq;
    if (unlogged > state->frozen_seq) NACRE_TRY(freeze_active(state));
  }
  if (unlogged != 0) {
    hooks_.frozen();
    NACRE_TRY(wait_flushed(unlogged));
  }
  return sync_through(lsn, 0);
}

Status Committer::sync_wal() {
  Lsn lsn = 0;
  {
    auto state = state_.lock();
    if (!wals_.started()) return context_.health.write_status();
    lsn = wals_.end();
  }
  return sync_through(lsn, 0);
}

Result<Seq> Committer::freeze() {
  auto state = state_.lock();
  if (state->last_seq > state->frozen_seq) NACRE_TRY(freeze_active(state));
  return state->last_seq;
}

Result<Seq> Committer::freeze_with_new_wal() {
  auto state = state_.lock();
  wals_.abandon();
  NACRE_TRY(freeze_active(state));
  return state->last_seq;
}

void Committer::wait_visible(Seq seq) {
  auto state = state_.lock();
  state.wait(changed_, context_.executor(),
             [&] { return context_.visible.load(std::memory_order_relaxed) >= seq; });
}

Status Committer::wait_flushed(Seq seq) {
  auto state = state_.lock();
  state.wait(changed_, context_.executor(),
             [&] { return state->flushed_seq >= seq || !state->flush_status.ok(); });
  return state->flushed_seq >= seq ? Status() : state->flush_status;
}

void Committer::flushed_through(Seq seq) {
  auto state = state_.lock();
  state->flushed_seq = std::max(state->flushed_seq, seq);
  if (state->unlogged_seq <= seq) state->unlogged_seq = 0;
  state->flush_status = Status();
  changed_.notify_all();
}

void Committer::set_flush_status(Status status) {
  state_.lock()->flush_status = std::move(status);
  changed_.notify_all();
}

void Committer::set_pace(std::uint64_t nanos_per_kib) {
  state_.lock()->pace_nanos_per_kib = nanos_per_kib;
}

void Committer::wake() {
  state_.lock();
  changed_.notify_all();
}

std::uint64_t Committer::active_bytes() { return state_.lock()->active->table.memory_bytes(); }
Seq Committer::last_seq() { return state_.lock()->last_seq; }

}  // namespace nacre::engine
