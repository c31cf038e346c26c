#include "cache/page_layout.h"

#include <gtest/gtest.h>

namespace nacre {
namespace {

TEST(PageLayout, ClassesFitAndWasteAtMostAnEighth) {
  for (std::size_t bytes = 1; bytes <= kFrameBytesMax; ++bytes) {
    const unsigned size_class = size_class_of(bytes);
    ASSERT_LT(size_class, kSizeClassCount) << bytes;
    const std::size_t capacity = capacity_of(size_class);
    ASSERT_GE(capacity, bytes);
    if (bytes <= kFrameBytesMin) continue;
    ASSERT_LT(capacity_of(size_class - 1), bytes) << "a smaller class would do";
    ASSERT_LE((capacity - bytes) * 8, bytes) << bytes;
  }
}

TEST(PageLayout, SpansWasteAtMostAnEighth) {
  for (unsigned size_class = 0; size_class < kSizeClassCount; ++size_class) {
    const std::size_t frames = frames_per_span(size_class);
    EXPECT_LE(frames, kFramesPerSpanMax);
    EXPECT_GE(frames * capacity_of(size_class) * 8, kSpanBytes * 7) << capacity_of(size_class);
  }
}

TEST(PageLayout, BlocksOf4096FillTheirFrames) {
  EXPECT_EQ(capacity_of(size_class_of(4096)), 4096u);
  EXPECT_EQ(frames_per_span(size_class_of(4096)) * kSpansPerPage, 496u);
}

TEST(PageLayout, NeighboursStartInDifferentCacheSets) {
  for (unsigned size_class = 0; size_class < kSizeClassCount; ++size_class) {
    EXPECT_EQ(stride_of(size_class) / kFrameAlignment % 2, 1u);
  }
}

TEST(PageLayout, HeaderAndBytesLeadToEachOther) {
  PagePool pool;
  char* const memory = pool.take();
  Page& page = *new (memory) Page;
  for (unsigned size_class = 0; size_class < kSizeClassCount; size_class += 4) {
    for (std::size_t span = 0; span < kSpansPerPage; ++span) {
      page.spans[span].size_class = static_cast<std::uint16_t>(size_class);
      const char* const begin = memory + kDataOffset + span * kSpanBytes;
      for (std::size_t i = 0; i < frames_per_span(size_class); ++i) {
        Frame& frame = frame_at(page, span, i);
        char* const data = data_of(frame);
        ASSERT_EQ(&frame_of(data), &frame);
        ASSERT_EQ(&page_of(data), &page);
        ASSERT_EQ(&span_of(frame), &page.spans[span]);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(data) % kFrameAlignment, 0u);
        ASSERT_GE(data, begin + i * capacity_of(size_class));
        ASSERT_LE(data + capacity_of(size_class), begin + kSpanBytes);
      }
    }
  }
  pool.give_back(memory);
}

}  // namespace
}  // namespace nacre
