// block_slots.h - where the blocks of one table are: in memory, or on disk.
//
// A slot is one word. Finding a block is one load, and the address in it leads straight to the
// bytes: no hashing, no lock, no counter.
//
//   63                            6 5 4   3   2   1 0
//   +------------------------------+---+---+---+-----+
//   | address of the bytes         | 0 | 1 | x | use |   resident; x: external frame (frame.h)
//   +------------------------------+---+---+---+-----+
//   | time of eviction                 | 0 | 0 |  0  |   on disk, was evicted from probation
//   +----------------------------------+---+---+-----+
//   | 0                                              |   on disk
//   +------------------------------------------------+
//
// `use` counts uses up to 3; eviction counts it down. A hot block stands at 3 and is not written
// to. The time of eviction lets a block that returns soon skip the probation.
//
// THREADS    any.
// LIFETIME   find(): the bytes stay while the EpochGuard of the call lives. pin() and insert():
// while
//            the pin lives.
// MEMORY     8 bytes per block, charged as kTable. Block sizes are not kept: whoever needs one has
//            it from the table's index, or takes a pin.
#pragma once

#include <cstdint>
#include <memory>

#include "base/large_memory.h"
#include "cache/block_cache.h"

namespace nacre {

/// Where a block is, for whoever plans ahead.
enum class Residence : std::uint8_t {
  kNone,  ///< On disk.
  kIdle,  ///< In memory, not used since it came or since eviction passed it.
  kUsed,  ///< In memory, and used.
};

class BlockSlots {
 public:
  BlockSlots(std::shared_ptr<BlockCache> cache, std::uint32_t count);
  BlockSlots(const BlockSlots&) = delete;
  BlockSlots& operator=(const BlockSlots&) = delete;
  /// Gives all frames back. No other call may be under way.
  ~BlockSlots();

  std::uint32_t count() const { return static_cast<std::uint32_t>(slots_.size()); }

  /// The bytes of block `i`, or null when it must be read. Only inside an EpochGuard.
  const char* find(std::uint32_t i) const {
    const std::uint64_t word = slots_[i].load(std::memory_order_acquire);
    if ((word & kResidentBit) == 0) return nullptr;
    count_use(slots_[i], word);
    return reinterpret_cast<const char*>(word & ~std::uint64_t{kFrameAlignment - 1});
  }

  /// A look that does not count as a use. Old news when it returns.
  Residence residence(std::uint32_t i) const {
    const std::uint64_t word = slots_[i].load(std::memory_order_relaxed);
    if ((word & kResidentBit) == 0) return Residence::kNone;
    return (word & kUseMask) == 0 ? Residence::kIdle : Residence::kUsed;
  }

  /// Starts the memory loads that find() will wait for: of the slot, or of the block as well. The
  /// second only inside an EpochGuard.
  void prefetch_slot(std::uint32_t i) const { __builtin_prefetch(&slots_[i]); }
  void prefetch_block(std::uint32_t i) const {
    const std::uint64_t word = slots_[i].load(std::memory_order_acquire);
    if ((word & kResidentBit) != 0) prefetch_bytes(word);
  }
  /// The same for pin(), which needs the frame's header as well. Guards itself.
  void prefetch_pin(std::uint32_t i) const;

  /// The block held, or an empty pin when it must be read.
  BlockPin pin(std::uint32_t i) const;

  /// Makes `frame`, filled with block `i`, known to everybody, and returns it pinned. When another
  /// thread was faster, frees `frame` and returns the block of the other. Rarely, when its memory
  /// is being given up meanwhile, the block is the caller's alone and the slot stays on disk.
  BlockPin insert(std::uint32_t i, FrameBuffer frame);

  static constexpr std::uint64_t kUseMask = 3;
  static constexpr std::uint64_t kResidentBit = 8;

  /// A lost race loses one use, nothing else.
  static void count_use(Slot& slot, std::uint64_t word) {
    if ((word & kUseMask) == kUseMask) return;
    slot.compare_exchange_strong(word, word + 1, std::memory_order_relaxed);
  }

 private:
  static void prefetch_bytes(std::uint64_t word) {
    const char* const bytes =
        reinterpret_cast<const char*>(word & ~std::uint64_t{kFrameAlignment - 1});
    // Header, heads, and what searches of some 40 entries touch first.
    for (int line = 0; line < 4; ++line) __builtin_prefetch(bytes + line * kFrameAlignment);
  }

  const std::shared_ptr<BlockCache> cache_;
  mutable LargeVector<Slot> slots_;  // a look counts as a use
};

}  // namespace nacre
