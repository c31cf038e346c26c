#include "cache/block_slots.h"

#include "base/check.h"
#include "base/epoch.h"
#include "cache/cache_core.h"

namespace nacre {

BlockSlots::BlockSlots(std::shared_ptr<BlockCache> cache, std::uint32_t count)
    : cache_(std::move(cache)), slots_(count) {
  cache_->core().budget().charge(MemoryUse::kTable, std::uint64_t{count} * sizeof(Slot));
}

BlockSlots::~BlockSlots() {
  cache_->core().clear(slots_.data(), count());
  cache_->core().budget().release(MemoryUse::kTable, std::uint64_t{count()} * sizeof(Slot));
}

BlockPin BlockSlots::pin(std::uint32_t i) const {
  NACRE_DCHECK(i < count());
  return BlockPin(cache_->core().pin(slots_[i]));
}

void BlockSlots::prefetch_pin(std::uint32_t i) const {
  NACRE_DCHECK(i < count());
  const EpochGuard guard;  // where the frame's header lies is written in its page
  const std::uint64_t word = slots_[i].load(std::memory_order_acquire);
  if ((word & kResidentBit) == 0) return;
  prefetch_bytes(word);
  __builtin_prefetch(&FrameRef::from_word(word & ~(kUseMask | kResidentBit)).frame());
}

BlockPin BlockSlots::insert(std::uint32_t i, FrameBuffer frame) {
  NACRE_DCHECK(i < count() && frame);
  return BlockPin(cache_->core().insert(slots_[i], std::move(frame).take()));
}

}  // namespace nacre
