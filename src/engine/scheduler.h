// scheduler.h - decides which background work runs, runs it, and waits for it.
//
// One flush at a time, oldest memtable first, always before compactions; up to
// Options::background_threads compactions on disjoint tables. Work is handed to the executor of the
// environment; this class starts no thread.
//
// THREADS    any. Lock order: the commit lock before work_.
// LIFETIME   close() returns only when no task of this store is queued or running; timers hold a
//            weak reference to the owner.
// ERRORS     a flush or compaction that fails for want of space is tried again every second; one
//            that meets a table it can't read puts its inputs aside for good (they stay readable);
//            one whose edit can't be made durable turns the store read-only. Every failure reaches
//            the listener, and status() while it lasts.
#pragma once

#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/committer.h"
#include "engine/compaction.h"
#include "engine/context.h"
#include "engine/file_numbers.h"
#include "engine/version_set.h"
#include "engine/view.h"
#include "engine/wal_set.h"
#include "engine/walk_debt.h"
#include "lsm/picker.h"
#include "nacre/cursor.h"
#include "nacre/stats.h"

namespace nacre::engine {

struct WorkStats {
  std::array<std::uint64_t, kLevelCount> bytes_read{};
  std::array<std::uint64_t, kLevelCount> bytes_written{};
  std::uint64_t flushes = 0;
  std::uint64_t compactions = 0;
  std::uint64_t moves = 0;
};

class Scheduler {
 public:
  Scheduler(Context& context, CurrentView& view, VersionSet& versions, Committer& committer,
            WalSet& wals, FileNumbers& numbers);

  /// Timers that fire after the owner is gone do nothing.
  void set_owner(std::weak_ptr<void> owner) { owner_ = std::move(owner); }

  /// Looks for work and starts it. Cheap when there is none.
  void wake();
  /// A reader has let go of what may have been the last hold on removed tables: queues the removal
  /// of their files. Cheap when there are none.
  void release_soon();
  /// A walk has been positioned in so many more tables of level 0 than one: starts a merge when
  /// that makes one due. Cheap.
  void walked(std::uint64_t tables);
  /// Queues the loading of the tables that the store was opened with.
  void load_tables_soon();
  /// Queues WalSet::prepare_ahead() unless it is queued.
  void prepare_wal();
  /// Queues the sync of wal segments that are no longer written.
  void sync_older(Lsn lsn);
  /// Syncs the wal every `nanos` from now on.
  void sync_every(std::uint64_t nanos);

  /// Rewrites the range down to its deepest level, on the calling thread.
  Status compact(const Range& range);
  /// Waits until nothing is due.
  Status wait_idle();
  /// Refuses new work and waits for what runs.
  void close();
  /// Forgets pauses and failures: after Db::resume().
  void reset();

  /// Why work is paused, or ok.
  Status status();
  WorkStats stats() { return work_.lock()->stats; }
  std::uint64_t debt_bytes();

 private:
  struct Work {
    bool flushing = false;
    bool preparing = false;
    std::uint64_t loading = 0;  // tasks of load_tables_soon() and load_later()
    std::uint64_t tasks = 0;    // handed to the executor and not yet returned
    std::uint32_t manual = 0;   // compact() calls that want the compaction side for themselves
    bool closing = false;
    bool idle = false;        // nobody has written since the last flush, for a while
    bool idle_timer = false;  // it will be looked at
    bool retry_set = false;
    std::map<std::uint64_t, RunningCompaction> running;  // by ticket
    std::uint64_t last_ticket = 0;
    std::vector<RunningCompaction> set_aside;  // one for each table that could not be read
    Status flush_paused;                       // why, or ok
    Status compaction_paused;                  // the same
    WorkStats stats;
  };
  using Lock = Guarded<Work>::Lock;

  void submit(Work& work, Lane lane, Executor::Task task);
  void start_flush(Lock& work, const View& view);
  void start_compactions(Lock& work, const View& view);
  void flush_oldest();
  Status flush_and_install(const View& view);
  std::uint64_t begin_plan(Work& work, const Plan& plan);
  void compact_in_background(VersionPtr version, Plan plan, std::uint64_t ticket);
  Status run_and_install(const VersionPtr& version, const Plan& plan, ColdBlocks* cold);
  void submit_loading(Work& work, Executor::Task task);
  void load_later(Work& work, ColdBlocks cold);
  Status not_installed(const Status& status);
  void finish_plan(Lock& work, const Plan& plan, std::uint64_t ticket, const Status& status);
  void retry_later(Lock& work, const Status& status);
  PickerInput picker_input(const Work& work) const;
  bool is_idle(Work& work);
  void release_unused();
  void watch_for_idleness(Lock& work, const View& view);
  static void set_aside(Work& work, const Plan& plan);

  Context& context_;
  CurrentView& view_;
  VersionSet& versions_;
  Committer& committer_;
  WalSet& wals_;
  FileNumbers& numbers_;
  WalkDebt walk_debt_;
  std::weak_ptr<void> owner_;
  std::atomic<bool> cancelled_{false};
  Guarded<Work> work_;
  std::condition_variable changed_;
};

}  // namespace nacre::engine
