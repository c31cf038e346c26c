#include "env/sim_executor.h"

#include <vector>

namespace nacre {

SimExecutor::SimExecutor(Clock& clock, std::optional<std::uint64_t> order_seed) : clock_(clock) {
  if (order_seed.has_value()) random_.emplace(*order_seed);
}

void SimExecutor::submit(Lane lane, Task task) {
  const std::lock_guard guard(mutex_);
  lanes_[static_cast<std::size_t>(lane)].push_back(std::move(task));
}

void SimExecutor::submit_after(Lane lane, std::uint64_t nanos, Task task) {
  const std::lock_guard guard(mutex_);
  timers_.emplace(std::pair(clock_.monotonic_nanos() + nanos, timer_count_++),
                  Timer{lane, std::move(task)});
}

void SimExecutor::queue_due_timers() {
  const std::uint64_t now = clock_.monotonic_nanos();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    Timer timer = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    lanes_[static_cast<std::size_t>(timer.lane)].push_back(std::move(timer.task));
  }
}

std::optional<std::size_t> SimExecutor::choose_lane() {
  std::vector<std::size_t> filled;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    if (!lanes_[lane].empty()) filled.push_back(lane);
  }
  if (filled.empty()) return std::nullopt;
  return filled[random_.has_value() ? random_->below(filled.size()) : 0];
}

bool SimExecutor::run_one() {
  Task task;
  {
    const std::lock_guard guard(mutex_);
    queue_due_timers();
    const std::optional<std::size_t> lane = choose_lane();
    if (!lane.has_value()) return false;
    task = std::move(lanes_[*lane].front());
    lanes_[*lane].pop_front();
  }
  task();
  return true;
}

std::uint64_t SimExecutor::run_all() {
  std::uint64_t count = 0;
  while (run_one()) ++count;
  return count;
}

bool SimExecutor::advance_to_next_timer() {
  const std::lock_guard guard(mutex_);
  if (timers_.empty()) return false;
  const std::uint64_t due = timers_.begin()->first.first;
  const std::uint64_t now = clock_.monotonic_nanos();
  if (due > now) clock_.sleep_nanos(due - now);
  return true;
}

std::size_t SimExecutor::waiting() const {
  const std::lock_guard guard(mutex_);
  std::size_t count = timers_.size();
  for (const std::deque<Task>& lane : lanes_) count += lane.size();
  return count;
}

}  // namespace nacre
