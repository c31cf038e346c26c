// guarded.h - a value that can be reached only through its lock.
//
//   Guarded<State> state_;
//   auto state = state_.lock();            // State& while this lives
//   state.wait(changed, executor, [&] { return state->done; });
//
// A helper that needs the lock takes State&: what must be held is then a type, not a comment.
#pragma once

#include <condition_variable>
#include <mutex>

#include "nacre/env.h"

namespace nacre {

template <typename T>
class Guarded {
 public:
  class Lock {
   public:
    T& operator*() { return owner_->value_; }
    T* operator->() { return &owner_->value_; }

    /// Runs `work` without the lock.
    template <typename Work>
    void unlock_while(Work&& work) {
      lock_.unlock();
      work();
      lock_.lock();
    }

    /// Waits until `done` holds; it is asked under the lock. Runs background work meanwhile when
    /// the executor has no threads of its own.
    template <typename Predicate>
    void wait(std::condition_variable& changed, Executor& executor, Predicate&& done) {
      while (!done()) {
        bool ran = false;
        unlock_while([&] { ran = executor.run_next(); });
        if (ran || done()) continue;
        changed.wait(lock_);
      }
    }

   private:
    friend class Guarded;
    explicit Lock(Guarded* owner) : owner_(owner), lock_(owner->mutex_) {}
    Guarded* owner_;
    std::unique_lock<std::mutex> lock_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  Lock lock() { return Lock(this); }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace nacre
