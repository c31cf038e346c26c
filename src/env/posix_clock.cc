#include "env/posix_clock.h"

#include <cerrno>
#include <ctime>

namespace nacre {
namespace {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

// Both clocks are read without entering the kernel: some 20 ns.
std::uint64_t nanos_of(clockid_t clock) {
  timespec now = {};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

std::uint64_t PosixClock::monotonic_nanos() { return nanos_of(CLOCK_MONOTONIC); }

std::uint64_t PosixClock::wall_micros() { return nanos_of(CLOCK_REALTIME) / 1000; }

void PosixClock::sleep_nanos(std::uint64_t nanos) {
  timespec rest = {};
  rest.tv_sec = static_cast<std::time_t>(nanos / kNanosPerSecond);
  rest.tv_nsec = static_cast<long>(nanos % kNanosPerSecond);
  while (::nanosleep(&rest, &rest) != 0 && errno == EINTR) {
  }
}

}  // namespace nacre
