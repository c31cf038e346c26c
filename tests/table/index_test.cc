#include "table/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "base/text.h"
#include "table/head_tree.h"
#include "table/table_fakes.h"

namespace nacre {
namespace {

TEST(HeadTree, RankAgreesWithABinarySearch) {
  Random random(11);
  constexpr std::uint64_t kHeadMax = std::numeric_limits<std::uint64_t>::max();
  for (const std::size_t count : {0, 1, 2, 15, 16, 17, 255, 256, 257, 4095, 4096, 4097, 70'000}) {
    for (const std::uint64_t range : {std::uint64_t{5}, std::uint64_t{1000}, kHeadMax}) {
      std::vector<std::uint64_t> heads(count);
      for (std::uint64_t& head : heads) {
        head = random.one_in(50) ? kHeadMax - random.below(2) : random.below(range);
      }
      std::sort(heads.begin(), heads.end());
      const HeadTree tree(heads);
      ASSERT_EQ(tree.count(), count);
      for (int i = 0; i < 1000; ++i) {
        std::uint64_t head = random.one_in(20) ? kHeadMax - random.below(2) : random.below(range);
        if (count > 0 && random.one_in(2)) head = heads[random.below(count)] + random.below(2);
        const auto rank = std::lower_bound(heads.begin(), heads.end(), head) - heads.begin();
        ASSERT_EQ(tree.rank(head), rank) << count << " " << head;
      }
    }
  }
}

TEST(Index, ShortestSeparator) {
  struct Case {
    std::string_view last, next, separator;
  };
  for (const Case& c : {
           Case{"abcdef", "abzz", "abd"},
           Case{"abc", "abd", "abc"},    // "abd" itself is taken
           Case{"abcx", "abd", "abcy"},  // so one byte more of last
           Case{"abcx", "abdq", "abd"},  // but here it is free
           Case{"ab", "abc", "ab"},      // last is a prefix of next
           Case{"", "a", ""},
           Case{"a\xff\xffq", "b", "a\xff\xffr"},
           Case{"a\xff\xff", "b", "a\xff\xff"},
           Case{"user0041", "user0107", "user01"},
       }) {
    EXPECT_EQ(shortest_separator(c.last, c.next), c.separator) << escape(c.last);
  }
  Random random(12);
  for (int i = 0; i < 20'000; ++i) {
    std::string keys[2];
    for (std::string& key : keys) {
      for (std::size_t n = random.below(5); n > 0; --n) {
        key += "a\xfe\xff\0"[random.below(4)];
      }
    }
    if (keys[0] == keys[1]) continue;
    const auto& [last, next] = std::minmax(keys[0], keys[1]);
    const std::string separator = shortest_separator(last, next);
    EXPECT_LE(last, separator);
    EXPECT_LT(separator, next);
    EXPECT_LE(separator.size(), last.size());
  }
}

TEST(Index, GoldenBytes) {
  IndexBuilder builder;
  builder.add(100, 3, false, "kb");
  builder.add(300, 5, false, "kx");
  LargeString section;
  builder.finish(section);
  EXPECT_EQ(to_hex(section), "02016b64060162ac020a0178");
  const TableIndex index = TableIndex::decode(section, 400).value();
  EXPECT_EQ(index.count(), 2U);
  EXPECT_EQ(index.offset(1), 100U);
  EXPECT_EQ(index.stored_bytes(1), 300U);
  EXPECT_EQ(index.entries(0), 3U);
  EXPECT_EQ(index.entries(1), 5U);
  EXPECT_EQ(index.prefix(), "k");
  EXPECT_EQ(index.separator_suffix(1), "x");
}

/// Separators that tie in their heads, end in zeros, and share long prefixes.
std::vector<std::string> awkward_keys(Random& random, std::size_t count, const char* prefix) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    std::string key = prefix;
    if (random.one_in(2)) key += "12345678";
    for (std::size_t n = random.below(6); n > 0; --n) key += "\0\1ab\xff"[random.below(5)];
    keys.push_back(std::move(key));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

TEST(Index, FindAgreesWithABinarySearchOfWholeKeys) {
  Random random(13);
  for (const std::size_t count : {1, 2, 20, 500}) {
    for (const char* prefix : {"", "p", "a long shared prefix/"}) {
      const auto separators = awkward_keys(random, count, prefix);
      IndexBuilder builder;
      for (const std::string& separator : separators) builder.add(20, 1, false, separator);
      LargeString section;
      builder.finish(section);
      const auto index = TableIndex::decode(section, 20 * separators.size());
      ASSERT_TRUE(index.ok()) << index.status().to_string();
      auto probes = awkward_keys(random, 300, prefix);
      for (const char* other : {"", "a", "p", "q", "a long", "a long shared prefix0", "\xff"}) {
        probes.emplace_back(other);
      }
      probes.insert(probes.end(), separators.begin(), separators.end());
      for (const std::string& probe : probes) {
        const auto expected =
            std::lower_bound(separators.begin(), separators.end(), probe) - separators.begin();
        ASSERT_EQ(index->find(probe), expected) << escape(probe);
        for (const std::uint32_t i : {0U, index->count() - 1}) {
          const int order = separators[i].compare(probe);
          const int said = index->compare_separator(i, probe);
          ASSERT_EQ(order < 0, said < 0);
          ASSERT_EQ(order == 0, said == 0);
        }
      }
    }
  }
}

TEST(Index, ASpilledKeyIsFoundInItsFirstBlock) {
  IndexBuilder builder;
  builder.add(20, 1, false, "a");
  builder.add(20, 9, true, "hot");
  builder.add(20, 9, true, "hot");
  builder.add(20, 2, false, "hot");
  builder.add(20, 1, false, "z");
  LargeString section;
  builder.finish(section);
  const TableIndex index = TableIndex::decode(section, 100).value();
  EXPECT_EQ(index.find("hot"), 1U);
  EXPECT_EQ(index.find("hot\1"), 4U);
  EXPECT_TRUE(index.spills(1) && index.spills(2) && !index.spills(3));
  EXPECT_EQ(index.entries(2), 9U);
}

TEST(Index, RefusesWhatNoBuilderWrites) {
  const auto code = [](std::string_view hex, std::uint64_t data_bytes) {
    const auto index = TableIndex::decode(from_hex(hex).value(), data_bytes);
    return index.status().code();
  };
  EXPECT_EQ(code("02016b64060162ac020a0178", 400), Code::kOk);
  EXPECT_EQ(code("02016b64060162ac020a0178", 401), Code::kCorruption) << "does not fill the file";
  EXPECT_EQ(code("02016b64060162ac020a0178", 399), Code::kCorruption);
  EXPECT_EQ(code("02016b64060162ac020a017800", 400), Code::kCorruption) << "bytes left over";
  EXPECT_EQ(code("02016b64060162ac020a0162", 400), Code::kCorruption) << "equal, without spill";
  EXPECT_EQ(code("02016b64060162ac020a0161", 400), Code::kCorruption) << "descending";
  EXPECT_EQ(code("02016b64000162ac020a0178", 400), Code::kCorruption) << "block without entries";
  EXPECT_EQ(code("02016b64060162ac020b0178", 400), Code::kCorruption) << "spills into nothing";
  EXPECT_EQ(code("02016b0d060162ac020a0178", 313), Code::kCorruption) << "block without bytes";
  EXPECT_EQ(code("0000", 0), Code::kCorruption);
  EXPECT_EQ(code("", 0), Code::kCorruption);
  EXPECT_EQ(code("ffffffff0f00", 400), Code::kCorruption) << "count larger than the section";
}

TEST(Index, SurvivesAnyBytes) {
  Random random(14);
  IndexBuilder builder;
  for (const std::string& key : awkward_keys(random, 40, "k")) builder.add(20, 1, false, key);
  LargeString section;
  builder.finish(section);
  const std::uint64_t data = std::uint64_t{20} * builder.count();
  for (int i = 0; i < 20'000; ++i) {
    LargeString bad = section;
    for (std::size_t n = 1 + random.below(3); n > 0; --n) {
      bad[random.below(bad.size())] = static_cast<char>(random.next());
    }
    if (random.one_in(4)) bad.resize(random.below(bad.size()));
    const auto index = TableIndex::decode(bad, data);
    if (!index.ok()) continue;
    for (const char* key : {"", "k", "k12345678", "k\xff", "z"}) {
      const std::uint32_t at = index->find(key);
      EXPECT_TRUE(at == index->count() || index->compare_separator(at, key) >= 0);
      EXPECT_TRUE(at == 0 || index->compare_separator(at - 1, key) < 0);
    }
  }
}

}  // namespace
}  // namespace nacre
