#include "mem/memtable_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "base/hash.h"

namespace nacre {
namespace {

constexpr std::uint64_t kSalt = 0x1F83D9ABFB41BD6B;

struct FilterWorld {
  MemoryBudget budget{std::uint64_t{1} << 40};
  PagePool pages;
  Arena arena{budget, pages, MemoryUse::kMemtable};
  MemtableFilter filter{arena};
};

TEST(MemtableFilter, AnEmptyOneContainsNothingAndHoldsNothing) {
  FilterWorld world;
  for (std::uint64_t i = 0; i < 100; ++i)
    EXPECT_FALSE(world.filter.may_contain(mix_seed(kSalt, i)));
  EXPECT_EQ(world.arena.bytes(), 0U);
}

TEST(MemtableFilter, ForgetsNothingWhileItGrowsAndSeldomErrs) {
  FilterWorld world;
  std::uint64_t next_check = 1;
  for (std::uint64_t added = 1; added <= 400'000; ++added) {  // into the fifth generation
    world.filter.add(mix_seed(kSalt, added));
    ASSERT_TRUE(world.filter.may_contain(mix_seed(kSalt, added)));
    if (added != next_check && added != 400'000) continue;
    next_check *= 3;
    for (std::uint64_t i = 1; i <= added; ++i) {
      ASSERT_TRUE(world.filter.may_contain(mix_seed(kSalt, i))) << i << " of " << added;
    }
    int wrong = 0;
    for (std::uint64_t i = 0; i < 20'000; ++i)
      wrong += world.filter.may_contain(mix_seed(~kSalt, i));
    EXPECT_LT(wrong, 400) << "more than 2% at " << added << " keys";
  }
  EXPECT_LT(world.arena.bytes(), 4U << 20);
}

TEST(MemtableFilter, TheSameKeysAgainDoNotFillIt) {
  FilterWorld world;
  for (int round = 0; round < 100; ++round) {
    for (std::uint64_t i = 0; i < 500; ++i) world.filter.add(mix_seed(kSalt, i));
  }
  EXPECT_LE(world.arena.bytes(), 4096U);
}

TEST(MemtableFilter, ThreadsFindWhatTheyAdded) {
  FilterWorld world;
  std::vector<std::thread> threads;
  std::atomic<int> lost{0};
  for (std::uint64_t t = 0; t < 8; ++t) {
    threads.emplace_back([&world, &lost, t] {
      for (std::uint64_t i = 0; i < 5'000; ++i) {
        world.filter.add(mix_seed(t, i));
        if (!world.filter.may_contain(mix_seed(t, i))) ++lost;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::uint64_t t = 0; t < 8; ++t) {
    for (std::uint64_t i = 0; i < 5'000; ++i) {
      if (!world.filter.may_contain(mix_seed(t, i))) ++lost;
    }
  }
  EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace nacre
