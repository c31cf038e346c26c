#include "cache/frame_arena.h"

#include <algorithm>
#include <new>

#include "base/check.h"
#include "base/poison.h"

namespace nacre {

namespace {

constexpr std::size_t kCandidatePages = 8;

/// What would be lost, as a share of the span: 16 when it is full of frames on probation, 48 when
/// all are in the main queue, as those were used again.
std::size_t heat(const Span& span) {
  if (span.live == 0) return 0;
  return (span.live + std::size_t{2} * span.main) * 16 / frames_per_span(span.size_class);
}

bool colder(const Span& a, const Span& b) {
  const std::size_t heat_a = heat(a);
  const std::size_t heat_b = heat(b);
  return heat_a != heat_b ? heat_a < heat_b : a.given < b.given;
}

std::size_t heat(const Page& page) {
  std::size_t sum = 0;
  for (const Span& span : page.spans) sum += heat(span);
  return sum;
}

std::size_t room_in(const Span& span) { return frames_per_span(span.size_class) - span.live; }

std::size_t pinned_in(Span& span) {
  std::size_t pinned = 0;
  FrameArena::each_live(span, [&](Frame& frame) {
    pinned += frame.slot() == nullptr || frame.pinned();  // no slot: a buffer, or waits for readers
  });
  return pinned;
}

std::size_t pinned_in(Page& page) {
  std::size_t pinned = 0;
  for (Span& span : page.spans) pinned += pinned_in(span);
  return pinned;
}

}  // namespace

void FrameArena::link(Span*& list, Span& span) {
  NACRE_DCHECK(!span.listed);
  span.prev = nullptr;
  span.next = list;
  if (list != nullptr) list->prev = &span;
  list = &span;
  span.listed = true;
}

void FrameArena::unlink(Span*& list, Span& span) {
  NACRE_DCHECK(span.listed);
  (span.prev != nullptr ? span.prev->next : list) = span.next;
  if (span.next != nullptr) span.next->prev = span.prev;
  span.listed = false;
}

void FrameArena::add(char* memory, CacheCore* core) {
  Page* const page = new (memory) Page;
  page->core = core;
  page->index = static_cast<std::uint32_t>(pages_.size());
  pages_.push_back(page);
  for (Span& span : page->spans) link(empty_, span);
  poison(memory + kDataOffset, kPageBytes - kDataOffset);
}

Frame& FrameArena::carve(Span& span) const {
  Page& page = page_of(&span);
  const auto number = static_cast<std::size_t>(&span - page.spans);
  return *new (&frame_at(page, number, span.carved++)) Frame;
}

Frame* FrameArena::take(unsigned size_class) {
  SizeClass& counts = classes_[size_class];
  if (counts.spans == nullptr) {
    if (empty_ == nullptr) return nullptr;
    Span& fresh = *empty_;
    unlink(empty_, fresh);
    fresh.size_class = static_cast<std::uint16_t>(size_class);
    fresh.given = ++spans_given_;
    link(counts.spans, fresh);
    counts.free += frames_per_span(size_class);
    free_ += frames_per_span(size_class);
  }
  Span& span = *counts.spans;
  Frame* frame = span.free;
  if (frame != nullptr) {
    span.free = frame->older;
  } else {
    frame = &carve(span);
  }
  ++span.live;
  ++page_of(&span).live;
  ++counts.live;
  ++live_;
  --counts.free;
  --free_;
  if (room_in(span) == 0) unlink(counts.spans, span);
  frame->holders.store(1, std::memory_order_relaxed);
  frame->size = 0;
  frame->slot_and_queue = 0;
  frame->newer = frame->older = nullptr;
  return frame;
}

void FrameArena::withdraw(Span& span) {
  if (!span.listed) return;
  if (span.size_class == Span::kNoClass) {
    unlink(empty_, span);
    return;
  }
  SizeClass& counts = classes_[span.size_class];
  unlink(counts.spans, span);
  counts.free -= room_in(span);
  free_ -= room_in(span);
}

void FrameArena::make_empty(Span& span) {
  span = Span();
  link(empty_, span);
}

char* FrameArena::give_back(Frame& frame) {
  NACRE_DCHECK(frame.holders.load(std::memory_order_relaxed) == 0);
  Page& page = page_of(&frame);
  Span& span = span_of(frame);
  SizeClass& counts = classes_[span.size_class];
  poison(data_of(frame), stride_of(span.size_class));
  const bool reusable = !span.closing && !page.closing;
  if (reusable && !span.listed) link(counts.spans, span);
  frame.older = span.free;
  span.free = &frame;
  --span.live;
  --page.live;
  --counts.live;
  --live_;
  counts.free += reusable;
  free_ += reusable;
  if (page.live == 0) {
    close(page);
    pages_.back()->index = page.index;
    pages_[page.index] = pages_.back();
    pages_.pop_back();
    unpoison(&page, kPageBytes);
    return reinterpret_cast<char*>(&page);
  }
  if (span.live == 0 && !page.closing) {
    withdraw(span);
    make_empty(span);
  }
  return nullptr;
}

void FrameArena::close(Page& page) {
  if (page.closing) return;
  for (Span& span : page.spans) withdraw(span);
  page.closing = true;
}

void FrameArena::close(Span& span) {
  withdraw(span);
  span.closing = true;
}

Page* FrameArena::coldest_page() const {
  std::vector<Page*> candidates;
  std::copy_if(pages_.begin(), pages_.end(), std::back_inserter(candidates),
               [](const Page* page) { return !page->closing; });
  const auto end = candidates.begin() +
                   static_cast<std::ptrdiff_t>(std::min(kCandidatePages, candidates.size()));
  std::partial_sort(candidates.begin(), end, candidates.end(),
                    [](const Page* a, const Page* b) { return heat(*a) < heat(*b); });
  Page* best = nullptr;
  std::size_t fewest = 0;
  for (auto page = candidates.begin(); page != end; ++page) {
    const std::size_t pinned = pinned_in(**page);
    if (best == nullptr || pinned < fewest) {
      best = *page;
      fewest = pinned;
    }
    if (fewest == 0) break;
  }
  return best;
}

Span* FrameArena::coldest_span() {
  Span* best = nullptr;
  for (std::size_t i = 0; i < std::min(kCandidatePages, pages_.size()); ++i) {
    Page& page = *pages_[next_page_++ % pages_.size()];
    if (page.closing) continue;
    for (Span& span : page.spans) {
      if (span.closing || span.live == 0) continue;
      if (best != nullptr && !colder(span, *best)) continue;
      if (pinned_in(span) == 0) best = &span;
    }
  }
  return best;
}

}  // namespace nacre
