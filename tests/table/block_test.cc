#include "table/block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "base/ids.h"
#include "base/text.h"
#include "table/block_builder.h"

namespace nacre {
namespace {

/// An entry that owns its bytes.
struct BlockRow {
  std::string key;
  Trailer trailer{};
  std::string value;

  Entry entry() const { return {key, trailer, value}; }
};

bool before(const BlockRow& a, const BlockRow& b) {
  return compare(a.key, a.trailer, b.key, b.trailer) < 0;
}

/// Puts rows in order and drops those that share key and trailer with another.
void sort_unique(std::vector<BlockRow>& rows) {
  std::sort(rows.begin(), rows.end(), before);
  const auto same = [](const BlockRow& a, const BlockRow& b) {
    return !before(a, b) && !before(b, a);
  };
  rows.erase(std::unique(rows.begin(), rows.end(), same), rows.end());
}

std::string build(const std::vector<BlockRow>& rows) {
  BlockBuilder builder;
  for (const BlockRow& row : rows) builder.add(row.entry());
  EXPECT_EQ(builder.entries(), rows.size());
  EXPECT_EQ(builder.first_key(), rows.front().key);
  EXPECT_EQ(builder.last_key(), rows.back().key);
  const std::size_t estimate = builder.size_estimate();
  const std::string block(builder.finish());
  EXPECT_GE(estimate, block.size());
  EXPECT_LE(estimate, block.size() + 4 * rows.size());
  return block;
}

BlockRow put(std::string key, Seq seq, std::string value) {
  return {std::move(key), make_trailer(seq, Kind::kPut), std::move(value)};
}
BlockRow remove(std::string key, Seq seq) {
  return {std::move(key), make_trailer(seq, Kind::kDelete), ""};
}

/// Every accessor of entry i says what `rows` say.
void check_entries(Block block, const std::vector<BlockRow>& rows) {
  ASSERT_EQ(block.count(), rows.size());
  Block::Rows shown;
  shown.enter(block);
  ASSERT_EQ(shown.count(), rows.size());
  Entry entry;
  std::string key;
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    ASSERT_EQ(block.key_size(i), rows[i].key.size()) << i;
    block.copy_key(i, key);
    ASSERT_EQ(key, rows[i].key) << i;
    shown.show(i, &entry);
    ASSERT_EQ(entry.key, rows[i].key) << i;
    ASSERT_EQ(raw(entry.trailer), raw(rows[i].trailer)) << i;
    ASSERT_EQ(entry.value, rows[i].value) << i;
    ASSERT_EQ(raw(block.trailer(i)), raw(rows[i].trailer)) << i;
    ASSERT_EQ(block.value(i), rows[i].value) << i;
    ASSERT_TRUE(rows[i].key.starts_with(block.prefix())) << i;
  }
}

/// Both searches for one place say what a search of `rows` says.
void check_search(Block block, const std::vector<BlockRow>& rows, const std::string& key, Seq seq) {
  const BlockRow target{key, read_trailer(seq), ""};
  const auto bound = std::lower_bound(rows.begin(), rows.end(), target, before);
  ASSERT_EQ(block.lower_bound(key, target.trailer), bound - rows.begin())
      << escape(key) << " at " << seq;
  Entry found;
  const bool expected = bound != rows.end() && bound->key == key;
  ASSERT_EQ(block.find(key, seq, &found), expected) << escape(key) << " at " << seq;
  if (!expected) return;
  ASSERT_EQ(found.key.data(), key.data());
  ASSERT_EQ(raw(found.trailer), raw(bound->trailer));
  ASSERT_EQ(found.value, bound->value);
}

void check_searches(Block block, const std::vector<BlockRow>& rows) {
  for (const BlockRow& row : rows) {
    const Seq seq = seq_of(row.trailer);
    for (const Seq at : {Seq{0}, seq - (seq > 0), seq, std::min(seq + 1, kSeqMax), kSeqMax}) {
      check_search(block, rows, row.key, at);
    }
    check_search(block, rows, row.key + '\0', seq);
    check_search(block, rows, row.key + '\xff', seq);
    if (row.key.empty()) continue;
    check_search(block, rows, row.key.substr(0, row.key.size() - 1), seq);
    for (const int step : {-1, 1}) {
      std::string key = row.key;
      key.back() = static_cast<char>(key.back() + step);
      check_search(block, rows, key, seq);
    }
    ASSERT_EQ(block.lower_bound(row.key, row.trailer), &row - rows.data());
  }
  check_search(block, rows, "", kSeqMax);
  check_search(block, rows, std::string(20, '\xff'), kSeqMax);
}

std::string check_round_trip(std::vector<BlockRow> rows) {
  sort_unique(rows);
  const std::string bytes = build(rows);
  EXPECT_EQ(Block::validate(bytes, "f", 0).to_string(), "ok");
  const Block block(bytes.data());
  check_entries(block, rows);
  check_searches(block, rows);
  return bytes;
}

TEST(Block, WorkedExample) {
  const std::string bytes = check_round_trip(
      {put("app", 9, "x"), put("apple", 12, "red"), remove("apple", 7), put("apricot", 8, "")});
  EXPECT_EQ(to_hex(bytes),
            "010002ff04000000"
            "0007000000000000"
            "0200000000000000"
            "0000000058000000"
            "5900000061700000"
            "0000007000656c70"
            "00656c706f636972"
            "0000000000000000"
            "0100000001000400"
            "0400040001020105"
            "0000010101030304"
            "7478726564");
  EXPECT_EQ(Block(bytes.data()).render(),
            "block: 4 entries, prefix \"ap\", trailers +2 bytes, values at 89\n"
            "\"app\" 9 put \"x\"\n"
            "\"apple\" 12 put \"red\"\n"
            "\"apple\" 7 delete \"\"\n"
            "\"apricot\" 8 put \"\"\n");
}

TEST(Block, PutsOfSeqZeroAndOneSizeCostOnlyTheirHeads) {
  std::vector<BlockRow> rows;
  for (int i = 0; i < 32; ++i) {
    rows.push_back(put("00000000001234" + std::to_string(10 + i), 0, std::string(100, 'v')));
  }
  const std::string bytes = check_round_trip(rows);
  // Header, prefix of 14 and 2 of padding, heads, values: all keys take less than their own bytes.
  EXPECT_EQ(bytes.size(), 36U + 16 + 32 * 4 + 32 * 100);
}

TEST(Block, TrailersOfOneKindAreNarrow) {
  std::vector<BlockRow> rows;
  for (int i = 0; i < 32; ++i) {
    rows.push_back(put("k" + std::to_string(10 + i), kSeqMax - 255 + 8 * i, "v"));
  }
  const std::string puts = check_round_trip(rows);
  rows[5].trailer = make_trailer(seq_of(rows[5].trailer), Kind::kDelete);
  const std::string mixed = check_round_trip(rows);
  EXPECT_EQ(mixed.size(), puts.size() + 32);
}

TEST(Block, EverySpreadOfSeqs) {
  for (int bits = 0; bits <= 56; ++bits) {
    const Seq high = (Seq{1} << bits) - 1;
    check_round_trip({put("a", high, "1"), put("b", 0, "2"), put("c", high / 2, "3")});
    check_round_trip({put("a", high, "1"), remove("b", 0), put("c", high / 2, "3")});
  }
}

TEST(Block, OneEntry) {
  check_round_trip({put("", 0, "")});
  check_round_trip({remove("", kSeqMax)});
  check_round_trip({put("abc", 3, "v")});
  check_round_trip({put(std::string(64 << 10, '\xff'), 3, "v")});
}

TEST(Block, KeysThatArePrefixesOfOneAnother) {
  std::vector<BlockRow> rows;
  for (const char filler : {'\0', 'a', '\xff'}) {
    for (std::size_t size = 0; size < 12; ++size) {
      rows.push_back(put(std::string(size, filler), 5, std::to_string(size)));
      rows.push_back(remove(std::string(size, filler), 4));
    }
  }
  check_round_trip(rows);
  for (BlockRow& row : rows) row.key.insert(0, "shared/");
  check_round_trip(rows);
}

TEST(Block, ManyVersionsOfOneKey) {
  std::vector<BlockRow> rows{put("j", 1, ""), put("l", 1, "")};
  for (Seq seq = 1; seq < 3000; seq += 3) rows.push_back(put("k", seq, std::to_string(seq)));
  check_round_trip(rows);
}

TEST(Block, HugeKeysAndValues) {
  const std::string long_key(64 << 10, 'k');
  std::vector<BlockRow> rows;
  for (std::size_t i = 0; i < 5; ++i) {
    std::string key = long_key;
    key[key.size() - 1 - i * 10000] = 'l';
    rows.push_back(put(key, i, std::string((1 << 20) + i, 'v')));
  }
  check_round_trip(rows);
  rows.push_back(put("a", 7, ""));
  check_round_trip(rows);
}

TEST(Block, OffsetsGetWideWhenTheyMust) {
  for (const std::size_t size : {65534, 65535, 65536, 65537}) {
    check_round_trip({put("a", 1, std::string(size, 'v')), put("b", 1, "")});
    const std::string key(size - 1, 'k');
    if (size <= 65536) check_round_trip({put("a" + key, 1, "x"), put("b", 1, "y")});
  }
}

TEST(BlockBuilder, ResetForgets) {
  BlockBuilder builder;
  builder.add(put("something", 9, "long value").entry());
  builder.add(remove("somewhere", 3).entry());
  builder.finish();
  builder.reset();
  EXPECT_TRUE(builder.empty());
  const std::vector<BlockRow> rows{put("x", 1, "1"), put("y", 1, "2")};
  for (const BlockRow& row : rows) builder.add(row.entry());
  EXPECT_EQ(builder.finish(), build(rows));
}

TEST(BlockBuilder, MoreMayFollowAFinish) {
  BlockBuilder builder;
  builder.add(put("xa", 1, "1").entry());
  builder.finish();
  builder.add(put("y", 2, "2").entry());
  EXPECT_EQ(builder.finish(), build({put("xa", 1, "1"), put("y", 2, "2")}));
}

TEST(BlockRowsTest, MovesFromBlockToBlock) {
  const std::string a = build({put("prefix1", 1, ""), put("prefix2", 1, "")});
  const std::string b = build({put(std::string(300, 'q'), 1, "")});
  const std::string c = build({put("", 1, ""), put(std::string(5000, 'x'), 1, "")});
  Block::Rows rows;
  Entry entry;
  for (const std::string* bytes : {&a, &b, &c, &a, &c, &b}) {
    const Block block(bytes->data());
    rows.enter(block);
    std::string key;
    for (std::uint32_t i = block.count(); i-- > 0;) {
      block.copy_key(i, key);
      rows.show(i, &entry);
      EXPECT_EQ(entry.key, key);
    }
  }
}

// Random blocks of many shapes.

class BlockShapes : public testing::TestWithParam<unsigned> {};

std::string random_key(std::mt19937_64& random, unsigned alphabet, std::size_t size_max) {
  static constexpr std::string_view kNasty(
      "\xff\0a\x01\xfe\x80\x7f"
      "bc/",
      10);
  std::string key(random() % (size_max + 1), '\0');
  for (char& byte : key) {
    byte = alphabet <= kNasty.size() ? kNasty[random() % alphabet] : static_cast<char>(random());
  }
  return key;
}

TEST_P(BlockShapes, RoundTrip) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  std::mt19937_64 random(GetParam());
  const std::string prefix = random_key(random, 256, random() % 3 == 0 ? 40 : 0);
  const unsigned alphabet = std::array{1U, 2U, 3U, 10U, 256U}[random() % 5];
  const std::size_t size_max = std::array{1U, 4U, 6U, 12U, 100U}[random() % 5];
  const bool one_size = random() % 3 == 0;
  const Seq seq_max = Seq{1} << random() % 57;
  const bool deletes = random() % 2 == 0;
  const std::size_t value_max = random() % 200;
  std::vector<BlockRow> rows;
  const std::size_t count = 1 + random() % (random() % 8 == 0 ? 600 : 60);
  for (std::size_t i = 0; i < count; ++i) {
    std::string key = random_key(random, alphabet, size_max);
    if (one_size) key.resize(size_max, 'k');
    BlockRow row = put(prefix + key, random() % seq_max, "");
    row.value.assign(one_size ? value_max : random() % (value_max + 1), static_cast<char>(i));
    if (deletes && random() % 2 == 0) row = remove(row.key, seq_of(row.trailer));
    rows.push_back(std::move(row));
  }
  check_round_trip(std::move(rows));
}

INSTANTIATE_TEST_SUITE_P(Seeds, BlockShapes, testing::Range(1U, 301U));

}  // namespace
}  // namespace nacre
