#include "engine/pacing.h"

#include <algorithm>

namespace nacre::engine {

namespace {

/// Level 0 is "too much" at this many times its trigger.
constexpr double kLevel0Stretch = 4;
/// So is the debt at this many times its soft limit.
constexpr double kDebtStretch = 4;
/// At load 1 a writer gets 4 MiB/s: slower than any disk that can run a store at all.
constexpr double kNanosPerKibAtFullLoad = 1e9 / 4096;

double ratio(std::uint64_t part, double whole) {
  return whole <= 0 ? 0 : static_cast<double>(part) / whole;
}

}  // namespace

std::uint64_t pace_nanos_per_kib(const Backlog& backlog) {
  const double flush =
      ratio(backlog.frozen_memtables, static_cast<double>(backlog.frozen_memtables_max));
  const double level0 =
      ratio(backlog.level0_tables, static_cast<double>(backlog.level0_trigger) * kLevel0Stretch);
  const double debt =
      ratio(backlog.debt_bytes, static_cast<double>(backlog.debt_bytes_soft) * kDebtStretch);
  const double load = std::min(std::max({flush, level0, debt}), 1.0);
  if (load <= 0.5) return 0;
  const double over = (load - 0.5) * 2;
  return static_cast<std::uint64_t>(over * over * kNanosPerKibAtFullLoad);
}

}  // namespace nacre::engine
