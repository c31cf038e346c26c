#include "cache/eviction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "cache/block_slots.h"

namespace nacre {
namespace {

/// Blocks without memory: a frame, its slot, and what a reader would do.
class EvictionTest : public testing::Test {
 protected:
  struct Block {
    Frame frame;
    Slot slot{0};
  };

  void insert(Block& block) {
    block.frame.holders = 1;
    block.frame.size = 4096;
    queues_.insert(block.frame, block.slot, block.slot);
    block.slot = reinterpret_cast<std::uintptr_t>(&block) | BlockSlots::kResidentBit;
  }
  static void use(Block& block) { BlockSlots::count_use(block.slot, block.slot); }
  static bool resident(const Block& block) { return (block.slot & BlockSlots::kResidentBit) != 0; }
  std::deque<Block> insert_new(int count) {
    std::deque<Block> blocks(static_cast<std::size_t>(count));
    for (Block& block : blocks) insert(block);
    return blocks;
  }
  static long count_resident(const std::deque<Block>& blocks) {
    return std::count_if(blocks.begin(), blocks.end(), resident);
  }

  EvictionQueues queues_{false};
};

TEST_F(EvictionTest, NothingToEvict) { EXPECT_EQ(queues_.evict(), nullptr); }

TEST_F(EvictionTest, UnusedBlocksGoInTheOrderTheyCame) {
  std::deque<Block> blocks = insert_new(5);
  for (Block& block : blocks) {
    EXPECT_TRUE(resident(block));
    EXPECT_EQ(queues_.evict(), &block.frame);
    EXPECT_FALSE(resident(block));
    EXPECT_EQ(block.frame.slot(), nullptr);
  }
  EXPECT_EQ(queues_.size(), 0u);
}

TEST_F(EvictionTest, UsedBlocksSurviveAScanOfAnyLength) {
  std::deque<Block> hot = insert_new(80);
  for (Block& block : hot) use(block);
  std::deque<Block> filler = insert_new(20);
  std::deque<Block> scan(2000);
  for (Block& block : scan) {
    ASSERT_NE(queues_.evict(), nullptr);
    insert(block);
  }
  EXPECT_EQ(count_resident(hot), 80);
}

TEST_F(EvictionTest, MainGivesUpWhatIsNotUsedAnyMore) {
  std::deque<Block> old = insert_new(100);
  for (Block& block : old) use(block);
  ASSERT_NE(queues_.evict(), nullptr) << "all were used: one is taken all the same";
  std::deque<Block> fresh(500);
  for (Block& block : fresh) {
    insert(block);
    use(block);
    use(block);
    ASSERT_NE(queues_.evict(), nullptr);
  }
  EXPECT_LT(count_resident(old), 10);
}

TEST_F(EvictionTest, EachUseCountsUpToThree) {
  std::deque<Block> blocks = insert_new(1);
  for (int uses = 0; uses < 10; ++uses) {
    EXPECT_EQ(blocks[0].slot & BlockSlots::kUseMask, static_cast<std::uint64_t>(std::min(uses, 3)));
    use(blocks[0]);
  }
  EXPECT_TRUE(resident(blocks[0]));
}

TEST_F(EvictionTest, WhatReturnsSoonSkipsProbation) {
  std::deque<Block> hot = insert_new(50);
  for (Block& block : hot) use(block);
  std::deque<Block> blocks = insert_new(50);
  Block& first = blocks.front();
  while (resident(first)) ASSERT_NE(queues_.evict(), nullptr);
  const std::size_t before = queues_.on_probation();
  insert(first);
  EXPECT_EQ(queues_.on_probation(), before);
  EXPECT_TRUE(first.frame.in_main());
}

TEST_F(EvictionTest, WhatReturnsLateIsOnProbationAgain) {
  std::deque<Block> hot = insert_new(50);
  for (Block& block : hot) use(block);
  std::deque<Block> blocks = insert_new(200);
  Block& first = blocks.front();
  for (int i = 0; i < 150; ++i) ASSERT_NE(queues_.evict(), nullptr);
  ASSERT_FALSE(resident(first));
  insert(first);
  EXPECT_FALSE(first.frame.in_main());
}

TEST_F(EvictionTest, PinnedBlocksStay) {
  std::deque<Block> blocks = insert_new(10);
  for (std::size_t i = 0; i < 10; i += 2) blocks[i].frame.holders = 2;
  for (int i = 0; i < 5; ++i) ASSERT_NE(queues_.evict(), nullptr);
  EXPECT_EQ(queues_.evict(), nullptr) << "only pinned ones are left";
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(resident(blocks[i]), i % 2 == 0);
  blocks[4].frame.holders = 1;
  EXPECT_EQ(queues_.evict(), &blocks[4].frame);
}

TEST_F(EvictionTest, RemoveTakesOutWhicheverQueueItIsIn) {
  std::deque<Block> blocks = insert_new(3);
  use(blocks[0]);
  ASSERT_EQ(queues_.evict(), &blocks[1].frame) << "the used one moved to main";
  ASSERT_TRUE(blocks[0].frame.in_main());
  queues_.remove(blocks[0].frame);
  queues_.remove(blocks[2].frame);
  EXPECT_EQ(queues_.size(), 0u);
  EXPECT_FALSE(resident(blocks[0]));
  EXPECT_FALSE(blocks[0].frame.in_main());
}

}  // namespace
}  // namespace nacre
