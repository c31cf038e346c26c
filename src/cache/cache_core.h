// cache_core.h - the part of the cache that lives as long as any of its frames is held.
//
// All that misses share is here, behind one mutex: the arena, the eviction queues, the accounts.
// Pins and buffers point to it through their frames; after the BlockCache is gone, whoever frees
// the last frame destroys it. From then on (`closed`) budget and page pool are not touched any
// more.
//
// A frame that leaves its slot may still be read inside an EpochGuard. It goes into a Victims
// batch, and that is retired as one object after the mutex is released: destroy functions run in
// there.
//
// THREADS    any.
// INVARIANT  charged as kCache: pages in the arena * kPageBytes + bytes of external frames.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "base/memory_budget.h"
#include "base/page_pool.h"
#include "cache/block_cache.h"
#include "cache/eviction.h"
#include "cache/frame_arena.h"

namespace nacre {

class CacheCore {
 public:
  CacheCore(MemoryBudget& budget, PagePool& pages) : budget_(budget), pool_(pages) {}
  /// The cache goes. Destroys this now or with the last frame.
  void close();

  FrameHold allocate(std::size_t bytes);
  FrameHold try_allocate(std::size_t bytes);
  /// Frees memory for others.
  void evict(std::uint64_t bytes);
  FrameHold pin(Slot& slot);
  FrameHold insert(Slot& slot, FrameHold hold);
  /// Empties slots that nobody reads any more.
  void clear(Slot* slots, std::size_t count);
  /// The last hold on `ref` was given up.
  void free(FrameRef ref);
  CacheStats stats() const;
  MemoryBudget& budget() { return budget_; }

 private:
  /// Frames out of their slots, with the hold of the cache still on each.
  struct Victims {
    CacheCore* core;
    std::vector<FrameRef> frames;
  };

  ~CacheCore() = default;

  FrameHold allocate_in_page(std::size_t bytes);
  FrameHold allocate_external(std::size_t bytes, bool may_empty_pages);
  Frame* add_page_and_take(unsigned size_class);
  /// Hands the victims to the epochs, which free them now if no reader is about. Without the mutex.
  void retire(std::vector<FrameRef> frames);
  static void destroy_victims(void* victims);

  // These hold the mutex. Those that make room add to the victims in `out`. (cache_room.cc)
  bool room_for(std::uint64_t bytes) const;
  std::uint64_t excess_with(std::uint64_t bytes) const;
  bool is_rare(unsigned size_class) const;
  bool is_short_of(unsigned size_class) const;
  Frame* take(unsigned size_class);
  void make_room(unsigned size_class, std::vector<FrameRef>& out);
  void evict_from_pages(std::vector<FrameRef>& out);
  std::uint64_t evict_external(std::vector<FrameRef>& out);
  bool empty_page(std::vector<FrameRef>& out);
  bool empty_span(std::vector<FrameRef>& out);
  void take_out(Span& span, std::vector<FrameRef>& out);
  void give_bytes(std::uint64_t bytes, std::vector<FrameRef>& out);
  void trim_external(std::vector<FrameRef>& out);
  void leave_slot(Frame& frame, FrameRef ref, std::vector<FrameRef>& out);

  // So do these. (cache_core.cc)
  void drop_locked(FrameRef ref);
  void free_locked(FrameRef ref);
  /// True for exactly one caller: the one that then destroys this, without the mutex.
  bool is_last() const { return closed_ && arena_.live() == 0 && external_frames_ == 0; }

  MemoryBudget& budget_;
  PagePool& pool_;
  mutable std::mutex mutex_;
  FrameArena arena_;
  EvictionQueues in_pages_{true};
  EvictionQueues external_{false};
  std::uint64_t external_bytes_ = 0;
  std::size_t external_frames_ = 0;
  std::size_t limbo_frames_ = 0;     // out of their slots, readers may still be in them
  std::uint64_t coming_bytes_ = 0;   // closing pages and external victims: will be free unasked
  std::uint64_t external_debt_ = 0;  // bytes that external frames should give up for fairness
  std::uint64_t insertions_ = 0;
  std::uint64_t evictions_ = 0;
  std::uint64_t resident_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace nacre
