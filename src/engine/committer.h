// committer.h - the path of every write: order, log, insert, sync, show.
//
// A write takes three steps. Under the commit lock it gets its seqs and its place in the wal, in
// one order for both. Without the lock it inserts into the memtable, beside other writers, and
// waits for the sync that its durability asks for. Then it is shown: the visible seq moves over all
// finished writes at the front of the queue, so that writes become visible in commit order even
// when a later one is ready first. Those that share a sync are shown by the thread that did it.
//
//        lock                    no lock                        lock
//   | seq, wal append |  memtable insert, [shared sync]  |  publish in order |
//
// THREADS    any, unless a method says otherwise.
// INVARIANT  (C1) visible <= every unfinished write - 1, and never goes back.
//            (C2) a memtable is frozen under the commit lock; all its seqs are below those of the
//            next one. Its flush waits until its last seq is visible.
//            (C3) a logged write that follows unlogged ones first makes those durable by a flush:
//            otherwise a crash would keep the later write without the earlier.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>

#include "engine/context.h"
#include "engine/view.h"
#include "engine/wal_set.h"

namespace nacre::engine {

class Committer {
 public:
  struct Hooks {
    /// A memtable was frozen: work for the background. Called without the lock.
    std::function<void()> frozen;
    /// The wal wants prepare_ahead(), or an older segment its sync. Called under the lock.
    std::function<void()> prepare;
    std::function<void(Lsn)> sync_older;
  };
  Committer(Context& context, CurrentView& view, WalSet& wals, Hooks hooks);

  /// What a store begins with.
  struct Start {
    Seq last_seq = 0;
    std::vector<MemtablePtr> frozen;  // oldest first: what no table has yet
  };
  /// Before the first write: makes the first memtable and the first segment.
  Status start(const Start& from);

  /// Commits an encoded batch of `count` operations.
  Status write(std::string_view payload, std::uint32_t count, Durability durability);
  /// Everything that returned before this call is on stable storage when it returns.
  Status sync();
  /// Background sync of what was logged; unlogged writes stay as they are.
  Status sync_wal();
  /// The same of what was logged up to `lsn`.
  Status sync_wal_through(Lsn lsn) { return sync_through(lsn, 0); }

  /// Freezes the active memtable unless it is empty, and returns the seq up to which a flush must
  /// get for everything written so far to be in tables.
  Result<Seq> freeze();
  /// As freeze(), with a new wal that does not follow the failed one.
  Result<Seq> freeze_with_new_wal();
  /// Waits until `seq` is visible.
  void wait_visible(Seq seq);
  /// Waits until everything up to `seq` is in tables, or can't get there: the error then.
  Status wait_flushed(Seq seq);

  /// The flush of the oldest memtable is installed; everything up to `seq` is in tables.
  void flushed_through(Seq seq);
  /// A flush failed for want of space (or works again: ok). Writers that need memory are told.
  void set_flush_status(Status status);
  /// What the background owes; sets the speed of writers.
  void set_pace(std::uint64_t nanos_per_kib);
  /// Wakes all waiters: the store has failed or closes.
  void wake();

  /// A walk at `seq` saw nothing live in [lower, upper): see dead_spans.h.
  void note_dead(std::string_view lower, std::string_view upper, Seq seq);

  std::uint64_t active_bytes();
  Seq last_seq();

 private:
  struct Pending {
    Seq last = 0;
    bool done = false;
  };
  struct State {
    Seq last_seq = 0;      // given to a write
    Seq flushed_seq = 0;   // everything up to it is in tables
    Seq unlogged_seq = 0;  // the last write without wal, 0 when all are in tables or none was
    Seq frozen_seq = 0;    // last of the newest frozen memtable
    std::deque<Pending> pending;
    Status flush_status;
    std::uint64_t pace_nanos_per_kib = 0;
    std::uint64_t pace_until = 0;
    MemtablePtr active;  // the same as view().active
  };
  using Lock = Guarded<State>::Lock;
  struct Ticket {
    MemtablePtr memtable;
    Seq first = 0;
    Lsn lsn = 0;
  };

  Status admit(Lock& state, std::size_t bytes, Durability durability);
  void pace(Lock& state, std::size_t bytes);
  void stalled(std::string_view reason, std::uint64_t nanos);
  Status make_room(Lock& state);
  Status freeze_active(Lock& state);
  Status next_segment(std::size_t payload_bytes);
  bool next_segment_is_due(const State& state) const;
  Status log_unlogged(Lock& state);
  Result<Ticket> reserve(Lock& state, std::string_view payload, std::uint32_t count,
                         Durability durability);
  void cut_dead_spans(std::string_view payload);
  void insert(const Ticket& ticket, std::string_view payload);
  Status sync_through(Lsn lsn, Seq write);
  void wal_failed(std::string_view during, const Status& status);
  static void mark_done(State& state, Seq last);
  void show_done(State& state);
  void show(std::span<const Seq> writes);
  void publish(Seq last);

  Context& context_;
  CurrentView& view_;
  WalSet& wals_;
  const Hooks hooks_;
  Guarded<State> state_;
  std::condition_variable changed_;
};

}  // namespace nacre::engine
