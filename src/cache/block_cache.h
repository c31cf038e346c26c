// block_cache.h - blocks of all tables in memory, within one budget; one cache per process.
//
// The cache owns memory and decides what leaves. It can't be asked for a block: every open table
// has a slot per block (block_slots.h), and a hit is one load from the slot.
//
//   miss   FrameBuffer frame = cache.allocate(n); read into it; check it; slots.insert(i, frame)
//   hit    slots.find(i) inside an EpochGuard, or slots.pin(i)
//
// Eviction is S3-FIFO: a new block is on probation, in a queue of about a tenth of the cache, and
// moves to the main queue when it is used again before it reaches the end. A scan, which uses each
// block once, only ever displaces what else is on probation.
//
// THREADS    any. A hit takes no lock; allocate(), insert() and eviction share one mutex, held for
//            well under a microsecond per block.
// MEMORY     pages and large frames are charged as kCache while the cache has them, blocks that
//            wait for readers included. The cache takes memory while budget.used() is below the
//            limit, and gives back what it can when others pass it. A read must always succeed:
//            when no memory comes free, the block gets memory beyond the limit, at most what is
//            held by pins, buffers and readers at that moment, plus kOverdraftBytes.
// LIFETIME   `budget` and `pages` must outlive the cache. Pins and buffers may outlive everything;
//            what they hold after the end of the cache is charged to nobody.
// LOCKS      allocate() and the relief of the budget retire through epochs: they may run destroy
//            functions of others (epoch.h), so never call them, or charge the budget, while holding
//            a lock that such a function takes.
// SOURCE     J. Yang et al., FIFO queues are all you need for cache eviction (SOSP 2023).
#pragma once

#include <cstdint>
#include <string>

#include "base/memory_budget.h"
#include "base/page_pool.h"
#include "cache/frame.h"

namespace nacre {

class CacheCore;

/// What the cache does, counted on misses only: hits write nothing that threads share.
struct CacheStats {
  std::uint64_t insertions = 0;
  std::uint64_t evictions = 0;
  std::uint64_t resident_blocks = 0;  // in slots now
  std::uint64_t resident_bytes = 0;   // their sizes
  std::uint64_t page_bytes = 0;       // memory in pages
  std::uint64_t external_bytes = 0;   // memory in frames of their own
};

class BlockCache {
 public:
  static constexpr std::uint64_t kOverdraftBytes = 1 << 20;

  /// Becomes the relief of `budget`.
  BlockCache(MemoryBudget& budget, PagePool& pages);
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;
  ~BlockCache();

  /// Memory for a block of `bytes` > 0. Never fails. Not inside an EpochGuard: making room may have
  /// to wait for readers.
  FrameBuffer allocate(std::size_t bytes);
  /// The same, but empty where that would take memory beyond the limit.
  FrameBuffer try_allocate(std::size_t bytes);
  /// Gives back at least `bytes` to the budget, coldest pages first, as far as nothing is pinned.
  void evict(std::uint64_t bytes);

  CacheStats stats() const;
  /// "1,024 blocks, 4.0 MiB in 3 pages ...", one line.
  std::string render() const;

  /// For BlockSlots.
  CacheCore& core() { return *core_; }

 private:
  CacheCore* core_;  // lives on while frames are held; see cache_core.h
};

}  // namespace nacre
