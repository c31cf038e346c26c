#include "cache/block_cache.h"

#include "base/epoch.h"
#include "base/text.h"
#include "cache/cache_core.h"

namespace nacre {

Frame& FrameRef::frame() const { return external() ? external_of(data()).frame : frame_of(data()); }

CacheCore& FrameRef::core() const {
  return external() ? *external_of(data()).core : *page_of(data()).core;
}

void FrameRef::drop() const {
  CacheCore& owner = core();  // before the hold is gone, and the frame perhaps with it
  if (frame().holders.fetch_sub(1, std::memory_order_acq_rel) == 1) owner.free(*this);
}

BlockCache::BlockCache(MemoryBudget& budget, PagePool& pages)
    : core_(new CacheCore(budget, pages)) {
  budget.set_relief([core = core_](std::uint64_t excess) { core->evict(excess); });
}

BlockCache::~BlockCache() {
  core_->budget().set_relief(nullptr);
  epoch_collect();
  core_->close();
}

FrameBuffer BlockCache::allocate(std::size_t bytes) { return FrameBuffer(core_->allocate(bytes)); }

FrameBuffer BlockCache::try_allocate(std::size_t bytes) {
  return FrameBuffer(core_->try_allocate(bytes));
}

void BlockCache::evict(std::uint64_t bytes) { core_->evict(bytes); }

CacheStats BlockCache::stats() const { return core_->stats(); }

std::string BlockCache::render() const {
  const CacheStats now = stats();
  return std::to_string(now.resident_blocks) + " blocks of " + human_bytes(now.resident_bytes) +
         " in pages of " + human_bytes(now.page_bytes) + " and " + human_bytes(now.external_bytes) +
         " outside; " + std::to_string(now.insertions) + " inserted, " +
         std::to_string(now.evictions) + " evicted";
}

}  // namespace nacre
