// posix_clock.h - the clocks of the operating system.
//
// THREADS    any.
#pragma once

#include "nacre/env.h"

namespace nacre {

class PosixClock : public Clock {
 public:
  std::uint64_t monotonic_nanos() override;
  std::uint64_t wall_micros() override;
  /// At least that long, whatever signals arrive.
  void sleep_nanos(std::uint64_t nanos) override;
};

}  // namespace nacre
