// runtime_state.h - what a Runtime owns: budget, pages, the block cache, and memory to build
// tables in.
//
// THREADS    any.
// LIFETIME   shared by every store of the runtime; the cache goes before the pages it lives on.
#pragma once

#include <memory>

#include "base/memory_budget.h"
#include "base/page_pool.h"
#include "cache/block_cache.h"
#include "engine/builder_memories.h"
#include "nacre/env.h"

namespace nacre::detail {

class RuntimeState {
 public:
  RuntimeState(Env& env_in, std::uint64_t memory_bytes)
      : env(env_in),
        budget(memory_bytes),
        pages(budget),
        cache(std::make_shared<BlockCache>(budget, pages)),
        builder_memories(budget) {}

  Env& env;
  MemoryBudget budget;
  PagePool pages;
  std::shared_ptr<BlockCache> cache;
  engine::BuilderMemories builder_memories;
};

}  // namespace nacre::detail
