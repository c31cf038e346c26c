#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
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
  // Two threads meet before each empty histogram, and then both want to make the same row of it.
  constexpr std::size_t kRounds = 20'000;
  std::vector<Histogram> histograms(kRounds);
  std::atomic<std::size_t> arrived{0};
  const auto record_in_all = [&](std::uint64_t value) {
    for (std::size_t round = 0; round < kRounds; ++round) {
      arrived.fetch_add(1);
      for (int spins = 0; arrived.load() < 2 * (round + 1); ++spins) {
        if (spins > 1'000) std::this_thread::yield();  // the other one has no processor
      }
      histograms[round].record(value);
    }
  };
  std::thread other(record_in_all, 1'000);
  record_in_all(1'004);
  other.join();
  for (const Histogram& histogram : histograms) {
    ASSERT_EQ(histogram.count(), 2U);
    ASSERT_EQ(histogram.sum(), 2'004U);
    ASSERT_EQ(histogram.percentile(50), 1'002U);  // the middle of 1000 .. 1003
    ASSERT_EQ(histogram.percentile(99), 1'004U);
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
