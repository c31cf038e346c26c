// The curve by which writers are slowed down.

#include "engine/pacing.h"

#include <gtest/gtest.h>

#include <vector>

namespace nacre::engine {
namespace {

/// 4 MiB/s, where every part of the load ends.
constexpr std::uint64_t kFullNanos = 244'140;

/// One part of the load grows from nothing to twice "too much", in so many steps.
struct Growth {
  const char* name;
  std::uint64_t full;  // where this part of the load is 1
  std::uint64_t fine;  // up to where it is 0
  Backlog (*at)(std::uint64_t amount);
};

constexpr std::uint64_t kMany = 64;  // frozen memtables or level 0 tables, for a fine scale

const Growth kGrowths[] = {
    {"flush", kMany, kMany / 2,
     [](std::uint64_t n) { return Backlog{.frozen_memtables = n, .frozen_memtables_max = kMany}; }},
    {"level 0", 4 * kMany, kMany,
     [](std::uint64_t n) { return Backlog{.level0_tables = n, .level0_trigger = kMany}; }},
    {"debt", 4 << 20, 2 << 20,
     [](std::uint64_t n) { return Backlog{.debt_bytes = n, .debt_bytes_soft = 1 << 20}; }},
};

TEST(PacingTest, NothingIsPacedWhileTheBacklogIsFine) {
  EXPECT_EQ(pace_nanos_per_kib({}), 0U);
  for (const Growth& growth : kGrowths) {
    EXPECT_EQ(pace_nanos_per_kib(growth.at(0)), 0U) << growth.name;
    EXPECT_EQ(pace_nanos_per_kib(growth.at(growth.fine / 2)), 0U) << growth.name;
    EXPECT_EQ(pace_nanos_per_kib(growth.at(growth.fine)), 0U) << growth.name;
    EXPECT_GT(pace_nanos_per_kib(growth.at(growth.fine + growth.full / 64)), 0U) << growth.name;
  }
}

TEST(PacingTest, GrowsWithTheLoadAndEndsAtAFloorOfSpeed) {
  for (const Growth& growth : kGrowths) {
    std::uint64_t before = 0;
    for (std::uint64_t step = 0; step <= 256; ++step) {
      const std::uint64_t nanos = pace_nanos_per_kib(growth.at(growth.full * step / 128));
      EXPECT_GE(nanos, before) << growth.name << ", step " << step;
      before = nanos;
    }
    EXPECT_EQ(pace_nanos_per_kib(growth.at(growth.full)), kFullNanos) << growth.name;
    EXPECT_EQ(before, kFullNanos) << growth.name << ": no slower beyond full load";
  }
}

TEST(PacingTest, HasNoSteps) {
  const Growth& debt = kGrowths[2];  // bytes: as fine as one likes
  constexpr std::uint64_t kSteps = 4096;
  std::uint64_t before = 0;
  for (std::uint64_t step = 0; step <= 2 * kSteps; ++step) {
    const std::uint64_t nanos = pace_nanos_per_kib(debt.at(debt.full * step / kSteps));
    // The steepest part of a parabola over half the range: a slope of 4 over all of it.
    EXPECT_LE(nanos - before, 4 * kFullNanos / kSteps + 1) << "step " << step;
    before = nanos;
  }
}

TEST(PacingTest, TheWorstPartDecides) {
  const Backlog flush = kGrowths[0].at(kMany * 3 / 4);
  Backlog all = flush;
  all.level0_tables = 1;
  all.level0_trigger = kMany;
  all.debt_bytes = 1;
  all.debt_bytes_soft = 1 << 20;
  EXPECT_EQ(pace_nanos_per_kib(all), pace_nanos_per_kib(flush));
  all.level0_tables = 4 * kMany;
  EXPECT_EQ(pace_nanos_per_kib(all), kFullNanos);
}

TEST(PacingTest, LimitsOfZeroAreNoLoad) {
  EXPECT_EQ(pace_nanos_per_kib({.frozen_memtables = 5, .level0_tables = 5, .debt_bytes = 5}), 0U);
}

}  // namespace
}  // namespace nacre::engine
