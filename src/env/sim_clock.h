// sim_clock.h - time that passes only when somebody sleeps or a test says so.
//
// THREADS    any.
#pragma once

#include <atomic>
#include <cstdint>

#include "nacre/env.h"

namespace nacre {

class SimClock final : public Clock {
 public:
  /// 2020-01-01T00:00Z.
  static constexpr std::uint64_t kFirstWallMicros = 1'577'836'800'000'000;

  /// Monotonic time starts anew with each boot; wall time goes on.
  explicit SimClock(std::uint64_t wall_micros) { set_wall_micros(wall_micros); }

  std::uint64_t monotonic_nanos() override { return nanos_.load(std::memory_order_acquire); }
  std::uint64_t wall_micros() override {
    return wall_start_micros_.load(std::memory_order_acquire) + monotonic_nanos() / 1000;
  }
  /// Adds to the time. Nothing else happens: no task runs, no thread waits.
  void sleep_nanos(std::uint64_t nanos) override {
    nanos_.fetch_add(nanos, std::memory_order_acq_rel);
  }

  /// Lets the wall clock jump, as a correction by its administrator would.
  void set_wall_micros(std::uint64_t micros) {
    wall_start_micros_.store(micros - monotonic_nanos() / 1000, std::memory_order_release);
  }

 private:
  std::atomic<std::uint64_t> nanos_{1'000'000'000};
  std::atomic<std::uint64_t> wall_start_micros_{0};  // when monotonic time was 0
};

}  // namespace nacre
