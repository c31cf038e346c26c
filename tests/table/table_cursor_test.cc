// Cursors against a sorted vector: every move from everywhere, for both uses, cold and crowded.
#include <gtest/gtest.h>

#include "base/text.h"
#include "table/table_fakes.h"

namespace nacre {
namespace {

using test::Row;

std::vector<Row> walk(EntryCursor& cursor, bool forward) {
  std::vector<Row> rows;
  forward ? cursor.first() : cursor.last();
  while (cursor.valid()) {
    rows.push_back(test::row_of(cursor.entry()));
    forward ? cursor.next() : cursor.prev();
  }
  EXPECT_TRUE(cursor.status().ok()) << cursor.status().to_string();
  return rows;
}

/// Does `moves` random moves on a cursor and on an index into `rows`.
void wander(EntryCursor& cursor, const std::vector<Row>& rows, Random& random, int moves) {
  const auto end = static_cast<std::ptrdiff_t>(rows.size());
  std::ptrdiff_t at = -1;  // outside [0, end): on nothing
  for (int i = 0; i < moves; ++i) {
    const bool valid = at >= 0 && at < end;
    Row target = rows[random.below(rows.size())];
    if (random.one_in(3)) target.key += "\0\xff"[random.below(2)];
    if (random.one_in(4) && !target.key.empty()) target.key.pop_back();
    if (random.one_in(2)) target.trailer = read_trailer(random.below(1 << 20));
    const auto bound = std::lower_bound(rows.begin(), rows.end(), target) - rows.begin();
    const std::uint64_t move = random.below(valid ? 20 : 4);
    std::string what;
    if ((move == 2 || move == 3) && random.one_in(2)) {
      cursor.approach(target.key, EntryCursor::Approach::kLocate);
      cursor.approach(target.key, EntryCursor::Approach::kFetch);
    }
    if (move == 0) {
      what = "first";
      cursor.first();
      at = 0;
    } else if (move == 1) {
      what = "last";
      cursor.last();
      at = end - 1;
    } else if (move == 2) {
      what = "seek " + escape(target.key);
      cursor.seek(target.key, target.trailer);
      at = bound;
    } else if (move == 3) {
      what = "seek_before " + escape(target.key);
      cursor.seek_before(target.key, target.trailer);
      at = bound - 1;
    } else if (move < 6) {
      what = "next_key";
      cursor.next_key();
      const std::string key = rows[static_cast<std::size_t>(at)].key;
      while (at < end && rows[static_cast<std::size_t>(at)].key == key) ++at;
    } else if (move < 12) {
      what = "next";
      cursor.next();
      ++at;
    } else {
      what = "prev";
      cursor.prev();
      --at;
    }
    ASSERT_TRUE(cursor.status().ok()) << cursor.status().to_string();
    ASSERT_EQ(cursor.valid(), at >= 0 && at < end) << what;
    if (cursor.valid()) {
      ASSERT_EQ(test::row_of(cursor.entry()), rows[static_cast<std::size_t>(at)]) << what;
    }
  }
}

TEST(TableCursor, AgreesWithASortedVector) {
  for (const std::uint64_t seed : {21, 22, 23, 24}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<Row> rows = test::random_rows(random, seed == 21 ? 1 : 2500);
    TableBuilderOptions options = test::test_options();
    options.codec = Codec{static_cast<std::uint8_t>(random.below(3))};
    options.block_bytes = 256 << random.below(4);
    options.spill_bytes = random.one_in(2) ? 300 : options.spill_bytes;
    const std::string bytes = test::build_table(rows, options).bytes;
    for (const CursorUse use : {CursorUse::kRead, CursorUse::kCompaction}) {
      // The small world holds next to nothing beyond what is pinned.
      for (const std::uint64_t memory : {64 << 20, 16 << 10}) {
        test::TableWorld world(memory);
        const auto table = world.must_open(bytes);
        const auto cursor = table->cursor(use);
        EXPECT_FALSE(cursor->valid());
        EXPECT_EQ(walk(*cursor, true), rows);
        std::vector<Row> reversed = walk(*cursor, false);
        std::reverse(reversed.begin(), reversed.end());
        EXPECT_EQ(reversed, rows);
        wander(*cursor, rows, random, 5000);
      }
    }
  }
}

std::vector<Row> plain_rows(std::size_t count) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < count; ++i) {
    char key[24];
    std::snprintf(key, sizeof key, "key%08zu", i);
    rows.push_back({key, make_trailer(5, Kind::kPut), std::string(100, 'v')});
  }
  return rows;
}

TEST(TableCursor, CompactionReadsLargePiecesAndLeavesTheCacheAlone) {
  test::TableWorld world;
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  const std::vector<Row> rows = plain_rows(20'000);
  const auto table = world.must_open(test::build_table(rows, options).bytes);
  for (const bool forward : {true, false}) {
    const int reads = world.calls->reads;
    EXPECT_EQ(walk(*table->cursor(CursorUse::kCompaction), forward).size(), rows.size());
    EXPECT_LE(world.calls->reads - reads, 8) << forward;
  }
  EXPECT_EQ(world.cache->stats().insertions, 0U);
}

TEST(TableCursor, AScanThatMissesReadsAheadBothWays) {
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  const std::vector<Row> rows = plain_rows(20'000);
  const std::string bytes = test::build_table(rows, options).bytes;
  for (const bool forward : {true, false}) {
    for (const std::uint64_t memory : {64 << 20, 16 << 10}) {
      test::TableWorld world(memory);
      const auto table = world.must_open(bytes);
      const int reads = world.calls->reads;
      EXPECT_EQ(walk(*table->cursor(CursorUse::kRead), forward).size(), rows.size());
      EXPECT_LE(world.calls->reads - reads, static_cast<int>(table->block_count()) / 20 + 8);
      EXPECT_EQ(world.cache->stats().insertions, table->block_count()) << "no block read twice";
    }
  }
}

TEST(TableCursor, APointReadDoesNotReadAhead) {
  test::TableWorld world;
  const std::vector<Row> rows = plain_rows(20'000);
  const auto table = world.must_open(test::build_table(rows, test::test_options()).bytes);
  Random random(31);
  const auto cursor = table->cursor(CursorUse::kRead);
  for (int i = 0; i < 50; ++i) {
    cursor->seek(rows[random.below(rows.size())].key, read_trailer(kSeqMax));
    ASSERT_TRUE(cursor->valid());
  }
  EXPECT_LE(world.cache->stats().insertions, 50U);
}

TEST(TableCursor, AFailureStaysForGood) {
  const std::vector<Row> rows = plain_rows(20'000);
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  for (const CursorUse use : {CursorUse::kRead, CursorUse::kCompaction}) {
    test::TableWorld world;
    const auto table = world.must_open(test::build_table(rows, options).bytes);
    const auto cursor = table->cursor(use);
    cursor->first();
    ASSERT_TRUE(cursor->valid());
    world.calls->fail = true;
    cursor->last();
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(cursor->valid());
      EXPECT_EQ(cursor->status().code(), Code::kIo);
      world.calls->fail = false;
      if (i == 0) cursor->first();
      if (i == 1) cursor->last();
      if (i == 2) cursor->seek(rows[7].key, read_trailer(9));
      if (i == 3) cursor->seek_before(rows[7].key, read_trailer(9));
    }
  }
}

TEST(TableCursor, HoldsItsBlockWhileTheCacheMovesOn) {
  test::TableWorld world(64 << 10);
  const std::vector<Row> rows = plain_rows(20'000);
  const auto table = world.must_open(test::build_table(rows, test::test_options()).bytes);
  const auto cursor = table->cursor(CursorUse::kRead);
  cursor->seek(rows[3].key, read_trailer(kSeqMax));
  for (std::uint32_t block = 0; block < table->block_count(); ++block) {
    ASSERT_TRUE(table->load(block).ok());
  }
  EXPECT_EQ(test::row_of(cursor->entry()), rows[3]);
  cursor->next();
  EXPECT_EQ(test::row_of(cursor->entry()), rows[4]);
}

}  // namespace
}  // namespace nacre
