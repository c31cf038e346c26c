// scheduler_flush.cc - the oldest memtable becomes a table of level 0, and its wal is let go.
#include "engine/flush.h"
#include "engine/scheduler.h"

namespace nacre::engine {

void Scheduler::start_flush(Lock& work, const View& view) {
  if (work->flushing || view.frozen.empty() || !work->flush_paused.ok()) return;
  work->flushing = true;
  work->idle = false;
  submit(*work, Lane::kFlush, [this] { flush_oldest(); });
}

void Scheduler::flush_oldest() {
  ViewPtr view = view_.pin();
  const Status status = flush_and_install(*view);
  view.reset();
  release_unused();
  {
    auto work = work_.lock();
    work->flushing = false;
    if (!status.ok()) {
      work->flush_paused = status;
      retry_later(work, status);
    }
    changed_.notify_all();
  }
  if (!status.ok()) committer_.set_flush_status(status);
  wake();
}

/// The first memtable after the oldest whose wal must stay. One that took no write is passed over:
/// resume() leaves such ones, and its wal, a chain of its own, must be gone before another has
/// records.
static MemtablePtr next_with_writes(const View& view) {
  for (auto next = view.frozen.rbegin() + 1; next != view.frozen.rend(); ++next) {
    if ((*next)->last_seq > view.frozen.back()->last_seq) return *next;
  }
  return view.active;
}

Status Scheduler::flush_and_install(const View& view) {
  const MemtablePtr memtable = view.frozen.back();
  const MemtablePtr next = next_with_writes(view);
  committer_.wait_visible(memtable->last_seq);
  const std::uint64_t start = context_.clock().monotonic_nanos();
  const TablePtr table = NACRE_TRY(flush_memtable(context_, numbers_, *memtable));

  Edit edit;
  edit.reason = "flush";
  edit.wal_floor = next->first_segment;
  if (table != nullptr) edit.added.push_back({.level = 0, .meta = table->meta});
  Status installed = versions_.install(
      std::move(edit), {table}, [&](View& changed) { std::erase(changed.frozen, memtable); });
  if (!installed.ok()) return not_installed(installed);
  wals_.drop_before(next->first_segment);
  const std::uint64_t bytes = table == nullptr ? 0 : table->meta.bytes;
  {
    auto work = work_.lock();
    ++work->stats.flushes;
    work->stats.bytes_written[0] += bytes;
  }
  committer_.flushed_through(memtable->last_seq);
  context_.notify([&](EventListener& listener) {
    listener.on_flush({.entries = memtable->table.entries(),
                       .bytes_written = bytes,
                       .table_number = table == nullptr ? 0 : raw(table->meta.number),
                       .micros = (context_.clock().monotonic_nanos() - start) / 1000});
  });
  return {};
}

}  // namespace nacre::engine
