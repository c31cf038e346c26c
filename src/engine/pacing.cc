#include "engine/pacing.h"

#include <algorithm>

#include "engine/settings.h"

namespace nacre::engine {

namespace {

/// A compaction debt that slows nobody down: this many memtables' worth of rewriting.
constexpr std::uint64_t kSoftDebtMemtables = 64;
/// Level 0 is fine up to its trigger, where its compaction starts, and "too much" at this many
/// times that.
constexpr double kLevel0Stretch = 4;
/// The debt is "too much" at this many times its soft limit, and fine up to half of it.
constexpr double kDebtStretch = 4;
/// At load 1 a writer gets 4 MiB/s: slower than any disk that can run a store at all.
constexpr double kNanosPerKibAtFullLoad = 1e9 / 4096;

/// What of `part` lies beyond a half, on a scale from 0 to 1.
double beyond_half(double part) { return std::max(part - 0.5, 0.0) * 2; }

double ratio(std::uint64_t part, double whole) {
  return whole <= 0 ? 0 : static_cast<double>(part) / whole;
}

}  // namespace

Backlog backlog_of(const View& view, const Settings& settings) {
  return {.frozen_memtables = view.frozen.size(),
          .frozen_memtables_max = settings.frozen_memtables_max,
          .level0_tables = view.version->table_count(0),
          .level0_trigger = settings.options.level0_tables,
          .debt_bytes = debt_bytes(*view.version, picker_options(settings)),
          .debt_bytes_soft = settings.memtable_bytes * kSoftDebtMemtables};
}

std::uint64_t pace_nanos_per_kib(const Backlog& backlog) {
  const double flush = beyond_half(
      ratio(backlog.frozen_memtables, static_cast<double>(backlog.frozen_memtables_max)));
  const double debt = beyond_half(
      ratio(backlog.debt_bytes, static_cast<double>(backlog.debt_bytes_soft) * kDebtStretch));
  const std::uint64_t above =
      backlog.level0_tables - std::min(backlog.level0_tables, backlog.level0_trigger);
  const double level0 =
      ratio(above, static_cast<double>(backlog.level0_trigger) * (kLevel0Stretch - 1));
  const double load = std::min(std::max({flush, level0, debt}), 1.0);
  return static_cast<std::uint64_t>(load * load * kNanosPerKibAtFullLoad);
}

}  // namespace nacre::engine
