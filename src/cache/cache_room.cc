// How the cache makes room: for one more small block, for one large one, or for others.
#include <algorithm>

#include "cache/block_slots.h"
#include "cache/cache_core.h"

namespace nacre {

namespace {

/// Blocks are evicted in batches: one grace period, and one interruption of all threads, per batch.
constexpr std::size_t kBatch = 32;
/// A class that is in constant use evicts when so few frames are left, so that the grace period is
/// over by the time they are used up.
constexpr std::size_t kReserve = 16;
/// With so many frames waiting for readers, evicting more would only throw away more.
constexpr std::size_t kLimboFramesMax = 4 * kBatch;

}  // namespace

bool CacheCore::room_for(std::uint64_t bytes) const {
  return budget_.used() + bytes <= budget_.limit();
}

/// How far a charge of `bytes` would go beyond the limit once everything in motion is free.
std::uint64_t CacheCore::excess_with(std::uint64_t bytes) const {
  const std::uint64_t sum = budget_.used() + bytes;
  const std::uint64_t bearable = budget_.limit() + coming_bytes_;
  return sum > bearable ? sum - bearable : 0;
}

bool CacheCore::is_rare(unsigned size_class) const {
  return arena_.live(size_class) * 8 < arena_.live();
}

/// A frame of this class, or, where the class is rare, a larger one that is free: few blocks that
/// waste some of their frames cost less than a span that is hardly used.
Frame* CacheCore::take(unsigned size_class) {
  Frame* frame = arena_.take(size_class);
  if (frame != nullptr || !is_rare(size_class)) return frame;
  const unsigned end = std::min(size_class + 1 + kClassesPerDoubling, kSizeClassCount);
  for (unsigned larger = size_class + 1; larger < end; ++larger) {
    if (arena_.free(larger) > 0) return arena_.take(larger);
  }
  return nullptr;
}

bool CacheCore::is_short_of(unsigned size_class) const {
  return !arena_.has_empty_span() &&
         arena_.free(size_class) < std::min(kReserve, arena_.live(size_class) / 8);
}

/// Where blocks of this class are common, evicting in the global order soon frees one. A rare class
/// would throw out many others for each of its own, so it takes a whole span from them; so does a
/// common one when much is free but in the wrong classes.
void CacheCore::make_room(unsigned size_class, std::vector<FrameRef>& out) {
  if (limbo_frames_ >= kLimboFramesMax) return;
  const bool rare = is_rare(size_class);
  const bool scattered = arena_.free() * 8 > arena_.free() + arena_.live();
  if (rare && arena_.free(size_class) > 0) return;
  if ((rare || scattered) && arena_.free(size_class) == 0 && empty_span(out)) return;
  evict_from_pages(out);
}

void CacheCore::leave_slot(Frame& frame, FrameRef ref, std::vector<FrameRef>& out) {
  resident_bytes_ -= frame.size;
  if (ref.external()) {
    external_of(ref.data()).leaving = true;
    coming_bytes_ += frame.size + sizeof(ExternalHeader);
  }
  ++limbo_frames_;
  out.push_back(ref);
}

void CacheCore::evict_from_pages(std::vector<FrameRef>& out) {
  const std::size_t batch = std::clamp<std::size_t>(in_pages_.size() / 16, 1, kBatch);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < batch; ++i) {
    Frame* const frame = in_pages_.evict();
    if (frame == nullptr) break;
    ++evictions_;
    bytes += frame->size;
    leave_slot(*frame, FrameRef(data_of(*frame), false), out);
  }
  // External frames age along, in proportion to their share of the memory.
  if (bytes == 0 || external_.size() == 0) return;
  external_debt_ += bytes * external_bytes_ / (arena_.page_count() * kPageBytes);
  while (external_debt_ > 0) {
    const std::uint64_t freed = evict_external(out);
    if (freed == 0) break;
    external_debt_ -= std::min(external_debt_, freed);
  }
}

/// Evicts one external frame; the bytes it occupies, 0 when there is none to evict.
std::uint64_t CacheCore::evict_external(std::vector<FrameRef>& out) {
  Frame* const frame = external_.evict();
  if (frame == nullptr) return 0;
  ++evictions_;
  // An external frame lies right before its bytes.
  auto* const header = reinterpret_cast<ExternalHeader*>(frame);
  leave_slot(*frame, FrameRef(reinterpret_cast<char*>(header + 1), true), out);
  return frame->size + sizeof(ExternalHeader);
}

void CacheCore::take_out(Span& span, std::vector<FrameRef>& out) {
  FrameArena::each_live(span, [&](Frame& frame) {
    if (frame.slot() == nullptr) return;  // a buffer, or out already
    ++evictions_;
    in_pages_.remove(frame);
    leave_slot(frame, FrameRef(data_of(frame), false), out);
  });
}

bool CacheCore::empty_page(std::vector<FrameRef>& out) {
  Page* const page = arena_.coldest_page();
  if (page == nullptr) return false;
  arena_.close(*page);
  coming_bytes_ += kPageBytes;
  for (Span& span : page->spans) take_out(span, out);
  return true;
}

bool CacheCore::empty_span(std::vector<FrameRef>& out) {
  Span* const span = arena_.coldest_span();
  if (span == nullptr) return false;
  arena_.close(*span);
  take_out(*span, out);
  return true;
}

void CacheCore::give_bytes(std::uint64_t bytes, std::vector<FrameRef>& out) {
  while (bytes > 0) {
    std::uint64_t given = 0;
    if (external_.on_probation() > 0) given = evict_external(out);
    if (given == 0 && empty_page(out)) given = kPageBytes;
    if (given == 0) given = evict_external(out);
    if (given == 0) return;
    bytes -= std::min(bytes, given);
  }
}

/// Beyond the limit, external frames go first: they can go one by one, and an overdraft is made of
/// them.
void CacheCore::trim_external(std::vector<FrameRef>& out) {
  while (excess_with(0) > 0 && evict_external(out) > 0) {
  }
}

void CacheCore::evict(std::uint64_t bytes) {
  std::vector<FrameRef> victims;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    give_bytes(bytes - std::min(bytes, coming_bytes_), victims);
  }
  retire(std::move(victims));
}

}  // namespace nacre
