#include <gtest/gtest.h>

#include <set>

#include "bench_data.h"
#include "output.h"
#include "progress.h"
#include "table/compression.h"
#include "tree.h"

namespace nacre::tool {
namespace {

TEST(Progress, SaysHowFarAndHowLong) {
  EXPECT_EQ(progress_text("loading", 10 << 20, 40 << 20, 2.0),
            "loading  10.0 MiB of 40.0 MiB (25 %)  5.0 MiB/s  6 s left");
  EXPECT_EQ(progress_text("loading", 10 << 20, {}, 2.0), "loading  10.0 MiB  5.0 MiB/s");
  EXPECT_EQ(progress_text("loading", 0, 100, 0.0), "loading  0 B of 100 B (0 %)  0 B/s");
  EXPECT_EQ(progress_text("loading", 200, 100, 1.0),  // the file grew
            "loading  200 B of 100 B (100 %)  200 B/s  0 s left");
  EXPECT_EQ(progress_text("x", 1, 1 + 600, 1.0), "x  1 B of 601 B (0 %)  1 B/s  10 min left");
}

TEST(Numbers, ReadWell) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(counted(1, "table", "tables"), "1 table");
  EXPECT_EQ(counted(2, "table", "tables"), "2 tables");
}

TEST(Paint, IsPlainWhenOff) {
  EXPECT_EQ(Paint(false).bold("x"), "x");
  EXPECT_EQ(Paint(true).bold("x"), "\x1b[1mx\x1b[0m");
}

Tree small_tree() {
  Tree tree;
  LevelView zero{
      .level = 0, .tables = {}, .bytes = 100, .entries = 10, .deletes = 1, .data_bytes = 0};
  zero.tables.push_back({"000009.tbl", 60, 6, 1, 0, "a", std::string(1, '\xFF')});
  zero.tables.push_back({"000008.tbl", 40, 4, 0, 0, std::string(100, 'k'), "z"});
  LevelView six{
      .level = 6, .tables = {}, .bytes = 4000, .entries = 1, .deletes = 0, .data_bytes = 0};
  six.tables.push_back({"000003.tbl", 4000, 1, 0, 0, "m", "m"});
  tree.levels = {zero, six};
  return tree;
}

TEST(Tree, DrawsBarsToScale) {
  EXPECT_EQ(
      draw_bars(small_tree(), Paint(false)),
      "level 0  #                                              100 B  2 tables       "
      "10 entries, 1 delete\n"
      "level 6  ########################################     3.9 KiB  1 table        1 entry\n");
  EXPECT_EQ(draw_bars(Tree(), Paint(false)), "no tables\n");
}

TEST(Tree, DrawsTablesWithTheirRanges) {
  EXPECT_EQ(draw_tables(small_tree(), 20, Paint(false)),
            "level 0\n"
            "  000009.tbl        60 B  a .. \\xff  6 entries, 1 delete\n"
            "  000008.tbl        40 B  kkkkkkkkkkkkkkkkkkkkkkkkkkkkk... .. z  4 entries\n"
            "level 6\n"
            "  000003.tbl     3.9 KiB  m .. m  1 entry\n");
  EXPECT_NE(draw_tables(small_tree(), 1, Paint(false)).find("and 1 more"), std::string::npos);
}

TEST(BenchData, PermutationMeetsEachNumberOnce) {
  for (const std::uint64_t n : {1, 2, 3, 7, 64, 1000, 4097}) {
    const Permutation order(n, 42);
    std::set<std::uint64_t> met;
    std::uint64_t in_place = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t at = order(i);
      ASSERT_LT(at, n);
      met.insert(at);
      in_place += at == i ? 1 : 0;
    }
    EXPECT_EQ(met.size(), n);
    if (n >= 1000) {
      EXPECT_LT(in_place, n / 100);
    }
  }
}

TEST(BenchData, KeysSortAsTheirNumbersAndAbsentOnesLieBetween) {
  EXPECT_EQ(KeyMaker::bytes_needed(1'000'000), 7U);
  const KeyMaker keys(8);
  std::string before, between, after;
  keys.present(4, before);
  keys.absent(4, between);
  keys.present(5, after);
  EXPECT_EQ(before, "00000008");
  EXPECT_EQ(between, "00000009");
  EXPECT_EQ(after, "00000010");
}

TEST(BenchData, ValuesHalveAndComeAgain) {
  for (const std::uint32_t bytes : {100U, 1000U, 5000U}) {
    const ValuePool values(bytes, 7);
    const ValuePool same(bytes, 7);
    std::string block;
    std::uint64_t pick = 3;
    while (block.size() < 64'000) {
      EXPECT_EQ(values.value(pick), same.value(pick));
      block += values.value(pick);
      pick = pick * 6364136223846793005U + 1;
    }
    const std::size_t packed = Compressor(Codec::kLz4).compress(block).bytes.size();
    EXPECT_GT(packed, block.size() * 45 / 100) << bytes;
    EXPECT_LT(packed, block.size() * 60 / 100) << bytes;
  }
  EXPECT_EQ(ValuePool(0, 7).value(12345), "");
}

}  // namespace
}  // namespace nacre::tool
