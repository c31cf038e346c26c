// ticks.h - a clock that costs a few nanoseconds to read: the processor's own counter.
//
// A call for the time costs 20 to 50 ns, which shows beside a put of 1,000. The counter of an x86
// processor costs less than half; on every processor of the last fifteen years it runs at one rate
// whatever the core does. Its rate is measured once against the system's clock. Elsewhere the
// system's clock is read.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace nacre::bench {

class Ticks {
 public:
  /// Measures the rate; takes a tenth of a second.
  Ticks() {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const std::uint64_t from = now();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::uint64_t to = now();
    const std::chrono::duration<double> passed = Clock::now() - start;
    per_second_ = static_cast<double>(to - from) / passed.count();
    nanos_per_tick_ = 1e9 / per_second_;
  }

  static std::uint64_t now() {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                      std::chrono::nanoseconds(1));
#endif
  }
  std::uint64_t per_second() const { return static_cast<std::uint64_t>(per_second_); }
  std::uint64_t nanos(std::uint64_t ticks) const {
    return static_cast<std::uint64_t>(static_cast<double>(ticks) * nanos_per_tick_);
  }

 private:
  double per_second_ = 0;
  double nanos_per_tick_ = 0;
};

}  // namespace nacre::bench
