// What an open after a crash leaves in memory: it is there, on stable storage, and stays within the
// memory; and a second crash before it was flushed finds the same again.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "base/random.h"
#include "env/fault_env.h"
#include "env/posix_executor.h"
#include "env/sim_env.h"
#include "harness/history.h"
#include "harness/stores.h"
#include "lsm/file_name.h"
#include "nacre/db.h"
#include "nacre/listener.h"
#include "nacre/runtime.h"

namespace nacre::test {
namespace {

std::string key_of(int n) { return "key" + std::to_string(100000 + n); }

Contents filled(int count) {
  Contents contents;
  for (int n = 0; n < count; ++n) contents[key_of(n)] = std::string(100, 'v') + std::to_string(n);
  return contents;
}

void write_all(Db& db, const Contents& contents, Durability durability) {
  for (const auto& [key, value] : contents) {
    ASSERT_TRUE(db.put(key, value, {.durability = durability}).ok());
  }
}

Options roomy(Env& env) {
  Options options = tiny_options(env);
  options.memory_bytes = 16 << 20;
  options.memtable_bytes = 2 << 20;
  return options;
}

std::uint64_t tables_of(const Db& db) {
  std::uint64_t tables = 0;
  const Stats stats = db.stats().value();
  for (const LevelStats& level : stats.levels) tables += level.tables;
  return tables;
}

std::uint64_t wals_of(SimEnv& world) {
  const std::vector<std::string> files = world.disk().files();
  return static_cast<std::uint64_t>(std::count_if(
      files.begin(), files.end(), [](const std::string& file) { return file.ends_with(".wal"); }));
}

/// A world whose store holds `contents` in its wal alone, after the death of its process.
/// The world after a crash; the store in the old one goes first.
void crash(std::unique_ptr<SimEnv>& world, Db& db, CrashProfile profile) {
  auto after = world->crash_image(profile, 1);
  db = Db();
  world = std::move(after);
}

std::unique_ptr<SimEnv> world_with_wal(const Contents& contents, Durability durability) {
  SimEnv world;
  Db db = Db::open(kStoreDir, roomy(world)).value();
  write_all(db, contents, durability);
  return world.crash_image(CrashProfile::kProcess, 1);
}

class ErrorLog final : public EventListener {
 public:
  void on_error(std::string_view during, const Status& error) override {
    errors.push_back(std::string(during) + ": " + error.to_string());
  }
  std::vector<std::string> errors;
};

/// A closed store with some tables.
void make_tables(SimEnv& world, const Contents& contents) {
  Db db = Db::open(kStoreDir, roomy(world)).value();
  write_all(db, contents, Durability::kOs);
  ASSERT_TRUE(db.flush().ok());
  ASSERT_TRUE(db.close().ok());
}

TEST(ReopenTest, TablesAreLoadedByWhoeverAsksOrInTheBackground) {
  SimEnv world;
  const Contents contents = filled(1000);
  make_tables(world, contents);
  Db db = Db::open(kStoreDir, roomy(world)).value();
  ASSERT_GT(tables_of(db), 0U);
  EXPECT_EQ(db.stats()->table_memory_bytes, 0U) << "the open reads nothing of them";
  EXPECT_EQ(db.get(contents.begin()->first).value()->view(), contents.begin()->second);
  const std::uint64_t loaded_for_a_get = db.stats()->table_memory_bytes;
  EXPECT_GT(loaded_for_a_get, 0U);

  ASSERT_TRUE(db.close().ok());
  db = Db::open(kStoreDir, roomy(world)).value();
  ASSERT_TRUE(db.wait_idle().ok());
  EXPECT_GE(db.stats()->table_memory_bytes, loaded_for_a_get);
  EXPECT_EQ(db.stats()->gets, 0U) << "nobody has asked";
}

TEST(ReopenTest, TheListenerHearsOfATableThatCannotBeLoaded) {
  SimEnv world;
  make_tables(world, filled(1000));
  for (const std::string& path : world.disk().files()) {
    if (!path.ends_with(".tbl")) continue;
    const std::string bytes = world.disk().read_file(path).value();
    const char flipped = static_cast<char>(bytes.back() ^ 1);
    ASSERT_TRUE(world.disk().overwrite(path, bytes.size() - 1, std::string(1, flipped)).ok());
  }
  const auto log = std::make_shared<ErrorLog>();
  Options options = roomy(world);
  options.listener = log;
  Db db = Db::open(kStoreDir, options).value();
  EXPECT_TRUE(log->errors.empty());
  ASSERT_TRUE(db.wait_idle().ok());
  ASSERT_EQ(log->errors.size(), tables_of(db));
  EXPECT_TRUE(log->errors.front().starts_with("open: corruption: /store/")) << log->errors.front();
}

TEST(ReopenTest, TheWalStaysInMemoryUntilItIsFlushed) {
  const Contents contents = filled(5000);
  const auto world = world_with_wal(contents, Durability::kOs);
  Db db = Db::open(kStoreDir, roomy(*world)).value();
  EXPECT_EQ(tables_of(db), 0U) << "nothing was flushed by the open";
  EXPECT_EQ(db.stats()->memtables, 2U);
  EXPECT_EQ(wals_of(*world), 2U);
  EXPECT_EQ(db.recovery_info()->records_replayed, contents.size());
  EXPECT_EQ(contents_of(db), contents);
  EXPECT_EQ(contents_backwards(db), contents);

  ASSERT_TRUE(db.wait_idle().ok());
  EXPECT_GT(tables_of(db), 0U);
  EXPECT_EQ(db.stats()->memtables, 1U);
  EXPECT_EQ(wals_of(*world), 1U) << "the old segment went with its flush";
  EXPECT_EQ(contents_of(db), contents);
}

TEST(ReopenTest, WhatWasFoundIsOnStableStorageWhenTheOpenReturns) {
  const Contents contents = filled(3000);
  const auto world = world_with_wal(contents, Durability::kOs);
  const Db db = Db::open(kStoreDir, roomy(*world)).value();
  for (const CrashProfile profile : kAllCrashProfiles) {
    SCOPED_TRACE(crash_profile_name(profile));
    const auto later = world->crash_image(profile, 1);
    const Db again = Db::open(kStoreDir, roomy(*later)).value();
    EXPECT_EQ(difference(contents, contents_of(again)), "no difference");
    EXPECT_EQ(again.recovery_info()->bytes_dropped, 0U);
  }
}

// The second crash comes with new writes in the wal, and before any flush.
TEST(ReopenTest, CrashesInARowAddUp) {
  auto world = std::make_unique<SimEnv>();
  Contents contents;
  for (int life = 0; life < 6; ++life) {
    SCOPED_TRACE(life);
    Db db = Db::open(kStoreDir, roomy(*world)).value();
    ASSERT_EQ(difference(contents, contents_of(db)), "no difference");
    EXPECT_EQ(db.recovery_info()->records_replayed, contents.size());
    EXPECT_EQ(db.recovery_info()->wal_segments, static_cast<std::uint64_t>(life));
    for (int n = 0; n < 200; ++n) {
      const std::string key = key_of(life * 200 + n);
      ASSERT_TRUE(db.put(key, "v", {.durability = Durability::kOs}).ok());
      contents[key] = "v";
    }
    const std::string key = "last of life " + std::to_string(life);
    const bool power_cut = life % 2 == 0;
    const Durability level = power_cut ? Durability::kDisk : Durability::kOs;
    ASSERT_TRUE(db.put(key, "v", {.durability = level}).ok());
    contents[key] = "v";
    crash(world, db, power_cut ? CrashProfile::kLoseUnsynced : CrashProfile::kProcess);
  }
}

// What a failed sync has left in the page cache looks whole, and no later sync stores it: an open
// must not take it for stored.
TEST(ReopenTest, BytesThatAFailedSyncForgotAreStoredByTheOpen) {
  const Contents contents = filled(100);
  SimEnv world;
  FaultEnv faulty(world);
  std::unique_ptr<SimEnv> second;
  {
    Db db = Db::open(kStoreDir, roomy(faulty)).value();
    write_all(db, contents, Durability::kOs);
    faulty.injector().arm({.ops = {FaultOp::kLogSync}, .effect = FaultEffect::kDropped});
    EXPECT_FALSE(db.sync().ok());
    second = world.crash_image(CrashProfile::kProcess, 1);
    faulty.injector().disarm();
  }
  Db db = Db::open(kStoreDir, roomy(*second)).value();
  ASSERT_EQ(contents_of(db), contents);
  ASSERT_TRUE(db.put("new", "1", {.durability = Durability::kDisk}).ok());
  const auto third = second->crash_image(CrashProfile::kLoseUnsynced, 1);
  auto opened = Db::open(kStoreDir, roomy(*third));
  ASSERT_TRUE(opened.ok()) << opened.error().to_string();
  Contents expected = contents;
  expected["new"] = "1";
  EXPECT_EQ(difference(expected, contents_of(*opened)), "no difference");
}

// A record that is torn, an open that goes on after it, and a crash before the flush: the torn
// bytes must not come back, nor count as damage of what the later segment proves to be synced.
TEST(ReopenTest, ATornTailTwice) {
  auto world = std::make_unique<SimEnv>();
  {
    Db db = Db::open(kStoreDir, roomy(*world)).value();
    ASSERT_TRUE(db.put("a", "1", {.durability = Durability::kDisk}).ok());
    ASSERT_TRUE(db.put("torn", std::string(300, 't'), {.durability = Durability::kOs}).ok());
    ASSERT_TRUE(db.put("behind", "1", {.durability = Durability::kOs}).ok());
    crash(world, db, CrashProfile::kProcess);
  }
  Contents expected = {{"a", "1"}};
  for (int life = 0; life < 4; ++life) {
    SCOPED_TRACE(life);
    // Damages the last record but one of the newest segment.
    std::vector<std::string> files = world->disk().files();
    std::erase_if(files, [](const std::string& file) { return !file.ends_with(".wal"); });
    const std::string path = files.back();
    const std::size_t at = world->disk().read_file(path).value().find(std::string(20, 't'));
    ASSERT_NE(at, std::string::npos);
    ASSERT_TRUE(world->disk().overwrite(path, at, "T").ok());

    Db db = Db::open(kStoreDir, roomy(*world)).value();
    EXPECT_GT(db.recovery_info()->bytes_dropped, 0U);
    ASSERT_EQ(difference(expected, contents_of(db)), "no difference");
    const std::string key = "life" + std::to_string(life);
    const Durability level = life % 2 == 0 ? Durability::kDisk : Durability::kOs;
    ASSERT_TRUE(db.put(key, "1", {.durability = level}).ok());
    expected[key] = "1";
    ASSERT_TRUE(db.put(key + "x", "1", {.durability = level}).ok());
    expected[key + "x"] = "1";
    ASSERT_TRUE(db.put("torn", std::string(300, 't'), {.durability = Durability::kOs}).ok());
    ASSERT_TRUE(db.put("behind", "1", {.durability = Durability::kOs}).ok());
    crash(world, db, CrashProfile::kProcess);
  }
}

// What fits stays, the rest becomes tables, and none of it takes more than there is.
TEST(ReopenTest, AStoreReopenedWithLessMemoryStaysWithinIt) {
  const Contents contents = filled(20000);  // 3 MiB
  SimEnv before;
  std::unique_ptr<SimEnv> world;
  {
    Options options = roomy(before);
    options.memtable_bytes = 512 << 10;
    options.memory_bytes = 32 << 20;
    Db db = Db::open(kStoreDir, options).value();
    write_all(db, contents, Durability::kOs);
    world = before.crash_image(CrashProfile::kProcess, 1);
  }
  std::uint64_t tables_before = ~std::uint64_t{0};
  for (const std::uint64_t memory_bytes : {1 << 20, 2 << 20, 3 << 20, 32 << 20}) {
    SCOPED_TRACE(memory_bytes);
    const auto image = world->clone();
    const auto runtime =
        Runtime::create({.env = image.get(), .memory_bytes = memory_bytes}).value();
    Options options = tiny_options(*image);
    options.env = nullptr;
    options.memory_bytes = 0;
    options.runtime = runtime;
    options.memtable_bytes = memory_bytes / 16;
    options.block_bytes = 4096;  // indexes of tiny blocks, which stay in memory, would take it all
    std::uint64_t most = 0;
    image->disk().on_mutation([&] { most = std::max(most, runtime->memory_used()); });
    Db db = Db::open(kStoreDir, options).value();
    image->disk().on_mutation(nullptr);
    most = std::max(most, runtime->memory_used());
    EXPECT_LE(most, memory_bytes);
    EXPECT_GT(db.stats()->memtables, 1U) << "the newest part stays in memory";
    const std::uint64_t tables = tables_of(db);
    EXPECT_LT(tables, tables_before) << "more memory, fewer tables";
    tables_before = tables;

    // The tables end where a segment does: a second crash replays the rest, and only that.
    const auto later = image->crash_image(CrashProfile::kLoseUnsynced, 1);
    const Db again = Db::open(kStoreDir, roomy(*later)).value();
    EXPECT_EQ(difference(contents, contents_of(again)), "no difference");
    EXPECT_EQ(again.recovery_info()->records_replayed<contents.size(), tables> 0);
    EXPECT_EQ(difference(contents, contents_of(db)), "no difference");
  }
  EXPECT_EQ(tables_before, 0U);
}

/// A simulated disk with threads that are real.
class ThreadedEnv final : public Env {
 public:
  explicit ThreadedEnv(SimEnv& world) : world_(world) {}
  FileSystem& fs() override { return world_.fs(); }
  Clock& clock() override { return world_.clock(); }
  Executor& executor() override { return executor_; }
  std::uint64_t entropy() override { return world_.entropy(); }
  std::uint64_t memory_bytes() override { return world_.memory_bytes(); }

 private:
  SimEnv& world_;
  PosixExecutor executor_{3};
};

TEST(ReopenThreadsTest, SegmentsAreReadSideBySide) {
  // Lives that end before a flush: a segment for each.
  auto world = std::make_unique<SimEnv>();
  Contents contents;
  Random random(1);
  for (int life = 0; life < 6; ++life) {
    Db db = Db::open(kStoreDir, roomy(*world)).value();
    for (int n = 0; n < 6000; ++n) {
      const std::string key = key_of(static_cast<int>(random.below(20000)));
      const std::string value = std::string(120, 'v') + std::to_string(random.next());
      ASSERT_TRUE(db.put(key, value, {.durability = Durability::kOs}).ok());
      contents[key] = value;
    }
    crash(world, db, CrashProfile::kProcess);
  }
  for (const std::uint64_t memory_bytes : {64 << 20, 4 << 20}) {
    SCOPED_TRACE(memory_bytes);
    const auto image = world->clone();
    ThreadedEnv env(*image);
    Options options = roomy(env);
    options.memory_bytes = memory_bytes;
    options.memtable_bytes = 512 << 10;
    Db db = Db::open(kStoreDir, options).value();
    EXPECT_EQ(db.recovery_info()->records_replayed, 36000U);
    EXPECT_EQ(difference(contents, contents_of(db)), "no difference");
    ASSERT_TRUE(db.wait_idle().ok());
    EXPECT_EQ(difference(contents, contents_of(db)), "no difference");
    ASSERT_TRUE(db.close().ok());
  }
}

}  // namespace
}  // namespace nacre::test
