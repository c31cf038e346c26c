// sim_executor.h - background work without threads: a task runs when somebody calls run_one().
//
// Tasks of a lane start in the order in which they became due. Between lanes the more urgent one
// goes first; or, with a seed, any lane that has a task, so that many seeds show many orders.
//
// THREADS    any; a task runs on the thread that called run_one(), without the executor's lock.
// OWNS       tasks that never ran are destroyed with it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/random.h"
#include "nacre/env.h"

namespace nacre {

class SimExecutor final : public Executor {
 public:
  explicit SimExecutor(Clock& clock, std::optional<std::uint64_t> order_seed = std::nullopt);

  void submit(Lane lane, Task task) override;
  void submit_after(Lane lane, std::uint64_t nanos, Task task) override;
  bool run_one() override;
  bool run_next() override { return run_one() || (advance_to_next_timer() && run_one()); }

  /// Runs tasks until none is due, new ones included. Returns how many ran.
  std::uint64_t run_all();
  /// When a task waits for its time: moves the clock there (not back) and returns true. Runs
  /// nothing.
  bool advance_to_next_timer();
  /// Tasks that are due or wait for their time.
  std::size_t waiting() const;

 private:
  static constexpr std::size_t kLanes = 3;
  struct Timer {
    Lane lane;
    Task task;
  };
  void queue_due_timers();
  std::optional<std::size_t> choose_lane();

  Clock& clock_;
  mutable std::mutex mutex_;
  std::array<std::deque<Task>, kLanes> lanes_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Timer> timers_;  // by due time, then by order
  std::uint64_t timer_count_ = 0;
  std::optional<Random> random_;
};

}  // namespace nacre
