// Statistics that add up, and a listener that hears what happens.

#include "nacre/stats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "api/api_world.h"
#include "env/fault_env.h"
#include "nacre/listener.h"

namespace nacre::test {
namespace {

class StatsTest : public ::testing::Test {
 protected:
  Stats stats() { return db_.stats().value(); }

  SimEnv world_;
  Db db_ = open_store("/store", tiny_options(world_));
};

TEST_F(StatsTest, BeginAtZero) {
  const Stats stats = db_.stats().value();
  EXPECT_EQ(stats.puts + stats.removes + stats.commits + stats.user_bytes, 0U);
  EXPECT_EQ(stats.gets + stats.cursors + stats.flushes + stats.compactions + stats.moves, 0U);
  EXPECT_EQ(level_sum(stats, &LevelStats::tables), 0U);
  EXPECT_EQ(stats.last_seq, 0U);
  EXPECT_EQ(stats.memtables, 1U);
  EXPECT_EQ(stats.write_amplification(), 0.0);
  EXPECT_EQ(stats.space_amplification(), 0.0);
}

TEST_F(StatsTest, CountWrites) {
  ASSERT_TRUE(ok(db_.put("key", "value", kOs)));
  ASSERT_TRUE(ok(db_.put("key2", "value", {.durability = Durability::kDisk})));
  ASSERT_TRUE(ok(db_.remove("key", kOs)));
  Batch batch;
  ASSERT_TRUE(ok(batch.put("a", "1")));
  ASSERT_TRUE(ok(batch.put("b", "22")));
  ASSERT_TRUE(ok(batch.remove("ccc")));
  ASSERT_TRUE(ok(db_.write(batch, kOs)));
  EXPECT_FALSE(db_.put(std::string(100'000, 'k'), "").ok());  // counts nowhere
  EXPECT_EQ(stats().puts, 4U);
  EXPECT_EQ(stats().removes, 2U);
  EXPECT_EQ(stats().commits, 4U);
  EXPECT_EQ(stats().user_bytes, 8U + 9 + 3 + 2 + 3 + 3);
  EXPECT_EQ(stats().last_seq, 6U);
  EXPECT_GT(stats().wal_bytes, stats().user_bytes);
  EXPECT_EQ(stats().wal_syncs, 1U);
  EXPECT_EQ(stats().sync_latency.count, 1U);
}

TEST_F(StatsTest, CountReads) {
  ASSERT_TRUE(ok(db_.put("a", "1", kOs)));
  ASSERT_TRUE(ok(db_.put("m", "1", kOs)));
  ASSERT_TRUE(ok(db_.put("z", "1", kOs)));
  std::string value;
  EXPECT_EQ(look_up(db_, "m"), "1");
  EXPECT_TRUE(db_.get_into("m", value).value());
  EXPECT_EQ(look_up(db_, "nothing"), "(absent)");
  EXPECT_EQ(stats().gets, 3U);
  EXPECT_EQ(stats().gets_found, 2U);
  EXPECT_EQ(stats().memtable_hits, 2U);
  EXPECT_EQ(stats().tables_asked, 0U);

  const std::array<std::string_view, 4> keys = {"a", "m", "z", "nothing"};
  ASSERT_TRUE(ok(db_.multi_get(keys)));
  EXPECT_EQ(stats().gets, 7U);
  EXPECT_EQ(stats().gets_found, 5U);
  EXPECT_EQ(stats().memtable_hits, 5U);

  ASSERT_TRUE(ok(db_.flush()));
  ASSERT_TRUE(ok(db_.wait_idle()));
  const Stats warm = stats();
  EXPECT_EQ(look_up(db_, "m"), "1");
  EXPECT_EQ(stats().block_reads, warm.block_reads) << "what was in memory is read back";

  ASSERT_TRUE(ok(db_.close()));
  db_ = open_store("/store", tiny_options(world_));
  const Stats before = stats();
  EXPECT_EQ(look_up(db_, "m"), "1");
  EXPECT_EQ(look_up(db_, "m"), "1");
  const Stats after = stats();
  EXPECT_EQ(after.tables_asked - before.tables_asked, 2U);
  EXPECT_EQ(after.block_reads - before.block_reads, 1U);
  EXPECT_EQ(after.block_hits - before.block_hits, 1U);
  EXPECT_EQ(after.memtable_hits, before.memtable_hits);
  EXPECT_EQ(after.gets_found - before.gets_found, 2U);
  EXPECT_GT(after.cache_bytes, 0U);
  EXPECT_GT(after.table_memory_bytes, 0U);

  // Absent keys within the range of the table: its filter rules nearly all of them out.
  for (int i = 0; i < 200; ++i) EXPECT_EQ(look_up(db_, "m" + std::to_string(i)), "(absent)");
  EXPECT_EQ(stats().tables_asked - after.tables_asked, 200U);
  EXPECT_GT(stats().filter_skips - after.filter_skips, 150U);
  // Outside of it no table is asked.
  const std::uint64_t asked = stats().tables_asked;
  EXPECT_EQ(look_up(db_, "zz"), "(absent)");
  EXPECT_EQ(stats().tables_asked, asked);

  const std::uint64_t cursors = stats().cursors;
  ASSERT_TRUE(ok(db_.cursor()));
  EXPECT_EQ(keys_of(db_, {}).size(), 3U);
  EXPECT_EQ(stats().cursors, cursors + 2);
}

TEST_F(StatsTest, TellTheShapeOfTheTree) {
  fill(db_, 500, 100, kOs);
  {
    const Snapshot snapshot = db_.snapshot().value();
    EXPECT_EQ(stats().snapshots, 1U);
  }
  EXPECT_EQ(stats().snapshots, 0U);
  EXPECT_GT(stats().memtable_bytes, 0U);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(ok(db_.remove(numbered_key(i), kOs)));
  ASSERT_TRUE(ok(db_.compact()));
  ASSERT_TRUE(ok(db_.wait_idle()));
  const Stats end = stats();
  EXPECT_GT(end.flushes, 1U);
  EXPECT_GT(end.compactions, 0U);
  EXPECT_EQ(level_sum(end, &LevelStats::entries), 400U);
  EXPECT_EQ(level_sum(end, &LevelStats::deletes), 0U);
  std::uint64_t tables = 0;
  std::uint64_t bytes = 0;
  for (const std::string& path : files_ending(world_.disk(), ".tbl")) {
    ++tables;
    bytes += world_.disk().read_file(path)->size();
  }
  EXPECT_EQ(level_sum(end, &LevelStats::tables), tables);
  EXPECT_EQ(level_sum(end, &LevelStats::bytes), bytes);
  EXPECT_EQ(end.pending_compaction_bytes, 0U);
  EXPECT_EQ(end.memory_limit, 1U << 20);
  EXPECT_GE(end.memory_used, end.cache_bytes + end.table_memory_bytes);
  // Every byte in the tree was written into some level.
  EXPECT_GE(level_sum(end, &LevelStats::bytes_written), bytes);
  EXPECT_GT(end.levels[0].bytes_written, 0U);
  EXPECT_GT(end.levels[0].bytes_read, 0U);
  const double written =
      static_cast<double>(end.wal_bytes + level_sum(end, &LevelStats::bytes_written));
  EXPECT_DOUBLE_EQ(end.write_amplification(), written / static_cast<double>(end.user_bytes));
  EXPECT_DOUBLE_EQ(end.space_amplification(), 1.0);  // all lies in one level
}

TEST_F(StatsTest, FilesOfReplacedTablesGoWhenNobodyReadsThem) {
  const auto tables_on_disk = [&] { return files_ending(world_.disk(), ".tbl").size(); };
  for (int round = 0; round < 3; ++round) fill(db_, 3000, 100, kOs);
  ASSERT_TRUE(ok(db_.wait_idle()));
  EXPECT_GT(stats().compactions, 0U);
  EXPECT_EQ(tables_on_disk(), level_sum(stats(), &LevelStats::tables));
  {
    Cursor cursor = db_.cursor().value();  // holds the tables of now
    fill(db_, 3000, 100, kOs);
    ASSERT_TRUE(ok(db_.compact()));
    EXPECT_GT(tables_on_disk(), level_sum(stats(), &LevelStats::tables));
    EXPECT_EQ(keys_of(db_, {}).size(), 3000U);
  }
  ASSERT_TRUE(ok(db_.wait_idle()));
  EXPECT_EQ(tables_on_disk(), level_sum(stats(), &LevelStats::tables));
}

TEST_F(StatsTest, TimeASampleOfTheCalls) {
  for (int i = 0; i < 1024; ++i) ASSERT_TRUE(ok(db_.put(numbered_key(i), "v", kOs)));
  for (int i = 0; i < 1024; ++i) EXPECT_EQ(look_up(db_, numbered_key(i)), "v");
  EXPECT_EQ(stats().put_latency.count, 4U);
  EXPECT_EQ(stats().get_latency.count, 4U);
  const Latency put = stats().put_latency;
  EXPECT_LE(put.p50, put.p99);
  EXPECT_LE(put.p99, put.p999);
  EXPECT_LE(put.p999, put.max);
}

TEST_F(StatsTest, ToTextSaysTheNumbers) {
  fill(db_, 321, 100, kOs);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(ok(db_.remove(numbered_key(i), kOs)));
  ASSERT_TRUE(ok(db_.compact()));
  for (int i = 0; i < 77; ++i) look_up(db_, numbered_key(i));
  const Snapshot snapshot = db_.snapshot().value();
  const std::string text = stats().to_text();
  for (const char* part : {"321 puts", "12 removes", "333 commits", "77 gets", "65 found", "1 open",
                           "last seq 333", "level", "amplification", "wal", "flushes",
                           "compactions", "block cache", "memory", "1.0 MiB", "stalls", "309"}) {
    EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in\n" << text;
  }
}

/// Writes down what it is told.
struct Recorder : EventListener {
  void on_flush(const FlushEvent& event) override {
    flushes.push_back(event);
    if (flush_takes_nanos != 0) clock->sleep_nanos(flush_takes_nanos);
  }
  void on_compaction(const CompactionEvent& event) override {
    reasons.emplace_back(event.reason);
    compactions.push_back(event);
  }
  void on_stall(const StallEvent& event) override {
    stalls.push_back(event.micros);
    reasons.emplace_back(event.reason);
  }
  void on_error(std::string_view during, const Status& error) override {
    errors.emplace_back(during, error);
  }

  std::vector<FlushEvent> flushes;
  std::vector<CompactionEvent> compactions;
  std::vector<std::uint64_t> stalls;
  std::vector<std::string> reasons;
  std::vector<std::pair<std::string, Status>> errors;
  Clock* clock = nullptr;
  std::uint64_t flush_takes_nanos = 0;
};

class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() {
    Options options = tiny_options(faulty_);
    recorder_->clock = &world_.clock();
    options.listener = recorder_;
    db_ = open_store("/store", options);
  }

  SimEnv world_;
  FaultEnv faulty_{world_};
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
  Db db_;
};

TEST_F(ListenerTest, HearsOfFlushesAndCompactions) {
  fill(db_, 10, 100, kOs);
  ASSERT_TRUE(ok(db_.flush()));
  ASSERT_EQ(recorder_->flushes.size(), 1U);
  EXPECT_EQ(recorder_->flushes[0].entries, 10U);
  EXPECT_GT(recorder_->flushes[0].bytes_written, 0U);
  EXPECT_GT(recorder_->flushes[0].table_number, 0U);
  fill(db_, 600, 100, kOs);
  ASSERT_TRUE(ok(db_.compact()));
  ASSERT_TRUE(ok(db_.wait_idle()));
  const Stats stats = db_.stats().value();
  EXPECT_EQ(recorder_->flushes.size(), stats.flushes);
  EXPECT_EQ(recorder_->compactions.size(), stats.compactions + stats.moves);
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  std::uint64_t dropped = 0;
  for (const CompactionEvent& event : recorder_->compactions) {
    EXPECT_GE(event.tables_in, 1U);
    EXPECT_GE(event.entries_in, event.entries_dropped);
    EXPECT_GE(event.output_level, event.input_level);
    EXPECT_TRUE(!event.moved || event.bytes_written == 0);
    read += event.bytes_read;
    written += event.bytes_written;
    dropped += event.entries_dropped;
  }
  for (const std::string& reason : recorder_->reasons) EXPECT_FALSE(reason.empty());
  EXPECT_EQ(read, level_sum(stats, &LevelStats::bytes_read));
  for (const FlushEvent& event : recorder_->flushes) written += event.bytes_written;
  EXPECT_EQ(written, level_sum(stats, &LevelStats::bytes_written));
  EXPECT_EQ(level_sum(stats, &LevelStats::entries), 600U);
  std::uint64_t flushed = 0;
  for (const FlushEvent& event : recorder_->flushes) flushed += event.entries;
  EXPECT_EQ(flushed, 610U);
  EXPECT_LE(dropped, 10U);
  EXPECT_TRUE(recorder_->errors.empty());
}

TEST_F(ListenerTest, HearsOfErrors) {
  ASSERT_TRUE(ok(db_.put("k", "v", kOs)));
  faulty_.injector().arm({.ops = {FaultOp::kCreate}, .path_contains = ".tbl"});
  EXPECT_FALSE(db_.flush().ok());
  ASSERT_FALSE(recorder_->errors.empty());
  EXPECT_FALSE(recorder_->errors[0].first.empty());
  EXPECT_TRUE(fails(recorder_->errors[0].second, Code::kIo, {".tbl"}));
  ASSERT_TRUE(ok(db_.wait_idle()) || ok(db_.resume()));
  recorder_->errors.clear();
  faulty_.injector().arm({.ops = {FaultOp::kLogSync}});
  EXPECT_FALSE(db_.put("k", "v").ok());
  ASSERT_EQ(recorder_->errors.size(), 1U);
  EXPECT_TRUE(fails(recorder_->errors[0].second, Code::kIo, {"log sync"}));
}

TEST_F(ListenerTest, HearsOfTheStoreTurningReadOnlyWhoeverNotices) {
  ASSERT_TRUE(ok(db_.put("k", "v", kOs)));
  faulty_.injector().arm({.ops = {FaultOp::kLogSync}});
  EXPECT_FALSE(db_.sync().ok());
  EXPECT_EQ(recorder_->errors.size(), 1U);
  ASSERT_TRUE(ok(db_.resume()));
  recorder_->errors.clear();
  faulty_.injector().arm({.ops = {FaultOp::kLogWrite}});
  EXPECT_FALSE(db_.put("k", "v", kOs).ok());
  EXPECT_FALSE(db_.health().ok());
  EXPECT_EQ(recorder_->errors.size(), 1U);
}

TEST_F(ListenerTest, HearsOfWritersThatHaveToWait) {
  recorder_->flush_takes_nanos = 20'000'000;  // a slow disk
  fill(db_, 3000, 200, kOs);
  const Stats stats = db_.stats().value();
  EXPECT_GT(stats.stalls, 0U);
  EXPECT_GE(stats.stall_nanos, 1'000'000U);
  ASSERT_FALSE(recorder_->stalls.empty());
  for (const std::uint64_t micros : recorder_->stalls) EXPECT_GE(micros, 1000U);
}

TEST_F(ListenerTest, HearsOfWritersThatAreSlowedDown) {
  // Nobody runs compactions while nobody waits for them: level 0 fills up.
  fill(db_, 200, 8000, kOs);
  const Stats stats = db_.stats().value();
  EXPECT_GT(stats.levels[0].tables, 8U);
  ASSERT_GE(stats.stall_nanos, 1'000'000U);
  ASSERT_FALSE(recorder_->stalls.empty());
  const std::uint64_t micros =
      std::accumulate(recorder_->stalls.begin(), recorder_->stalls.end(), std::uint64_t{0});
  EXPECT_LE(micros, stats.stall_nanos / 1000);
  EXPECT_GE(micros, stats.stall_nanos / 2000);  // waits below a millisecond are not told
  EXPECT_LE(recorder_->stalls.size(), stats.stalls);
  EXPECT_NE(std::ranges::find(recorder_->reasons, "background work is behind"),
            recorder_->reasons.end());
}

}  // namespace
}  // namespace nacre::test
