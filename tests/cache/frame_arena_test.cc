#include "cache/frame_arena.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace nacre {
namespace {

class FrameArenaTest : public testing::Test {
 protected:
  void add_page() { arena_.add(pool_.take(), nullptr); }
  /// Returns true when a page left.
  bool give_back(Frame* frame) {
    frame->holders = 0;
    char* const page = arena_.give_back(*frame);
    if (page != nullptr) pool_.give_back(page);
    return page != nullptr;
  }
  std::vector<Frame*> take_all(unsigned size_class) {
    std::vector<Frame*> frames;
    while (Frame* frame = arena_.take(size_class)) frames.push_back(frame);
    return frames;
  }
  /// Pretends that it is in a slot, as it must be to count as evictable.
  void mark_inserted(Frame& frame) {
    frame.slot_and_queue = reinterpret_cast<std::uintptr_t>(&slot_);
  }

  PagePool pool_;
  FrameArena arena_;
  Slot slot_{0};
};

TEST_F(FrameArenaTest, WithoutPagesThereIsNothing) {
  EXPECT_EQ(arena_.take(0), nullptr);
  EXPECT_EQ(arena_.coldest_page(), nullptr);
  EXPECT_EQ(arena_.coldest_span(), nullptr);
}

TEST_F(FrameArenaTest, PageIsCutCompletelyAndLeavesWithItsLastFrame) {
  add_page();
  const unsigned size_class = size_class_of(4096);
  const std::vector<Frame*> frames = take_all(size_class);
  EXPECT_EQ(frames.size(), kSpansPerPage * frames_per_span(size_class));
  EXPECT_EQ(std::set<Frame*>(frames.begin(), frames.end()).size(), frames.size());
  EXPECT_EQ(arena_.live(), frames.size());
  for (std::size_t i = 0; i + 1 < frames.size(); ++i) ASSERT_FALSE(give_back(frames[i]));
  EXPECT_TRUE(give_back(frames.back()));
  EXPECT_EQ(arena_.page_count(), 0u);
  EXPECT_EQ(arena_.free(), 0u);
  EXPECT_FALSE(arena_.has_empty_span());
}

TEST_F(FrameArenaTest, OnePageServesManyClasses) {
  add_page();
  std::vector<Frame*> frames;
  for (unsigned i = 0; i < kSpansPerPage; ++i) frames.push_back(arena_.take(4 * i));
  for (const Frame* frame : frames) ASSERT_NE(frame, nullptr);
  EXPECT_EQ(arena_.take(32), nullptr) << "all spans have a class";
  EXPECT_FALSE(give_back(frames[3]));
  EXPECT_TRUE(arena_.has_empty_span());
  frames[3] = arena_.take(32);
  EXPECT_NE(frames[3], nullptr) << "the span that became empty serves another class";
  for (std::size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(give_back(frames[i]), i == 7);
}

TEST_F(FrameArenaTest, ClosedSpanServesAnyClassOnceEmpty) {
  add_page();
  const std::vector<Frame*> frames = take_all(0);
  Span& span = span_of(*frames[0]);
  arena_.close(span);
  for (Frame* frame : frames) {
    if (&span_of(*frame) != &span) continue;
    EXPECT_EQ(arena_.take(0), nullptr) << "a closed span hands out nothing";
    give_back(frame);
  }
  Frame* const other = arena_.take(32);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(&span_of(*other), &span);
  give_back(other);
  for (Frame* frame : frames) {
    if (&span_of(*frame) != &span) give_back(frame);
  }
  EXPECT_EQ(arena_.page_count(), 0u);
}

TEST_F(FrameArenaTest, ClosedPageHandsOutNothingAndLeaves) {
  add_page();
  Frame* const first = arena_.take(0);
  Frame* const second = arena_.take(0);
  arena_.close(page_of(first));
  EXPECT_EQ(arena_.take(0), nullptr);
  EXPECT_EQ(arena_.free(), 0u);
  EXPECT_EQ(arena_.coldest_page(), nullptr) << "it is on its way already";
  EXPECT_FALSE(give_back(second));
  EXPECT_EQ(arena_.take(0), nullptr);
  EXPECT_TRUE(give_back(first));
}

TEST_F(FrameArenaTest, ColdestHasFewFramesAndNothingPinned) {
  add_page();
  std::vector<Frame*> full = take_all(10);
  add_page();
  std::vector<Frame*> sparse = {arena_.take(10), arena_.take(20)};
  for (Frame* frame : full) mark_inserted(*frame);
  for (Frame* frame : sparse) mark_inserted(*frame);
  EXPECT_EQ(arena_.coldest_page(), &page_of(sparse[0]));
  EXPECT_EQ(&page_of(arena_.coldest_span()), &page_of(sparse[0]));
  sparse[0]->holders = 2;
  EXPECT_EQ(arena_.coldest_page(), &page_of(full[0])) << "the other has a pinned frame";
  EXPECT_EQ(arena_.coldest_span(), &span_of(*sparse[1]));
  sparse[1]->slot_and_queue = 0;  // a buffer that is being filled
  EXPECT_EQ(&page_of(arena_.coldest_span()), &page_of(full[0]));
  for (Frame* frame : full) give_back(frame);
  for (Frame* frame : sparse) give_back(frame);
}

TEST_F(FrameArenaTest, CountsAgreeWithAModel) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    std::minstd_rand random(seed);
    std::map<unsigned, std::vector<Frame*>> model;
    std::size_t live = 0;
    for (int i = 0; i < 20'000; ++i) {
      const auto size_class = static_cast<unsigned>(random() % 6 * 6);
      std::vector<Frame*>& frames = model[size_class];
      if (random() % 3 != 0) {
        Frame* frame = arena_.take(size_class);
        if (frame == nullptr && arena_.page_count() < 4) {
          add_page();
          frame = arena_.take(size_class);
        }
        if (frame == nullptr) continue;
        mark_inserted(*frame);
        frames.push_back(frame);
        ++live;
      } else if (!frames.empty()) {
        std::swap(frames[random() % frames.size()], frames.back());
        give_back(frames.back());
        frames.pop_back();
        --live;
      }
      if (random() % 512 == 0) {
        if (Span* span = arena_.coldest_span()) arena_.close(*span);
      }
      ASSERT_EQ(arena_.live(), live);
      ASSERT_EQ(arena_.live(size_class), frames.size());
    }
    std::size_t free = 0;
    for (unsigned i = 0; i < kSizeClassCount; ++i) free += arena_.free(i);
    EXPECT_EQ(arena_.free(), free);
    for (auto& [size_class, frames] : model) {
      for (Frame* frame : frames) give_back(frame);
    }
    EXPECT_EQ(arena_.page_count(), 0u);
    EXPECT_EQ(arena_.free(), 0u);
  }
}

}  // namespace
}  // namespace nacre
