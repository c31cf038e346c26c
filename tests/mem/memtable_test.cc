#include "mem/memtable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/limits.h"
#include "mem/mem_world.h"

namespace nacre {
namespace {

using test::MemWorld;

void add(Memtable& memtable, std::string_view key, Seq seq, std::string_view value,
         Kind kind = Kind::kPut) {
  memtable.add(make_trailer(seq, kind), key, value, hash64(key, 7));
}

std::optional<Entry> get(const Memtable& memtable, std::string_view key, Seq seq = kSeqMax) {
  Entry entry;
  if (!memtable.get(key, hash64(key, 7), seq, &entry)) return std::nullopt;
  return entry;
}

TEST(Memtable, AnEmptyOneAnswersNothing) {
  MemWorld world;
  const Memtable memtable(world.budget, world.pages);
  EXPECT_FALSE(get(memtable, "a"));
  EXPECT_FALSE(get(memtable, ""));
  EXPECT_TRUE(memtable.empty());
  EXPECT_EQ(memtable.common_prefix(), "");
  const auto cursor = memtable.cursor();
  for (const auto move : {&EntryCursor::first, &EntryCursor::last}) {
    (cursor.get()->*move)();
    EXPECT_FALSE(cursor->valid());
  }
  cursor->seek("a", read_trailer(kSeqMax));
  EXPECT_FALSE(cursor->valid());
  cursor->seek_before("a", read_trailer(kSeqMax));
  EXPECT_FALSE(cursor->valid());
  EXPECT_TRUE(cursor->status().ok());
}

TEST(Memtable, AnIdleOneIsSmall) {
  MemWorld world;
  Memtable memtable(world.budget, world.pages);
  EXPECT_LE(memtable.memory_bytes() + sizeof memtable, 6U << 10);
  add(memtable, "key", 1, "value");
  EXPECT_LE(memtable.memory_bytes() + sizeof memtable, 6U << 10);
}

TEST(Memtable, EverySeqSeesItsVersionWhateverTheOrderOfArrival) {
  MemWorld world;
  std::vector<Seq> seqs = {10, 20, 30, 40};
  do {
    Memtable memtable(world.budget, world.pages);
    for (const Seq seq : seqs) {
      add(memtable, "key", seq, std::to_string(seq), seq == 30 ? Kind::kDelete : Kind::kPut);
    }
    for (Seq seq = 0; seq <= 50; ++seq) {
      const auto entry = get(memtable, "key", seq);
      const Seq expected = std::min<Seq>(seq / 10 * 10, 40);
      ASSERT_EQ(entry.has_value(), seq >= 10);
      if (!entry) continue;
      EXPECT_EQ(seq_of(entry->trailer), expected);
      EXPECT_EQ(kind_of(entry->trailer), expected == 30 ? Kind::kDelete : Kind::kPut);
      EXPECT_EQ(entry->value, std::to_string(expected));
      EXPECT_EQ(entry->key, "key");
    }
  } while (std::next_permutation(seqs.begin(), seqs.end()));
}

TEST(Memtable, NeighboursWithTheSameHeadAreOtherKeys) {
  MemWorld world;
  Memtable memtable(world.budget, world.pages);
  const std::vector<std::string> keys = {"",
                                         std::string(1, '\0'),
                                         std::string(9, '\0'),
                                         "a",
                                         std::string("a\0", 2),
                                         std::string("a\0\0", 3),
                                         std::string(8, '\xff'),
                                         std::string(20, '\xff')};
  for (std::size_t i = 0; i < keys.size(); i += 2) add(memtable, keys[i], i + 1, keys[i] + "!");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto entry = get(memtable, keys[i]);
    ASSERT_EQ(entry.has_value(), i % 2 == 0) << i;
    if (entry) {
      EXPECT_EQ(entry->value, keys[i] + "!");
    }
  }
}

TEST(Memtable, TakesTheLargestKeysAndValues) {
  MemWorld world;
  {
    Memtable memtable(world.budget, world.pages);
    const std::string long_a(kKeyBytesMax, 'k');
    const std::string long_b = long_a.substr(1) + "l";
    const std::string value(10 << 20, 'v');
    add(memtable, long_b, 1, value);
    add(memtable, long_a, 2, "small");
    EXPECT_EQ(get(memtable, long_b)->value, value);
    EXPECT_EQ(get(memtable, long_a)->value, "small");
    const auto cursor = memtable.cursor();
    cursor->first();
    EXPECT_EQ(cursor->entry().key, long_a);
    cursor->next();
    EXPECT_EQ(cursor->entry().key, long_b);
    EXPECT_GE(memtable.memory_bytes(), value.size());
    EXPECT_LT(memtable.memory_bytes(), value.size() + (1 << 20));
  }
  EXPECT_EQ(world.budget.used(), 0U);
}

TEST(Memtable, CountsWhatItHoldsAndGivesItBack) {
  MemWorld world;
  {
    Memtable memtable(world.budget, world.pages);
    for (Seq seq = 1; seq <= 50'000; ++seq) {
      add(memtable, std::to_string(seq * 7919 % 100'003), seq, "0123456789",
          seq % 10 == 0 ? Kind::kDelete : Kind::kPut);
      ASSERT_EQ(world.budget.used(MemoryUse::kMemtable), memtable.memory_bytes());
    }
    EXPECT_EQ(memtable.entries(), 50'000U);
    EXPECT_EQ(memtable.deletes(), 5'000U);
    EXPECT_FALSE(memtable.empty());
    EXPECT_GT(memtable.data_bytes(), 50'000U * (24 + 10));
    EXPECT_LT(memtable.data_bytes(), 50'000U * (24 + 10 + 7));
    EXPECT_GE(memtable.memory_bytes(), memtable.data_bytes());
    EXPECT_LE(memtable.memory_bytes(), 3 * memtable.data_bytes());
  }
  EXPECT_EQ(world.budget.used(), 0U);
}

TEST(Memtable, KnowsTheCommonPrefix) {
  MemWorld world;
  Memtable memtable(world.budget, world.pages, "wrong");
  add(memtable, "user17", 1, "");
  EXPECT_EQ(memtable.common_prefix(), "user17");
  for (int i = 100; i < 1000; ++i) add(memtable, "user" + std::to_string(i), 1, "");
  EXPECT_EQ(memtable.common_prefix(), "user");
  add(memtable, "admin", 1, "");
  EXPECT_EQ(memtable.common_prefix(), "");
  EXPECT_TRUE(get(memtable, "admin"));
  EXPECT_TRUE(get(memtable, "user17"));
}

}  // namespace
}  // namespace nacre
