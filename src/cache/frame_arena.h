// frame_arena.h - hands out frames of pages by size class, and says which page has become empty.
//
// Every span that has room is in one list: that of its class, or that of the empty spans, which
// serve any class. A page whose frames are all free leaves the arena at once.
//
// THREADS    one at a time: the cache's mutex.
// OWNS       nothing: pages come by add() and leave by give_back().
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "cache/page_layout.h"

namespace nacre {

class FrameArena {
 public:
  /// Takes in a page with any content.
  void add(char* memory, CacheCore* core);
  /// A frame with one holder and poisoned bytes; null when neither the class nor an empty span has
  /// room.
  Frame* take(unsigned size_class);
  /// Takes back a frame without holders. Returns the page when it has become empty: it is then the
  /// caller's.
  char* give_back(Frame& frame);

  /// From now on what is freed in it is not handed out: a page leaves when its last frame is free,
  /// a span becomes empty and serves any class.
  void close(Page& page);
  void close(Span& span);
  /// The page whose loss hurts least, among those not closing; of the coldest few the one with the
  /// fewest pinned frames. Null when there is none.
  Page* coldest_page() const;
  /// Looks at some spans, others each time, and returns the coldest that holds nothing pinned.
  Span* coldest_span();

  template <typename Visit>
  static void each_live(Span& span, Visit&& visit) {
    Page& page = page_of(&span);
    const auto number = static_cast<std::size_t>(&span - page.spans);
    for (std::size_t i = 0; i < span.carved; ++i) {
      Frame& frame = frame_at(page, number, i);
      if (frame.holders.load(std::memory_order_relaxed) != 0) visit(frame);
    }
  }

  std::size_t page_count() const { return pages_.size(); }
  /// Frames that are live, and frames that could be handed out from spans that have a class.
  std::size_t live() const { return live_; }
  std::size_t live(unsigned size_class) const { return classes_[size_class].live; }
  std::size_t free() const { return free_; }
  std::size_t free(unsigned size_class) const { return classes_[size_class].free; }
  bool has_empty_span() const { return empty_ != nullptr; }

 private:
  struct SizeClass {
    Span* spans = nullptr;  // with room
    std::size_t live = 0;
    std::size_t free = 0;
  };

  static void link(Span*& list, Span& span);
  static void unlink(Span*& list, Span& span);
  Frame& carve(Span& span) const;
  /// Takes a span out of whichever list it is in, and its free frames out of the counts.
  void withdraw(Span& span);
  void make_empty(Span& span);

  std::vector<Page*> pages_;
  std::array<SizeClass, kSizeClassCount> classes_;
  Span* empty_ = nullptr;
  std::size_t live_ = 0;
  std::size_t free_ = 0;
  std::uint64_t spans_given_ = 0;
  std::size_t next_page_ = 0;  // where coldest_span() goes on
};

}  // namespace nacre
