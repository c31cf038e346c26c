// posix_executor.h - background work on real threads: a crew of threads per lane.
//
//   crew          threads   takes
//   nacre-log     2         kLog tasks; keep the timers
//   nacre-flush   1         kFlush tasks
//   nacre-compact k         kFlush tasks when any are queued, else kCompaction tasks
//
// So a flush never waits behind a compaction: one thread does nothing but flushes, and the
// compaction threads help before they begin something long. Log tasks are short but for syncs:
// while one thread is in a sync, the other goes on preparing log space, which writers wait for. A
// timer can be late by the log tasks under way.
//
// Compaction threads run at a lower priority (five steps of nice, on Linux): whoever reads and
// writes goes first, while a third of a thread's share keeps the debt from growing for ever.
//
// Threads start with the first task that needs them: one that only reads a small store has none.
// They block signals (but for their own faults), so that those of the program reach its own
// threads. When the system refuses a thread, the tasks of a lane without any are run by run_one()
// until a later submit gets one.
//
// THREADS    any. Tasks may submit tasks.
// LIFETIME   the destructor waits for the tasks that are running and drops those that are queued.
//            After fork() the child has no threads and must not use the executor.
#pragma once

#include <pthread.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "nacre/env.h"

namespace nacre {

class PosixExecutor : public Executor {
 public:
  explicit PosixExecutor(int compaction_threads);
  ~PosixExecutor() override;
  PosixExecutor(const PosixExecutor&) = delete;
  PosixExecutor& operator=(const PosixExecutor&) = delete;

  void submit(Lane lane, Task task) override;
  void submit_after(Lane lane, std::uint64_t nanos, Task task) override;
  bool run_one() override;
  /// How many threads are running now.
  std::size_t threads() const;

 private:
  static constexpr std::size_t kLaneCount = 3;

  // The threads of a lane and its queued tasks.
  struct Crew {
    std::size_t threads_max = 1;
    std::vector<pthread_t> threads;
    std::deque<Task> tasks;
    std::condition_variable changed;
  };
  struct Timer {
    std::uint64_t due;    // nanoseconds of the monotonic clock
    std::uint64_t order;  // first submitted, first run
    Lane lane;
    Task task;
  };
  struct Start {
    PosixExecutor* executor;
    Lane lane;
  };

  static void* thread_main(void* start);
  static bool later(const Timer& a, const Timer& b);

  Crew& crew(Lane lane) { return crews_[static_cast<std::size_t>(lane)]; }
  void run_crew(Lane lane);
  // All below: with the lock held.
  void enqueue(Lane lane, Task task);
  void start_thread(Lane lane);
  // A task that the crew of `lane` may run, or nothing.
  Task take(Lane lane);
  void wait_for_work(Lane lane, std::unique_lock<std::mutex>& lock);
  // Moves timers that are due to their lanes.
  void fire_timers();

  mutable std::mutex mutex_;
  std::array<Crew, kLaneCount> crews_;
  std::vector<Timer> timers_;  // a heap, the next one to fire in front
  std::uint64_t timers_made_ = 0;
  bool stopping_ = false;
};

}  // namespace nacre
