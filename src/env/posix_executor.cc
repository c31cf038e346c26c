#include "env/posix_executor.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

namespace nacre {
namespace {

using MonotonicClock = std::chrono::steady_clock;

std::uint64_t now_nanos() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(MonotonicClock::now().time_since_epoch())
          .count());
}

void name_thread(Lane lane) {
  const char* const name = lane == Lane::kLog     ? "nacre-log"
                           : lane == Lane::kFlush ? "nacre-flush"
                                                  : "nacre-compact";
#if defined(__APPLE__)
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

// Compactions can wait; whoever reads and writes meanwhile should not. They keep a share of a
// crowded machine, a third of what another thread gets, so that the debt does not grow for ever.
void lower_priority() {
#if defined(__linux__)
  constexpr int kSteps = 5;
  errno = 0;
  const int nice = getpriority(PRIO_PROCESS, 0);  // of this thread alone, on Linux
  if (errno == 0) static_cast<void>(setpriority(PRIO_PROCESS, 0, std::min(nice + kSteps, 19)));
#endif
}

// All signals but those that a thread's own fault raises: blocking these would take the crash from
// the program's handler.
sigset_t background_signals() {
  sigset_t blocked;
  sigfillset(&blocked);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) {
    sigdelset(&blocked, fault);
  }
  return blocked;
}

}  // namespace

PosixExecutor::PosixExecutor(int compaction_threads) {
  crew(Lane::kLog).threads_max = 2;
  crew(Lane::kCompaction).threads_max = static_cast<std::size_t>(std::max(compaction_threads, 1));
}

PosixExecutor::~PosixExecutor() {
  std::vector<pthread_t> threads;
  {
    std::array<std::deque<Task>, kLaneCount> dropped;  // goes without the lock: tasks own things
    std::vector<Timer> dropped_timers;
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped_timers.swap(timers_);
    for (std::size_t i = 0; i < kLaneCount; ++i) {
      dropped[i].swap(crews_[i].tasks);
      threads.insert(threads.end(), crews_[i].threads.begin(), crews_[i].threads.end());
      crews_[i].changed.notify_all();
    }
  }
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

void PosixExecutor::submit(Lane lane, Task task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  enqueue(lane, std::move(task));
}

void PosixExecutor::submit_after(Lane lane, std::uint64_t nanos, Task task) {
  constexpr std::uint64_t kNever = INT64_MAX;
  const std::uint64_t now = now_nanos();
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  timers_.push_back(
      {nanos < kNever - now ? now + nanos : kNever, timers_made_++, lane, std::move(task)});
  std::push_heap(timers_.begin(), timers_.end(), later);
  start_thread(Lane::kLog);
  crew(Lane::kLog).changed.notify_one();
}

bool PosixExecutor::run_one() {
  Task task;
  {
    const std::lock_guard lock(mutex_);
    if (crew(Lane::kLog).threads.empty()) fire_timers();
    for (const Lane lane : {Lane::kLog, Lane::kFlush, Lane::kCompaction}) {
      if (!crew(lane).threads.empty()) continue;
      task = take(lane);
      if (task) break;
    }
  }
  if (!task) return false;
  task();
  return true;
}

std::size_t PosixExecutor::threads() const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const Crew& crew : crews_) sum += crew.threads.size();
  return sum;
}

void PosixExecutor::enqueue(Lane lane, Task task) {
  crew(lane).tasks.push_back(std::move(task));
  start_thread(lane);
  crew(lane).changed.notify_one();
  // A sleeping compaction thread helps when the flush thread is busy.
  if (lane == Lane::kFlush) crew(Lane::kCompaction).changed.notify_one();
}

void PosixExecutor::start_thread(Lane lane) {
  Crew& crew = this->crew(lane);
  if (crew.threads.size() >= crew.threads_max) return;
  auto start = std::make_unique<Start>(Start{this, lane});
  const sigset_t blocked = background_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);  // a thread starts with the mask of its maker
  pthread_t thread;
  const bool started = pthread_create(&thread, nullptr, thread_main, start.get()) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) return;
  static_cast<void>(start.release());  // the thread's own
  crew.threads.push_back(thread);
}

void* PosixExecutor::thread_main(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  name_thread(start->lane);
  if (start->lane == Lane::kCompaction) lower_priority();
  start->executor->run_crew(start->lane);
  return nullptr;
}

void PosixExecutor::run_crew(Lane lane) {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (lane == Lane::kLog) fire_timers();
    Task task = take(lane);
    if (!task) {
      wait_for_work(lane, lock);
      continue;
    }
    lock.unlock();
    task();
    task = nullptr;  // what it holds may take locks as it goes
    lock.lock();
  }
}

PosixExecutor::Task PosixExecutor::take(Lane lane) {
  std::deque<Task>* tasks = &crew(lane).tasks;
  if (lane == Lane::kCompaction && !crew(Lane::kFlush).tasks.empty()) {
    tasks = &crew(Lane::kFlush).tasks;
  }
  if (tasks->empty()) return nullptr;
  Task task = std::move(tasks->front());
  tasks->pop_front();
  return task;
}

void PosixExecutor::wait_for_work(Lane lane, std::unique_lock<std::mutex>& lock) {
  if (lane == Lane::kLog && !timers_.empty()) {
    const auto due = std::chrono::nanoseconds(static_cast<std::int64_t>(timers_.front().due));
    crew(lane).changed.wait_until(lock, MonotonicClock::time_point(due));
  } else {
    crew(lane).changed.wait(lock);
  }
}

void PosixExecutor::fire_timers() {
  const std::uint64_t now = timers_.empty() ? 0 : now_nanos();
  while (!timers_.empty() && timers_.front().due <= now) {
    std::pop_heap(timers_.begin(), timers_.end(), later);
    Timer timer = std::move(timers_.back());
    timers_.pop_back();
    enqueue(timer.lane, std::move(timer.task));
  }
}

bool PosixExecutor::later(const Timer& a, const Timer& b) {
  return a.due != b.due ? a.due > b.due : a.order > b.order;
}

}  // namespace nacre
