#include "cache/cache_core.h"

#include <algorithm>
#include <new>
#include <thread>

#include "base/check.h"
#include "base/epoch.h"
#include "base/poison.h"
#include "cache/block_slots.h"

namespace nacre {

namespace {

constexpr std::uint64_t kResidentBit = BlockSlots::kResidentBit;
/// A block of one value of the largest size and its key; sizes fit into 31 bits.
constexpr std::size_t kBlockBytesMax = std::size_t{1} << 31;
/// How often a miss waits for readers to free a frame before it takes memory beyond the limit, and
/// how often when the overdraft is used up.
constexpr int kTries = 4;
constexpr int kTriesOverdrawn = 64;

FrameRef ref_in(std::uint64_t slot_word) {
  return FrameRef::from_word(slot_word & ~(BlockSlots::kUseMask | kResidentBit));
}

void let_readers_run() {
  std::this_thread::yield();
  epoch_collect();
}

}  // namespace

FrameHold CacheCore::allocate(std::size_t bytes) {
  NACRE_CHECK(bytes > 0 && bytes < kBlockBytesMax);
  NACRE_DCHECK(!epoch_held());  // what it waits for might wait for the caller
  if (bytes > kFrameBytesMax) return allocate_external(bytes, true);
  if (FrameHold hold = allocate_in_page(bytes); hold) return hold;
  return allocate_external(bytes, false);
}

FrameHold CacheCore::try_allocate(std::size_t bytes) {
  NACRE_CHECK(bytes > 0 && bytes < kBlockBytesMax);
  const bool large = bytes > kFrameBytesMax;
  if (!large) {
    if (FrameHold hold = allocate_in_page(bytes); hold) return hold;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!room_for(bytes + sizeof(ExternalHeader))) return {};
  }
  return allocate_external(bytes, large);
}

FrameHold CacheCore::allocate_in_page(std::size_t bytes) {
  const unsigned size_class = size_class_of(bytes);
  Frame* frame = nullptr;
  for (int attempt = 0; attempt < kTries && frame == nullptr; ++attempt) {
    std::vector<FrameRef> victims;
    bool new_page = false;
    bool hopeless = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      trim_external(victims);
      frame = take(size_class);
      const bool may_grow = room_for(kPageBytes);
      if (frame == nullptr && may_grow) {
        budget_.charge(MemoryUse::kCache, kPageBytes);
        new_page = true;
      } else if (!may_grow && (frame == nullptr || is_short_of(size_class))) {
        make_room(size_class, victims);
      }
      hopeless = !new_page && limbo_frames_ == 0;
    }
    if (new_page) frame = add_page_and_take(size_class);
    const bool waits = frame == nullptr && victims.empty();
    retire(std::move(victims));
    if (waits && hopeless) break;
    if (waits) let_readers_run();
  }
  if (frame == nullptr) return {};
  frame->size = static_cast<std::uint32_t>(bytes);
  char* const data = data_of(*frame);
  unpoison(data, bytes);
  return FrameHold(FrameRef(data, false), bytes);
}

/// The page is charged already. Asking the system for it may take long: without the mutex.
Frame* CacheCore::add_page_and_take(unsigned size_class) {
  char* const page = pool_.take();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (Frame* const frame = arena_.take(size_class); frame != nullptr) {
    // Freed by others meanwhile. A page that nobody takes from would stay charged for ever.
    budget_.release(MemoryUse::kCache, kPageBytes);
    pool_.give_back(page);
    return frame;
  }
  arena_.add(page, this);
  return arena_.take(size_class);
}

FrameHold CacheCore::allocate_external(std::size_t bytes, bool may_empty_pages) {
  const std::uint64_t charge = bytes + sizeof(ExternalHeader);
  for (int attempt = 0;; ++attempt) {
    std::vector<FrameRef> victims;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (may_empty_pages) give_bytes(excess_with(charge), victims);
      trim_external(victims);
      const bool overdrawn = external_bytes_ + charge > BlockCache::kOverdraftBytes;
      const int tries = limbo_frames_ == 0 ? 0 : overdrawn ? kTriesOverdrawn : kTries;
      if (victims.empty() && (room_for(charge) || attempt >= tries)) {
        budget_.charge(MemoryUse::kCache, charge);
        external_bytes_ += charge;
        ++external_frames_;
        break;
      }
    }
    const bool waits = victims.empty();
    retire(std::move(victims));
    if (waits) let_readers_run();
  }
  void* const memory = ::operator new (charge, std::align_val_t{kFrameAlignment});
  auto* const header = new (memory) ExternalHeader;
  header->core = this;
  header->frame.size = static_cast<std::uint32_t>(bytes);
  header->frame.holders.store(1, std::memory_order_relaxed);
  return FrameHold(FrameRef(reinterpret_cast<char*>(header + 1), true), bytes);
}

FrameHold CacheCore::pin(Slot& slot) {
  const EpochGuard guard;
  const std::uint64_t word = slot.load(std::memory_order_acquire);
  if ((word & kResidentBit) == 0) return {};
  BlockSlots::count_use(slot, word);
  const FrameRef ref = ref_in(word);
  Frame& frame = ref.frame();
  // The cache lets go of its hold only when the guard above is gone, so the count is not zero.
  frame.holders.fetch_add(1, std::memory_order_relaxed);
  return FrameHold(ref, frame.size);
}

FrameHold CacheCore::insert(Slot& slot, FrameHold hold) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::uint64_t word = slot.load(std::memory_order_relaxed);
  if ((word & kResidentBit) != 0) {
    drop_locked(hold.release());
    const FrameRef winner = ref_in(word);
    winner.frame().holders.fetch_add(1, std::memory_order_relaxed);
    return FrameHold(winner, winner.frame().size);
  }
  const FrameRef ref = hold.ref();
  Frame& frame = ref.frame();
  if (!ref.external() && (page_of(&frame).closing || span_of(frame).closing)) return hold;
  frame.holders.store(2, std::memory_order_relaxed);  // the cache's and the pin's
  (ref.external() ? external_ : in_pages_).insert(frame, slot, word);
  slot.store(ref.word() | kResidentBit, std::memory_order_release);
  ++insertions_;
  resident_bytes_ += frame.size;
  return hold;
}

void CacheCore::clear(Slot* slots, std::size_t count) {
  constexpr std::size_t kSlotsPerLock = 256;  // so that misses need not wait for long
  std::vector<FrameRef> out;
  for (std::size_t begin = 0; begin < count; begin += kSlotsPerLock) {
    const std::size_t end = std::min(begin + kSlotsPerLock, count);
    // Acquire: whoever evicted the block is done with the slot, which may be freed after this.
    const auto resident = [](const Slot& slot) {
      return (slot.load(std::memory_order_acquire) & kResidentBit) != 0;
    };
    if (std::none_of(slots + begin, slots + end, resident)) continue;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::size_t i = begin; i < end; ++i) {
      if (!resident(slots[i])) continue;
      const FrameRef ref = ref_in(slots[i].load(std::memory_order_relaxed));
      (ref.external() ? external_ : in_pages_).remove(ref.frame());
      leave_slot(ref.frame(), ref, out);
    }
  }
  retire(std::move(out));
}

void CacheCore::retire(std::vector<FrameRef> frames) {
  if (!frames.empty()) epoch_retire(new Victims{this, std::move(frames)}, destroy_victims);
}

void CacheCore::destroy_victims(void* victims) {
  const std::unique_ptr<Victims> gone(static_cast<Victims*>(victims));
  CacheCore* const core = gone->core;
  bool last = false;
  {
    const std::lock_guard<std::mutex> lock(core->mutex_);
    for (const FrameRef ref : gone->frames) {
      --core->limbo_frames_;
      core->drop_locked(ref);
    }
    last = core->is_last();
  }
  if (last) delete core;
}

void CacheCore::free(FrameRef ref) {
  bool last = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_locked(ref);
    last = is_last();
  }
  if (last) delete this;
}

void CacheCore::drop_locked(FrameRef ref) {
  if (ref.frame().holders.fetch_sub(1, std::memory_order_acq_rel) == 1) free_locked(ref);
}

void CacheCore::free_locked(FrameRef ref) {
  if (ref.external()) {
    ExternalHeader& header = external_of(ref.data());
    const std::uint64_t charge = header.frame.size + sizeof(ExternalHeader);
    --external_frames_;
    external_bytes_ -= charge;
    if (header.leaving) coming_bytes_ -= charge;
    if (!closed_) budget_.release(MemoryUse::kCache, charge);
    ::operator delete (&header, std::align_val_t{kFrameAlignment});
    return;
  }
  Frame& frame = ref.frame();
  const bool expected = page_of(&frame).closing;
  char* const page = arena_.give_back(frame);
  if (page == nullptr) return;
  if (expected) coming_bytes_ -= kPageBytes;
  if (closed_) {
    PagePool().give_back(page);  // the pool it came from may be gone; any other can return it
    return;
  }
  budget_.release(MemoryUse::kCache, kPageBytes);
  pool_.give_back(page);
}

void CacheCore::close() {
  bool last = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    NACRE_CHECK(in_pages_.size() == 0 && external_.size() == 0);  // the slots are all gone
    budget_.release(MemoryUse::kCache, arena_.page_count() * kPageBytes + external_bytes_);
    closed_ = true;
    last = is_last();
  }
  if (last) delete this;
}

CacheStats CacheCore::stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  CacheStats stats;
  stats.insertions = insertions_;
  stats.evictions = evictions_;
  stats.resident_blocks = in_pages_.size() + external_.size();
  stats.resident_bytes = resident_bytes_;
  stats.page_bytes = arena_.page_count() * kPageBytes;
  stats.external_bytes = external_bytes_;
  return stats;
}

}  // namespace nacre
