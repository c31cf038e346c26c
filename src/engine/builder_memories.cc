#include "engine/builder_memories.h"

#include <utility>

namespace nacre::engine {

BuilderMemories::~BuilderMemories() {
  for (const TableBuilderMemory& memory : *free_.lock()) {
    budget_.release(MemoryUse::kBuffer, memory.bytes());
  }
}

TableBuilderMemory BuilderMemories::take() {
  auto free = free_.lock();
  if (free->empty()) return {};
  TableBuilderMemory memory = std::move(free->back());
  free->pop_back();
  budget_.release(MemoryUse::kBuffer, memory.bytes());
  return memory;
}

void BuilderMemories::give_back(TableBuilderMemory memory) {
  const std::uint64_t bytes = memory.bytes();
  if (bytes < kBytesMin || bytes > budget_.limit() / 64) return;
  budget_.charge(MemoryUse::kBuffer, bytes);  // without the lock: the relief hook may take a while
  {
    auto free = free_.lock();
    if (free->size() < kKept) return free->push_back(std::move(memory));
  }
  budget_.release(MemoryUse::kBuffer, bytes);
}

}  // namespace nacre::engine
