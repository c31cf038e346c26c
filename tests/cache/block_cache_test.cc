#include "cache/block_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "cache/cache_world.h"
#include "cache/page_layout.h"

namespace nacre {
namespace {

using test::block_is;
using test::CacheWorld;
using test::count_resident;
using test::resident;

constexpr std::uint64_t kFramesPerPage = 496;  // of blocks of 4,096

TEST(BlockCache, TakesNoMemoryBeforeTheFirstBlock) {
  CacheWorld world(16 << 20);
  const auto slots = world.slots(10);
  EXPECT_EQ(world.used(), 0u);
  EXPECT_EQ(world.budget.used(MemoryUse::kTable), 80u);
}

TEST(BlockCache, BlocksAreFoundWithTheirBytes) {
  CacheWorld world(16 << 20);
  const auto slots = world.slots(100);
  for (std::uint32_t i = 0; i < 100; ++i) {
    EXPECT_FALSE(resident(*slots, i));
    EXPECT_FALSE(slots->pin(i));
    const std::size_t size = 100 + 1000 * i;  // in pages and outside
    const BlockPin pin = world.insert(*slots, i, size);
    ASSERT_EQ(pin.size(), size);
    ASSERT_TRUE(block_is(pin.data(), size, 0, i));
  }
  for (std::uint32_t i = 0; i < 100; ++i) {
    const EpochGuard guard;
    const char* data = slots->find(i);
    ASSERT_NE(data, nullptr) << i;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % kFrameAlignment, 0u);
    const BlockPin pin = slots->pin(i);
    EXPECT_EQ(pin.data(), data);
    EXPECT_TRUE(block_is(data, pin.size(), 0, i));
  }
  EXPECT_EQ(world.cache->stats().insertions, 100u);
  EXPECT_EQ(world.cache->stats().resident_blocks, 100u);
  EXPECT_EQ(world.cache->stats().evictions, 0u);
}

TEST(BlockCache, SecondInsertYieldsTheFirstBlock) {
  CacheWorld world(16 << 20);
  const auto slots = world.slots(1);
  const BlockPin first = world.insert(*slots, 0, 5000);
  const BlockPin second = world.insert(*slots, 0, 5000);
  EXPECT_EQ(first.data(), second.data());
  EXPECT_EQ(world.cache->stats().insertions, 1u);
}

TEST(BlockCache, BufferThatIsNotInsertedIsFreed) {
  CacheWorld world(16 << 20);
  {
    const FrameBuffer small = world.cache->allocate(4096);
    const FrameBuffer large = world.cache->allocate(1 << 20);
    EXPECT_EQ(world.used(), kPageBytes + (1 << 20) + sizeof(ExternalHeader));
  }
  EXPECT_EQ(world.used(), 0u);
}

TEST(BlockCache, SlotsGiveAllBack) {
  CacheWorld world(32 << 20);
  {
    const auto a = world.slots(3000);
    const auto b = world.slots(3000);
    for (std::uint32_t i = 0; i < 3000; ++i) world.insert(i % 2 == 0 ? *a : *b, i, 4096);
    world.insert(*a, 1, 1 << 20);
    EXPECT_GT(world.used(), std::uint64_t{12} << 20);
  }
  EXPECT_EQ(world.cache->stats().resident_blocks, 0u);
  EXPECT_EQ(world.cache->stats().resident_bytes, 0u);
  EXPECT_EQ(world.budget.used(), 0u);
}

TEST(BlockCache, StaysWithinTheLimitWhileBlocksPassThrough) {
  constexpr std::uint64_t kLimit = 8 << 20;
  CacheWorld world(kLimit);
  const auto slots = world.slots(10'000);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    world.insert(*slots, i, 3500 + i % 700);  // several classes
    ASSERT_LE(world.budget.used(), kLimit) << i;
  }
  const CacheStats stats = world.cache->stats();
  EXPECT_EQ(stats.insertions, 10'000u);
  EXPECT_EQ(stats.insertions - stats.evictions, stats.resident_blocks);
  EXPECT_GT(stats.resident_bytes * 10, stats.page_bytes * 7) << "most memory holds blocks";
  EXPECT_EQ(count_resident(*slots, 0, 10'000), stats.resident_blocks);
}

TEST(BlockCache, HotBlocksSurviveALongScan) {
  CacheWorld world((8 << 20) + (1 << 20));
  constexpr std::uint32_t kHot = 4 * kFramesPerPage * 8 / 10;
  const auto hot = world.slots(kHot);
  const auto scanned = world.slots(40'000);
  for (std::uint32_t i = 0; i < kHot; ++i) world.insert(*hot, i, 4096);
  EXPECT_EQ(count_resident(*hot, 0, kHot), kHot);
  for (std::uint32_t i = 0; i < 40'000; ++i) world.insert(*scanned, i, 4096);
  EXPECT_GE(count_resident(*hot, 0, kHot), kHot * 95 / 100);
}

TEST(BlockCache, NewHotBlocksReplaceOldOnes) {
  CacheWorld world((8 << 20) + (1 << 20));
  constexpr std::uint32_t kBlocks = 4 * kFramesPerPage * 6 / 10;
  const auto old = world.slots(kBlocks);
  const auto fresh = world.slots(kBlocks);
  for (std::uint32_t i = 0; i < kBlocks; ++i) world.insert(*old, i, 4096);
  EXPECT_EQ(count_resident(*old, 0, kBlocks), kBlocks);
  for (int round = 0; round < 10; ++round) {
    for (std::uint32_t i = 0; i < kBlocks; ++i) {
      if (!resident(*fresh, i)) world.insert(*fresh, i, 4096);
    }
  }
  EXPECT_GE(count_resident(*fresh, 0, kBlocks), kBlocks * 9 / 10);
}

TEST(BlockCache, MemoryMovesToTheSizeInDemand) {
  CacheWorld world((8 << 20) + (1 << 20));
  const auto small = world.slots(1500);
  const auto large = world.slots(300);
  for (int turn = 0; turn < 3; ++turn) {
    for (int round = 0; round < 8; ++round) {
      for (std::uint32_t i = 0; i < 1500; ++i) {
        if (!resident(*small, i)) world.insert(*small, i, 4096);
      }
    }
    EXPECT_GE(count_resident(*small, 0, 1500), 1400u);
    for (int round = 0; round < 8; ++round) {
      for (std::uint32_t i = 0; i < 300; ++i) {
        if (!resident(*large, i)) world.insert(*large, i, 20'000);
      }
    }
    EXPECT_GE(count_resident(*large, 0, 300), 270u);
  }
}

TEST(BlockCache, RareSizesNeedNoPageEach) {
  constexpr std::uint64_t kLimit = (4 << 20) + (64 << 10);
  CacheWorld world(kLimit);  // two pages, far more sizes
  const auto slots = world.slots(5000);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const std::size_t size = i % 10 == 0 ? 2048 + (i / 10 % 30) * 1000 : 4096;
    world.insert(*slots, i, size);
    ASSERT_LE(world.budget.used(), kLimit) << i;
  }
  EXPECT_GT(count_resident(*slots, 4000, 5000), 200u);
}

TEST(BlockCache, LargeBlocksShareTheLimit) {
  constexpr std::uint64_t kLimit = 16 << 20;
  CacheWorld world(kLimit);
  const auto slots = world.slots(8000);
  for (std::uint32_t i = 0; i < 8000; ++i) {
    world.insert(*slots, i, i % 20 == 0 ? 300'000 : 4096);
    ASSERT_LE(world.budget.used(), kLimit) << i;
  }
  const CacheStats stats = world.cache->stats();
  EXPECT_GT(stats.external_bytes, std::uint64_t{1} << 20);
  EXPECT_GT(stats.page_bytes, std::uint64_t{2} << 20);
}

TEST(BlockCache, GivesPagesBackWhenOthersNeedMemory) {
  constexpr std::uint64_t kLimit = (16 << 20) + (64 << 10);  // the slots take some
  CacheWorld world(kLimit);
  const auto slots = world.slots(5000);
  for (std::uint32_t i = 0; i < 5000; ++i) world.insert(*slots, i, 4096);
  EXPECT_EQ(world.used(), std::uint64_t{16} << 20);
  for (int i = 0; i < 12; ++i) {
    world.budget.charge(MemoryUse::kMemtable, 1 << 20);
    ASSERT_LE(world.budget.used(), kLimit);
  }
  EXPECT_EQ(world.used(), std::uint64_t{4} << 20);
  EXPECT_GT(world.cache->stats().resident_blocks, kFramesPerPage);
  world.budget.release(MemoryUse::kMemtable, 12 << 20);
}

TEST(BlockCache, ColdPagesGoFirst) {
  CacheWorld world(16 << 20);
  const auto hot = world.slots(kFramesPerPage);
  const auto cold = world.slots(4000);
  for (std::uint32_t i = 0; i < 1000; ++i) world.insert(*cold, i, 4096);
  for (std::uint32_t i = 0; i < kFramesPerPage; ++i) world.insert(*hot, i, 4096);
  EXPECT_EQ(count_resident(*hot, 0, kFramesPerPage), kFramesPerPage);
  for (std::uint32_t i = 1000; i < 4000; ++i) world.insert(*cold, i, 4096);  // promotes the hot
  world.cache->evict(10 << 20);
  EXPECT_LE(world.used(), std::uint64_t{6} << 20);
  EXPECT_GE(count_resident(*hot, 0, kFramesPerPage), kFramesPerPage * 9 / 10);
}

TEST(BlockCache, ReadersDelayTheReturnOfMemory) {
  CacheWorld world(4 << 20);
  const auto slots = world.slots(10);
  world.insert(*slots, 3, 4096);
  {
    const EpochGuard guard;
    const char* data = slots->find(3);
    world.cache->evict(4 << 20);
    EXPECT_EQ(slots->find(3), nullptr);
    EXPECT_TRUE(block_is(data, 4096, 0, 3)) << "still there for whoever found it before";
    EXPECT_EQ(world.used(), kPageBytes) << "and charged";
  }
  epoch_collect();
  EXPECT_EQ(world.used(), 0u);
}

TEST(BlockCache, PinnedBlockStaysAndItsPageReturnsWithThePin) {
  CacheWorld world(16 << 20);
  const auto slots = world.slots(100);
  BlockPin pin = world.insert(*slots, 7, 4096);
  for (std::uint32_t i = 10; i < 100; ++i) world.insert(*slots, i, 4096);
  world.cache->evict(16 << 20);
  EXPECT_FALSE(resident(*slots, 20));
  EXPECT_TRUE(block_is(pin.data(), pin.size(), 0, 7));
  EXPECT_EQ(world.used(), kPageBytes);
  pin.reset();
  EXPECT_EQ(world.used(), 0u);
}

TEST(BlockCache, PinsAndBuffersMayOutliveEverything) {
  BlockPin small;
  BlockPin large;
  FrameBuffer buffer;
  {
    CacheWorld world(16 << 20);
    const auto slots = world.slots(2);
    small = world.insert(*slots, 0, 4096);
    large = world.insert(*slots, 1, 100'000);
    buffer = world.cache->allocate(8000);
  }
  EXPECT_TRUE(block_is(small.data(), small.size(), 0, 0));
  EXPECT_TRUE(block_is(large.data(), large.size(), 0, 1));
  test::fill_block(buffer.data(), buffer.size(), 1, 1);
  BlockPin moved = std::move(small);
  EXPECT_FALSE(small);  // NOLINT: what a moved-from pin holds is part of its contract
  EXPECT_TRUE(block_is(moved.data(), moved.size(), 0, 0));
}

TEST(BlockCache, ReadsSucceedWhenEverythingIsPinned) {
  constexpr std::uint64_t kLimit = 4 << 20;
  CacheWorld world(kLimit);
  const auto slots = world.slots(2000);
  std::vector<BlockPin> pins;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    pins.push_back(world.insert(*slots, i, 4096));
    ASSERT_TRUE(block_is(pins.back().data(), 4096, 0, i));
  }
  EXPECT_GT(world.budget.used(), kLimit);
  EXPECT_LE(world.budget.used(), std::uint64_t{2100} * (4096 + 64) + kPageBytes);
  pins.clear();
  world.insert(*slots, 0, 4096);
  for (std::uint32_t i = 0; i < 64; ++i) world.cache->allocate(4096);
  EXPECT_LE(world.budget.used(), kLimit) << "the overdraft is paid back";
}

TEST(BlockCache, WhatCanWaitGetsNothingBeyondTheLimit) {
  constexpr std::uint64_t kLimit = 4 << 20;
  CacheWorld world(kLimit);
  for (const std::size_t size : {std::size_t{4096}, std::size_t{100'000}}) {
    std::vector<FrameBuffer> held;
    for (;;) {
      FrameBuffer buffer = world.cache->try_allocate(size);
      if (!buffer) break;
      test::fill_block(buffer.data(), buffer.size(), 0, 0);
      held.push_back(std::move(buffer));
    }
    EXPECT_GT(held.size() * size, kLimit / 2);
    EXPECT_LE(world.budget.used(), kLimit);
    EXPECT_TRUE(world.cache->allocate(size)) << "what can't wait does";
    held.pop_back();
    EXPECT_TRUE(world.cache->try_allocate(size)) << "there is room again";
  }
}

TEST(BlockCache, ReadsSucceedWhenOthersUseTheWholeBudget) {
  constexpr std::uint64_t kLimit = 4 << 20;
  CacheWorld world(kLimit);
  world.budget.charge(MemoryUse::kMemtable, 2 * kLimit);
  const auto slots = world.slots(1000);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const BlockPin pin = world.insert(*slots, i, i % 2 == 0 ? 4096 : 50'000);
    ASSERT_TRUE(block_is(pin.data(), pin.size(), 0, i));
    ASSERT_LE(world.used(), BlockCache::kOverdraftBytes);
  }
  world.budget.release(MemoryUse::kMemtable, 2 * kLimit);
}

TEST(BlockCache, RendersItself) {
  CacheWorld world(4 << 20);
  const auto slots = world.slots(2);
  world.insert(*slots, 0, 4096);
  EXPECT_EQ(world.cache->render(),
            "1 blocks of 4.0 KiB in pages of 2.0 MiB and 0 B outside; 1 inserted, 0 evicted");
}

}  // namespace
}  // namespace nacre
