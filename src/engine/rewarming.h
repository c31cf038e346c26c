// rewarming.h - what was in memory before a merge is in memory after it.
//
// A merge makes new tables of old ones, and the blocks that the cache held of the old ones leave
// with them. Before the new tables are installed we note which of their blocks hold the keys of
// such blocks; once the old tables are gone, and their memory is free, those blocks are read, many
// at a time and in the order of the file. Otherwise every one of them costs some reader a wait for
// the device, at the moment when all of a store went cold.
//
// THREADS    any.
// MEMORY     takes hardly more blocks than the old tables had in memory: an eighth, for those that
//            are not quite full. The cache treats them like any others: where the room was needed
//            meanwhile, what nobody uses goes first.
// SOURCE     The problem and what it costs: L. Yang et al., Leaper: a learned prefetcher for cache
//            invalidation in LSM-tree based storage engines (VLDB 2020).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "lsm/plan.h"

namespace nacre::engine {

/// Blocks of new tables that will not be in memory, though their keys were.
struct ColdBlocks {
  struct OfTable {
    std::weak_ptr<const Table> table;   // the next merge may take it out of the store again
    std::vector<std::uint32_t> blocks;  // ascending
  };
  std::vector<OfTable> tables;
  /// False when hardly any of the old blocks was used: nobody reads that part of the store, and
  /// bringing it back is work for a time when there is no other.
  bool read = false;
};

/// Those of `added`, the tables made of the inputs of `plan`, as of now; all are loaded. Asks the
/// largest run of the inputs alone where keys were in memory, since most keys are there. Reads
/// nothing from disk; one comparison per old block and one or two per new one.
ColdBlocks blocks_gone_cold(const Plan& plan, const std::vector<TablePtr>& added);

/// Reads them into the cache, those apart that are in memory by now. Ends early once `cancelled` is
/// set, and once nothing but this holds the table. A block that can't be read is left to
/// whoever asks for it.
void load_into_cache(const ColdBlocks::OfTable& cold, const std::atomic<bool>& cancelled);

}  // namespace nacre::engine
