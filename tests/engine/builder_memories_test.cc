// What builders leave is charged while it is kept, and is not more than the budget can spare.

#include "engine/builder_memories.h"

#include <gtest/gtest.h>

#include <utility>

namespace nacre::engine {
namespace {

constexpr std::uint64_t kBudget = 256 << 20;

TableBuilderMemory memory_of(std::size_t bytes) {
  TableBuilderMemory memory;
  memory.out.reserve(bytes);
  return memory;
}

TEST(BuilderMemories, WhatIsGivenBackIsTakenAndChargedMeanwhile) {
  MemoryBudget budget(kBudget);
  BuilderMemories memories(budget);
  EXPECT_EQ(memories.take().bytes(), TableBuilderMemory().bytes());
  TableBuilderMemory memory = memory_of(1 << 21);
  const std::uint64_t bytes = memory.bytes();
  const char* const address = memory.out.data();
  memories.give_back(std::move(memory));
  EXPECT_EQ(budget.used(MemoryUse::kBuffer), bytes);
  EXPECT_EQ(memories.take().out.data(), address);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(BuilderMemories, KeepsAFewAndNoneThatIsLargeOrSmall) {
  MemoryBudget budget(kBudget);
  {
    BuilderMemories memories(budget);
    memories.give_back(memory_of(kBudget / 64 + 1));
    memories.give_back(memory_of(100 << 10));
    EXPECT_EQ(budget.used(), 0U);
    for (int i = 0; i < 100; ++i) memories.give_back(memory_of(kBudget / 128));
    EXPECT_GE(budget.used(), kBudget / 128);
    EXPECT_LE(budget.used(), kBudget / 16);
  }
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace nacre::engine
