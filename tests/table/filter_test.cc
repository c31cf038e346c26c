#include "table/filter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "table/table_fakes.h"

namespace nacre {
namespace {

Filter load_filter(std::string_view section, VectorPath path = best_path()) {
  Filter filter = Filter::allocate(section.size());
  std::copy(section.begin(), section.end(), filter.buffer().begin());
  EXPECT_TRUE(filter.accept(path).ok());
  return filter;
}

std::uint64_t hash_of(std::uint64_t number) { return hash64(std::to_string(number), 99); }

TEST(Filter, GoldenBytes) {
  FilterBuilder builder(10);
  builder.add(0x4000000000000000);
  LargeString section;
  builder.finish(section);
  std::string expected;
  for (int i = 0; i < 7; ++i) expected += "0100000000000000";
  expected +=
      "0000010000000000"
      "0100000000000000"
      "01";
  EXPECT_EQ(to_hex(section), expected);
}

TEST(Filter, FindsEveryKeyOnEveryPath) {
  for (const std::uint64_t keys : {1, 7, 51, 52, 1000, 30'000}) {
    for (const std::uint32_t bits : {1, 10, 16}) {
      FilterBuilder builder(bits);
      for (std::uint64_t i = 0; i < keys; ++i) builder.add(hash_of(i));
      LargeString section;
      builder.finish(section);
      ASSERT_EQ(section.size(), builder.bytes());
      for (const VectorPath path : test::paths_here()) {
        const Filter filter = load_filter(section, path);
        EXPECT_EQ(filter.keys(), keys);
        for (std::uint64_t i = 0; i < keys; ++i) ASSERT_TRUE(filter.may_contain(hash_of(i)));
      }
    }
  }
}

TEST(Filter, PathsAgree) {
  FilterBuilder builder(8);
  for (std::uint64_t i = 0; i < 5000; ++i) builder.add(hash_of(i));
  LargeString section;
  builder.finish(section);
  const Filter portable = load_filter(section, VectorPath::kPortable);
  for (const VectorPath path : test::paths_here()) {
    const Filter filter = load_filter(section, path);
    for (std::uint64_t i = 0; i < 50'000; ++i) {
      ASSERT_EQ(filter.may_contain(hash_of(i)), portable.may_contain(hash_of(i))) << i;
    }
  }
}

TEST(Filter, FalsePositiveRateIsWhatTheBitsPromise) {
  struct Case {
    std::uint32_t bits;
    double least, most;
  };
  // Also a floor: a rate that is far too good would mean that the test asks nothing.
  for (const Case& c : {Case{8, 0.015, 0.040}, Case{10, 0.006, 0.013}, Case{14, 0.0008, 0.003}}) {
    constexpr std::uint64_t kKeys = 100'000;
    constexpr std::uint64_t kProbes = 400'000;
    FilterBuilder builder(c.bits);
    for (std::uint64_t i = 0; i < kKeys; ++i) builder.add(hash_of(i));
    LargeString section;
    builder.finish(section);
    const Filter filter = load_filter(section);
    std::uint64_t found = 0;
    for (std::uint64_t i = 0; i < kProbes; ++i) {
      found += filter.may_contain(hash_of(kKeys + i)) ? 1 : 0;
    }
    const double rate = static_cast<double>(found) / kProbes;
    EXPECT_GT(rate, c.least) << c.bits;
    EXPECT_LT(rate, c.most) << c.bits;
    RecordProperty("rate_at_" + std::to_string(c.bits), std::to_string(rate));
  }
}

TEST(Filter, VersionsOfOneKeyCountOnce) {
  FilterBuilder builder(10);
  for (int i = 0; i < 1000; ++i) builder.add(77);
  EXPECT_EQ(builder.keys(), 1U);
}

TEST(Filter, WithoutBitsThereIsNoFilter) {
  FilterBuilder builder(0);
  builder.add(1);
  EXPECT_EQ(builder.bytes(), 0U);
  EXPECT_TRUE(Filter().may_contain(1));
}

TEST(Filter, RefusesWrongSizesAndKinds) {
  for (const std::size_t size : {9, 10, 64, 72, 74, 128}) {
    Filter filter = Filter::allocate(size);
    std::fill(filter.buffer().begin(), filter.buffer().end(), '\1');
    EXPECT_EQ(filter.accept().code(), Code::kCorruption) << size;
  }
  Filter filter = Filter::allocate(73);
  std::fill(filter.buffer().begin(), filter.buffer().end(), '\2');
  EXPECT_EQ(filter.accept().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace nacre
