// builder_memories.h - the memory that table builders work in, between two of them.
//
// A builder fills some MiB with hashes, index rows and bytes for the file. Faulted in anew for
// every flush and every table of a merge, these cost 5 to 10 % of the processor time of merges.
//
// THREADS    any.
// MEMORY     what is kept is charged as MemoryUse::kBuffer: kKept builders at the most, each of
//            kBytesMin or more and of a 64th of the budget or less. What is larger goes back to the
//            system, and so does what is so small that a store at rest should not keep it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/guarded.h"
#include "base/memory_budget.h"
#include "table/table_builder.h"

namespace nacre::engine {

class BuilderMemories {
 public:
  /// The budget must outlive it.
  explicit BuilderMemories(MemoryBudget& budget) : budget_(budget) {}
  BuilderMemories(const BuilderMemories&) = delete;
  BuilderMemories& operator=(const BuilderMemories&) = delete;
  ~BuilderMemories();

  /// The memory of a builder that is done, or none. Whoever takes it charges it from then on.
  TableBuilderMemory take();
  void give_back(TableBuilderMemory memory);

 private:
  static constexpr std::size_t kKept = 3;  // a flush and two parts of a merge
  static constexpr std::uint64_t kBytesMin = 1 << 20;

  MemoryBudget& budget_;
  Guarded<std::vector<TableBuilderMemory>> free_;
};

}  // namespace nacre::engine
