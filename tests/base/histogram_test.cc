#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <limits>
#include <thread>
#include <vector>

#include "base/random.h"

namespace nacre {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(Histogram, EmptyIsAllZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.percentile(50), 0U);
  EXPECT_EQ(histogram.max(), 0U);
}

TEST(Histogram, SmallValuesAreExact) {
  for (std::uint64_t value = 0; value < 256; ++value) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(value);
    histogram.record(1'000'000);  // so that max() can't help
    EXPECT_EQ(histogram.percentile(50), value);
  }
}

TEST(Histogram, EveryMagnitudeIsWithinOneIn256) {
  for (int bits = 0; bits < 64; ++bits) {
    for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, kMax, kMax >> 3}) {
      const std::uint64_t value = (std::uint64_t{1} << bits) + step % (std::uint64_t{1} << bits);
      Histogram histogram;
      histogram.record(value);
      histogram.record(kMax);
      const std::uint64_t got = histogram.percentile(50);
      const std::uint64_t off = got > value ? got - value : value - got;
      EXPECT_LE(off, value / 256) << value << " came back as " << got;
      EXPECT_EQ(histogram.max(), kMax);
    }
  }
}

TEST(Histogram, PercentilesAgreeWithSortedValues) {
  Random random(42);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(random.next() >> random.below(60));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto share = percent / 100 * static_cast<double>(values.size());
    const std::size_t rank = std::max<std::size_t>(1, static_cast<std::size_t>(share));
    const std::uint64_t expected = values[rank - 1];
    const std::uint64_t got = histogram.percentile(percent);
    const std::uint64_t off = got > expected ? got - expected : expected - got;
    EXPECT_LE(off, expected / 256) << percent << "%: " << expected << " came back as " << got;
  }
  EXPECT_EQ(histogram.percentile(100), values.back());
}

TEST(Histogram, MergeEqualsRecordingAllInOne) {
  Histogram a;
  Histogram b;
  Histogram both;
  Random random(3);
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t value = random.below(1 << 20);
    (i % 3 == 0 ? a : b).record(value);
    both.record(value);
  }
  a.merge(b);
  EXPECT_EQ(a.render_nanos(), both.render_nanos());
  EXPECT_EQ(a.sum(), both.sum());
  a.clear();
  EXPECT_EQ(a.render_nanos(), Histogram().render_nanos());
}

TEST(Histogram, ThreadsLoseNothing) {
  Histogram histogram;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 10'000; ++i) histogram.record(t * 1'000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.count(), 40'000U);
  EXPECT_EQ(histogram.sum(), 100'000'000U);
  EXPECT_EQ(histogram.mean(), 2'500);
  EXPECT_EQ(histogram.max(), 4'000U);
  EXPECT_EQ(histogram.percentile(25), 1'002U);  // the middle of 1000 .. 1003
}

TEST(Histogram, ThreadsThatRecordFirstAtOnceLoseNothing) {
  // Every round begins with an empty histogram and all threads at one line, and all of them want
  // the same rows: two threads meet at each, and two are one row ahead of them.
  constexpr std::uint64_t kThreads = 4;
  constexpr std::size_t kRounds = 200;
  std::vector<Histogram> histograms(kRounds);
  std::barrier line(kThreads);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (Histogram& histogram : histograms) {
        line.arrive_and_wait();
        for (std::uint64_t i = 0; i < 64; ++i) {
          histogram.record(std::uint64_t{1} << ((i + t / 2) % 64));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Histogram& histogram : histograms) {
    ASSERT_EQ(histogram.count(), 64 * kThreads);
    ASSERT_EQ(histogram.sum(), kThreads * kMax);
    for (std::uint64_t i = 0; i < 64; ++i) {
      // The share of the values up to 2^i, less half of those at 2^i: its percentile is 2^i.
      const double percent = (static_cast<double>(i) + 0.5) / 64 * 100;
      const std::uint64_t value = std::uint64_t{1} << i;
      const std::uint64_t got = histogram.percentile(percent);
      ASSERT_GE(got, value);
      ASSERT_LE(got - value, value / 256);
    }
  }
}

TEST(Histogram, AnEmptyOneIsSmall) {
  // A store holds three, and a process may hold thousands of stores.
  EXPECT_LE(sizeof(Histogram), 512U);
}

TEST(Histogram, RendersForPeople) {
  Histogram histogram;
  for (std::uint64_t i = 1; i <= 1'000; ++i) histogram.record(i * 100);
  EXPECT_EQ(histogram.render_nanos(),
            "count 1000 mean 50.0 us p50 50.0 us p90 89.9 us p99 99.1 us p99.9 100.0 us "
            "max 100.0 us");
}

}  // namespace
}  // namespace nacre
