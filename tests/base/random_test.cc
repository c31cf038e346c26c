#include "base/random.h"

#include <gtest/gtest.h>

#include <array>

namespace nacre {
namespace {

TEST(Random, TheSameSeedGivesTheSameNumbersForEver) {
  // Failing seeds are written down in tests and reports: the row must never change.
  Random random(1);
  EXPECT_EQ(random.next(), 0xB3F2AF6D0FC710C5ULL);
  EXPECT_EQ(random.next(), 0x853B559647364CEAULL);
  EXPECT_EQ(random.next(), 0x92F89756082A4514ULL);
}

TEST(Random, SeedsDiffer) {
  EXPECT_NE(Random(0).next(), Random(1).next());
  EXPECT_NE(Random(0).next(), 0U);
}

TEST(Random, BelowReachesEveryNumberAboutAsOften) {
  Random random(7);
  std::array<int, 10> seen{};
  for (int i = 0; i < 100'000; ++i) ++seen.at(random.below(10));
  for (const int times : seen) {
    EXPECT_GT(times, 9'500);
    EXPECT_LT(times, 10'500);
  }
}

TEST(Random, BelowIsFairNearTheTop) {
  // A remainder of 64 bits would give the lower half of this range twice as often.
  constexpr std::uint64_t n = (std::uint64_t{1} << 63) + (std::uint64_t{1} << 62);
  Random random(7);
  int low = 0;
  for (int i = 0; i < 30'000; ++i) low += random.below(n) < n / 3 ? 1 : 0;
  EXPECT_GT(low, 9'500);
  EXPECT_LT(low, 10'500);
}

TEST(Random, OneInIsRight) {
  Random random(7);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += random.one_in(20) ? 1 : 0;
  EXPECT_GT(hits, 4'500);
  EXPECT_LT(hits, 5'500);
  EXPECT_TRUE(random.one_in(1));
}

}  // namespace
}  // namespace nacre
