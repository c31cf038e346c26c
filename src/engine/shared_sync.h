// shared_sync.h - one sync for all who wait for it.
//
// Whoever comes first leads: it syncs, and serves those whose writes the sync has covered. Who
// comes meanwhile waits, and is woken once: served, or to lead the next sync. The next leader is
// woken first, so that the device is idle for no longer than it takes one thread to wake up; the
// served have been shown to readers when they wake, and take no lock any more.
//
//   leader    | sync ............ | wake next, show, wake served |
//   waiting   + + +                 + + |  sync ................ |
//
// THREADS    any.
// INVARIANT  one sync at a time. After a failed one, or stop(), none begins before restart().
//            (W4) what was not synced before a stop() is never reported as synced after it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/guarded.h"
#include "base/ids.h"
#include "nacre/env.h"
#include "nacre/result.h"

namespace nacre::engine {

/// A position in the wal, counted through all segments of this run.
using Lsn = std::uint64_t;

class SharedSync {
 public:
  /// Puts all there is on stable storage, and says up to where that was.
  using Sync = std::function<Result<Lsn>()>;
  /// Told of writes (their last seqs) that are on stable storage now, before they are woken.
  using Show = std::function<void(std::span<const Seq>)>;

  SharedSync(Executor& executor, Sync sync) : executor_(executor), sync_(std::move(sync)) {}

  /// Before the first through() with a `write`.
  void set_show(Show show) { show_ = std::move(show); }

  /// Returns once everything up to `lsn` is on stable storage, or can't get there. `write` is shown
  /// then; 0 for none.
  Status through(Lsn lsn, Seq write);

  /// Everything before it is on stable storage.
  Lsn synced() { return state_.lock()->synced; }
  /// The log is given up at `end`: what of it is not synced by now never will be. Returns with no
  /// sync under way. Every call fails until restart(), those for given up positions for ever; with
  /// `why` unless a sync failed before.
  void stop(const Status& why, Lsn end);
  /// After stop(): there is a log again, from its `end` on.
  void restart();
  /// Whether `lsn` was given up: that its sync fails tells nothing of the log that there is now.
  bool given_up(Lsn lsn) { return find_loss(*state_.lock(), lsn) != nullptr; }

  /// How many wait for a sync that another thread does.
  std::size_t waiting() { return state_.lock()->waiting.size(); }

 private:
  enum class Turn : int { kWaits, kLeads, kServed };  // of an int: what a thread can wait for
  /// Shared with the leader, which may still be waking a thread that has gone on. The thread runs
  /// no background work while it waits: it may be the one to lead, and that work may wait for a
  /// sync.
  struct Waiter {
    Waiter(Lsn lsn_in, Seq write_in) : lsn(lsn_in), write(write_in) {}
    void set(Turn next, const Status& outcome);

    const Lsn lsn;
    const Seq write;
    Status status;  // of the one that was served; before turn
    std::atomic<Turn> turn{Turn::kWaits};
  };
  using WaiterPtr = std::shared_ptr<Waiter>;
  struct Loss {
    Lsn from;  // the first position that is safe
    Lsn end;
    Status why;
  };
  struct State {
    Lsn synced = 0;
    bool running = false;  // somebody leads, or was told to
    Status failure;
    std::vector<WaiterPtr> waiting;  // in the order they came
    std::vector<Loss> losses;        // of each stop()
  };

  static const Loss* find_loss(const State& state, Lsn lsn);
  Status lead(Seq write);
  void show(Seq write, const std::vector<WaiterPtr>& served) const;

  Executor& executor_;
  const Sync sync_;
  Show show_;
  Guarded<State> state_;
  std::condition_variable quiet_;  // nobody leads
};

}  // namespace nacre::engine
