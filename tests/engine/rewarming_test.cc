// What was in memory before a merge is in memory after it, and nothing else is read for that.

#include "engine/rewarming.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "engine/engine_world.h"
#include "engine/table_files.h"
#include "engine/table_output.h"
#include "env/sim_env.h"
#include "nacre/db.h"
#include "table/table_reader.h"

namespace nacre::test {
namespace {

constexpr int kRows = 4000;
constexpr std::size_t kRowBytes = 1000;
/// A table that is built keeps no more of its blocks than a sixteenth of the budget: of this store,
/// all in one table, a quarter.
constexpr std::uint64_t kRoomBytes = 16 * kMiB;

std::string row_key(int i) { return "key" + std::to_string(100'000 + i); }

class RewarmingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    open();
    write(1);
    compact();
    // Nothing in memory but footers, indexes and filters.
    ASSERT_TRUE(db_.close().ok());
    open();
  }

  void open() {
    Options options;
    options.env = &world_;
    options.memory_bytes = kRoomBytes;
    options.memtable_bytes = kMiB;
    options.table_bytes = 64 * kMiB;
    options.durability = Durability::kOs;
    options.compression = Compression::kNone;
    auto opened = Db::open("/store", options);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    db_ = *std::move(opened);
  }
  /// Every `step`-th entry.
  void write(int step) {
    for (int i = 0; i < kRows; i += step) {
      ASSERT_TRUE(db_.put(row_key(i), std::string(kRowBytes, 'v')).ok());
    }
  }
  void compact() {
    ASSERT_TRUE(db_.flush().ok());
    ASSERT_TRUE(db_.compact().ok());
    ASSERT_TRUE(db_.wait_idle().ok());
  }
  /// Blocks that gets of the entries [begin, end) read from the device.
  std::uint64_t read(int begin, int end) {
    const std::uint64_t before = db_.stats().value().block_reads;
    std::string value;
    for (int i = begin; i < end; ++i) {
      EXPECT_TRUE(db_.get_into(row_key(i), value).value()) << i;
    }
    return db_.stats().value().block_reads - before;
  }
  /// Changes a few entries all over the store and has all of it merged into new tables.
  void merge_all() {
    const std::uint64_t before = db_.stats().value().compactions;
    write(kRows / 5);
    compact();
    ASSERT_GT(db_.stats().value().compactions, before);
  }

  SimEnv world_;
  Db db_;
};

TEST_F(RewarmingTest, WhatWasReadIsInMemoryAfterAMerge) {
  EXPECT_GT(read(0, kRows), 900U) << "the store lies in more blocks than that";
  EXPECT_EQ(read(0, kRows), 0U);
  merge_all();
  EXPECT_EQ(read(0, kRows), 0U);
  // And again: what was brought back counts as read once it is used.
  merge_all();
  EXPECT_EQ(read(0, kRows), 0U);
}

TEST_F(RewarmingTest, WhatWasNotIsLeftOnTheDevice) {
  const int half = kRows / 2;
  read(half, kRows);
  read(half, kRows);
  merge_all();
  EXPECT_LE(read(half, kRows), 1U) << "the block in the middle holds keys of both halves";
  EXPECT_GT(read(0, half), 200U);
}

TEST_F(RewarmingTest, AStoreAtRestIsWarmThoughNobodyHasReadItYet) {
  read(0, kRows);
  merge_all();
  merge_all();  // of blocks in memory that nobody has used since they were brought back
  EXPECT_EQ(read(0, kRows), 0U);
}

TEST_F(RewarmingTest, AScanThatHoldsTheOldTablesIsNotDisturbed) {
  read(0, kRows);
  auto cursor = db_.cursor().value();
  cursor.first();
  merge_all();
  int seen = 0;
  for (; cursor.valid(); cursor.next()) ++seen;
  EXPECT_TRUE(cursor.status().ok());
  EXPECT_EQ(seen, kRows);
  EXPECT_EQ(read(0, kRows), 0U);
}

/// Two tables over the even keys in level 1, one of a few odd keys in level 0, and what a merge of
/// them would make: three tables, with nothing in memory.
class ColdBlocksTest : public ::testing::Test {
 protected:
  static constexpr int kKeys = 600;

  void SetUp() override {
    for (int i = 0; i < kKeys; i += 2) add(i, i < kKeys / 3 ? 0 : 1);
    for (int i = 1; i < kKeys; i += 100) add(i, 2);
    for (int i = 0; i < kKeys; ++i) {
      if (i % 2 == 0 || i % 100 == 1) add(i, 3 + i / 250);
    }
    for (auto& entries : entries_) tables_.push_back(build(entries));
    plan_.inputs = {{.level = 0, .tables = {tables_[2]}},
                    {.level = 1, .tables = {tables_[0], tables_[1]}}};
    added_ = {tables_[3], tables_[4], tables_[5]};
  }

  void add(int key, int table) {
    entries_[static_cast<std::size_t>(table)].push_back(std::to_string(10'000 + key));
  }
  TablePtr build(const std::vector<std::string>& keys) {
    auto output = engine::TableOutput::create(ground_.context, FileNumber{tables_.size() + 1},
                                              engine::OutputKind::kMerge);
    EXPECT_TRUE(output.ok());
    for (const std::string& key : keys) {
      EXPECT_TRUE((*output)->add({key, make_trailer(1, Kind::kPut), "value"}).ok());
    }
    const TablePtr built = (*output)->finish().value();
    const TablePtr table = engine::open_table(ground_.context, built->meta).value();
    EXPECT_TRUE(table->load().ok());
    return table;  // with none of its blocks in memory
  }
  static void load(const TablePtr& table, std::uint32_t block) {
    EXPECT_TRUE(table->reader()->load(block).ok());
  }
  static void use(const TablePtr& table, std::uint32_t block) {
    EXPECT_TRUE(table->reader()->pin(block));
  }
  static void load_all(const engine::ColdBlocks& cold, const std::atomic<bool>& cancelled) {
    for (const auto& each : cold.tables) engine::load_into_cache(each, cancelled);
  }
  /// "4.7 5.0": file number and block.
  std::string cold() {
    std::string text;
    for (const auto& each : engine::blocks_gone_cold(plan_, added_).tables) {
      for (const std::uint32_t block : each.blocks) {
        text += (text.empty() ? "" : " ") + std::to_string(raw(each.table.lock()->meta.number)) +
                "." + std::to_string(block);
      }
    }
    return text;
  }
  /// The same for the blocks whose last key is in [begin, end].
  std::string blocks_that_end_in(const std::string& begin, const std::string& end) {
    std::string text;
    for (const TablePtr& table : added_) {
      const auto cursor = table->reader()->cursor(CursorUse::kCompaction);
      std::map<std::uint32_t, std::string> last;
      for (cursor->first(); cursor->valid(); cursor->next()) {
        last[table->reader()->block_of(cursor->entry().key)] = cursor->entry().key;
      }
      for (const auto& [block, key] : last) {
        if (key < begin || key > end) continue;
        text += (text.empty() ? "" : " ") + std::to_string(raw(table->meta.number)) + "." +
                std::to_string(block);
      }
    }
    return text;
  }

  engine::EngineWorld ground_;
  std::array<std::vector<std::string>, 6> entries_;
  std::vector<TablePtr> tables_;
  Plan plan_;
  std::vector<TablePtr> added_;
};

TEST_F(ColdBlocksTest, AreNoneWhereNothingWasInMemory) {
  EXPECT_EQ(cold(), "");
  load(tables_[2], 0);  // not of the largest run
  EXPECT_EQ(cold(), "");
}

TEST_F(ColdBlocksTest, AreThoseWhoseLastKeyWasInMemory) {
  const TablePtr& old = tables_[1];
  ASSERT_GT(old->reader()->block_count(), 6U);
  const auto cursor = old->reader()->cursor(CursorUse::kCompaction);
  std::string first;
  std::string last;
  for (cursor->first(); cursor->valid(); cursor->next()) {
    const std::uint32_t block = old->reader()->block_of(cursor->entry().key);
    if (block < 2 || block > 4) continue;
    if (first.empty()) first = cursor->entry().key;
    last = cursor->entry().key;
  }
  for (std::uint32_t block = 2; block <= 4; ++block) load(old, block);
  const std::string expected = blocks_that_end_in(first, last);
  EXPECT_GE(expected.size(), 7U) << "two blocks at least";
  EXPECT_EQ(cold(), expected);
}

/// All of level 0: many small runs fill the gaps between the keys of the largest.
TEST_F(ColdBlocksTest, AreHardlyMoreThanWasInMemory) {
  std::array<std::vector<std::string>, 9> runs;
  std::vector<std::string> merged;
  for (int i = 0; i < 900; ++i) {
    // The largest has every 20th key, and others of its own behind.
    const int run = i % 20 == 0 || i >= 600 ? 0 : 1 + i % 8;
    runs[static_cast<std::size_t>(run)].push_back(std::to_string(10'000 + i));
    merged.push_back(std::to_string(10'000 + i));
  }
  plan_.inputs = {{.level = 0, .tables = {}}};
  for (auto& run : runs) {
    tables_.push_back(build(run));
    plan_.inputs[0].tables.push_back(tables_.back());
  }
  tables_.push_back(build(merged));
  added_ = {tables_.back()};
  const TablePtr& largest = plan_.inputs[0].tables.front();
  ASSERT_EQ(largest->reader()->block_of("10100"), 0U);
  ASSERT_GT(added_[0]->reader()->block_of("10100"), 3U) << "one old block, many new ones";
  load(largest, 0);
  const auto found = engine::blocks_gone_cold(plan_, added_);
  ASSERT_EQ(found.tables.size(), 1U);
  EXPECT_LE(found.tables[0].blocks.size(), 2U);
}

TEST_F(ColdBlocksTest, AreAllWhenAllWasAndThenNoneOnceLoaded) {
  for (const int i : {0, 1}) {
    const TablePtr& old = tables_[static_cast<std::size_t>(i)];
    for (std::uint32_t block = 0; block < old->reader()->block_count(); ++block) load(old, block);
  }
  EXPECT_EQ(cold(), blocks_that_end_in("", "z"));
  const std::atomic<bool> cancelled{true};
  load_all(engine::blocks_gone_cold(plan_, added_), cancelled);
  EXPECT_EQ(cold(), blocks_that_end_in("", "z")) << "loaded though cancelled";
  const std::atomic<bool> not_cancelled{false};
  load_all(engine::blocks_gone_cold(plan_, added_), not_cancelled);
  EXPECT_EQ(cold(), "");
}

TEST_F(ColdBlocksTest, AreOfAReadStoreOnceAnEighthOfItIsUsed) {
  const TablePtr& old = tables_[1];
  for (std::uint32_t block = 0; block < 8; ++block) load(old, block);
  EXPECT_FALSE(engine::blocks_gone_cold(plan_, added_).read);
  use(old, 3);
  EXPECT_TRUE(engine::blocks_gone_cold(plan_, added_).read);
  load(tables_[0], 0);
  EXPECT_FALSE(engine::blocks_gone_cold(plan_, added_).read);
}

TEST_F(ColdBlocksTest, OfATableThatIsGoneAreLeft) {
  for (std::uint32_t block = 0; block < 4; ++block) load(tables_[1], block);
  const engine::ColdBlocks blocks = engine::blocks_gone_cold(plan_, added_);
  ASSERT_FALSE(blocks.tables.empty());
  added_.clear();
  tables_.resize(3);
  const std::atomic<bool> cancelled{false};
  load_all(blocks, cancelled);
  EXPECT_TRUE(blocks.tables.front().table.expired());
}

TEST_F(RewarmingTest, WhatWasWrittenLastIsInMemoryAfterItsFlush) {
  // The cache is full of what is read again and again.
  for (int i = kRows; i < 6 * kRows; ++i) {
    ASSERT_TRUE(db_.put(row_key(i), std::string(kRowBytes, 'o')).ok());
  }
  compact();
  for (int round = 0; round < 2; ++round) read(kRows, 6 * kRows);
  ASSERT_GT(db_.stats().value().memory_used, kRoomBytes - kRoomBytes / 8);

  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(db_.put(row_key(i), std::string(kRowBytes, 'n')).ok());
  }
  ASSERT_TRUE(db_.flush().ok());
  EXPECT_EQ(read(0, 500), 0U);
  EXPECT_LE(db_.stats().value().memory_used, kRoomBytes);
}

}  // namespace
}  // namespace nacre::test
