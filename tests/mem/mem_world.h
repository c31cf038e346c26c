// mem_world.h - what a memtable lives on, with room for all that a test does.
#pragma once

#include "base/memory_budget.h"
#include "base/page_pool.h"

namespace nacre::test {

struct MemWorld {
  MemoryBudget budget{std::uint64_t{1} << 40};
  PagePool pages;
};

}  // namespace nacre::test
