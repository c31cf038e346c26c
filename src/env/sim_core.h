// sim_core.h - the state of a simulated disk behind its lock, and the hook that sees every change
// coming.
//
// THREADS    any. The hook runs on the thread that is about to change something, without the lock,
//            so that it may take a crash image; several threads may be inside it at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "env/sim_state.h"

namespace nacre {

class SimCore {
 public:
  using Hook = std::function<void()>;

  explicit SimCore(SimState state) : state_(std::move(state)) {}

  /// Announces a change to what a crash would leave, then makes it under the lock.
  template <typename Change>
  auto mutate(Change&& change) {
    announce();
    const std::lock_guard guard(mutex_);
    return change(state_);
  }

  /// Looks at the state, or changes what no crash image can show.
  template <typename Access>
  auto access(Access&& access) {
    const std::lock_guard guard(mutex_);
    return access(state_);
  }
  template <typename Access>
  auto access(Access&& access) const {
    const std::lock_guard guard(mutex_);
    return access(state_);
  }

  void set_hook(Hook hook) {
    auto shared = hook ? std::make_shared<const Hook>(std::move(hook)) : nullptr;
    const std::lock_guard guard(mutex_);
    hook_ = std::move(shared);
  }
  std::uint64_t mutations() const { return mutations_.load(std::memory_order_relaxed); }

 private:
  void announce() {
    mutations_.fetch_add(1, std::memory_order_relaxed);
    std::shared_ptr<const Hook> hook;
    {
      const std::lock_guard guard(mutex_);
      hook = hook_;
    }
    if (hook != nullptr) (*hook)();
  }

  mutable std::mutex mutex_;
  SimState state_;
  std::shared_ptr<const Hook> hook_;
  std::atomic<std::uint64_t> mutations_{0};
};

}  // namespace nacre
