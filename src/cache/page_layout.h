// page_layout.h - how a page of 2 MiB is cut into frames, and the arithmetic between their
// addresses.
//
//   0        Page: the cache it belongs to, and 8 Spans
//   1,536    the headers of the frames: 8 x 122 x 32 bytes
//   32,768   span 0: 258,048 bytes of frames of one size class
//   ...
//            span 7
//
// A span, not a page, is given to a size class: a cache of few pages can then hold blocks of many
// sizes. Headers lie apart from the bytes, so that blocks of 4,096 bytes fill their frames and a
// search touches no header.
//
// Capacities grow in steps of an eighth: 2,048 2,304 2,560 ... 4,096 4,608 ... 32,768. Each frame
// is 64 bytes longer than its capacity: equal strides of 4,096 would put the first lines of all
// blocks, which every search reads, into the same few sets of the processor's caches.
//
// THREADS    pure functions; Page and Span belong to the cache's mutex, but for Page::core, which
// is
//            fixed, and Span::size_class, which is fixed while a frame of the span is live.
#pragma once

#include <bit>
#include <cstdint>

#include "base/page_pool.h"
#include "cache/frame.h"

namespace nacre {

inline constexpr std::size_t kSpansPerPage = 8;
inline constexpr std::size_t kSpanBytes = 258'048;
inline constexpr std::size_t kFrameBytesMin = 2'048;
inline constexpr std::size_t kFrameBytesMax = 32'768;  // larger blocks are external
inline constexpr unsigned kClassesPerDoubling = 8;
inline constexpr unsigned kSizeClassCount = 33;
inline constexpr std::size_t kHeadersOffset = 1'536;
inline constexpr std::size_t kDataOffset = 32'768;
inline constexpr std::size_t kFramesPerSpanMax = kSpanBytes / (kFrameBytesMin + kFrameAlignment);
static_assert(kHeadersOffset + kSpansPerPage * kFramesPerSpanMax * sizeof(Frame) <= kDataOffset);
static_assert(kDataOffset + kSpansPerPage * kSpanBytes == kPageBytes);

/// The smallest class that holds `bytes`, which is at most kFrameBytesMax.
constexpr unsigned size_class_of(std::size_t bytes) {
  if (bytes <= kFrameBytesMin) return 0;
  const auto log = static_cast<unsigned>(std::bit_width(bytes - 1)) - 1;  // at least 11
  const auto eighths = static_cast<unsigned>((bytes - 1 - (std::size_t{1} << log)) >> (log - 3));
  return 1 + (log - 11) * 8 + eighths;
}
constexpr std::size_t capacity_of(unsigned size_class) {
  if (size_class == 0) return kFrameBytesMin;
  const unsigned log = 11 + (size_class - 1) / 8;
  return (std::size_t{1} << log) + (((size_class - 1) % 8 + std::size_t{1}) << (log - 3));
}
constexpr std::size_t stride_of(unsigned size_class) {
  return capacity_of(size_class) + kFrameAlignment;
}
constexpr std::size_t frames_per_span(unsigned size_class) {
  return kSpanBytes / stride_of(size_class);
}

/// A part of a page that serves one size class.
struct Span {
  static constexpr std::uint16_t kNoClass = 0xFFFF;

  Frame* free = nullptr;  // frames that were given back
  Span* next = nullptr;   // in the arena's list for its class, or of empty spans
  Span* prev = nullptr;
  std::uint64_t given = 0;  // when it got its class, counted in spans given
  std::uint16_t size_class = kNoClass;
  std::uint16_t carved = 0;  // frames that were ever handed out; the rest have no header yet
  std::uint16_t live = 0;    // frames with a holder
  std::uint16_t main = 0;    // of those, in the main queue
  bool listed = false;
  bool closing = false;  // freed frames are not handed out again
};

struct Page {
  CacheCore* core = nullptr;
  std::uint32_t index = 0;  // in the arena's vector
  std::uint32_t live = 0;   // of all spans
  bool closing = false;
  Span spans[kSpansPerPage];
};
static_assert(sizeof(Page) <= kHeadersOffset);

inline Page& page_of(const void* within) {
  return *reinterpret_cast<Page*>(reinterpret_cast<std::uintptr_t>(within) & ~(kPageBytes - 1));
}
inline Frame& frame_at(Page& page, std::size_t span, std::size_t index) {
  char* const headers = reinterpret_cast<char*>(&page) + kHeadersOffset;
  return reinterpret_cast<Frame*>(headers)[span * kFramesPerSpanMax + index];
}

/// The place of a header in its page: which span, and which frame of it.
struct FramePlace {
  std::size_t span;
  std::size_t index;
};
inline FramePlace place_of(const Frame& frame) {
  const std::uintptr_t within = reinterpret_cast<std::uintptr_t>(&frame) & (kPageBytes - 1);
  const std::size_t number = (within - kHeadersOffset) / sizeof(Frame);
  return {number / kFramesPerSpanMax, number % kFramesPerSpanMax};
}
inline Span& span_of(const Frame& frame) { return page_of(&frame).spans[place_of(frame).span]; }

/// From a header in a page to its bytes, and back.
inline char* data_of(const Frame& frame) {
  Page& page = page_of(&frame);
  const FramePlace place = place_of(frame);
  return reinterpret_cast<char*>(&page) + kDataOffset + place.span * kSpanBytes +
         place.index * stride_of(page.spans[place.span].size_class);
}
inline Frame& frame_of(const char* data) {
  Page& page = page_of(data);
  const std::size_t within =
      (reinterpret_cast<std::uintptr_t>(data) & (kPageBytes - 1)) - kDataOffset;
  const std::size_t span = within / kSpanBytes;
  return frame_at(page, span, within % kSpanBytes / stride_of(page.spans[span].size_class));
}

/// What lies before the bytes of an external frame.
struct alignas(kFrameAlignment) ExternalHeader {
  Frame frame;
  CacheCore* core = nullptr;
  bool leaving = false;  // out of its slot
};
static_assert(sizeof(ExternalHeader) == kFrameAlignment);

inline ExternalHeader& external_of(char* data) {
  return *reinterpret_cast<ExternalHeader*>(data - sizeof(ExternalHeader));
}

}  // namespace nacre
