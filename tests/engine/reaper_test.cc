// File numbers are given out once, and files go when nobody holds them any more.

#include "engine/reaper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "engine/file_numbers.h"
#include "env/fault_env.h"
#include "env/sim_env.h"
#include "harness/stores.h"
#include "nacre/db.h"

namespace nacre::engine {
namespace {

TEST(FileNumbersTest, EachIsGivenOutOnceAndIsBelowTheBound) {
  FileNumbers numbers;
  EXPECT_EQ(raw(numbers.take()), 1U);
  const FileNumber bound = numbers.bound();
  for (std::uint64_t expected = 2; expected < 1000; ++expected) {
    const FileNumber number = numbers.take();
    EXPECT_EQ(raw(number), expected);
    EXPECT_LT(raw(number), raw(bound));
  }
  // An open goes on from a bound that an edit has stated.
  FileNumbers after_a_crash;
  after_a_crash.start_at(bound);
  EXPECT_EQ(after_a_crash.take(), bound);
  EXPECT_GT(raw(after_a_crash.bound()), raw(bound));
}

TEST(FileNumbersTest, ThreadsGetDifferentOnes) {
  FileNumbers numbers;
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5000;
  std::vector<std::vector<std::uint64_t>> taken(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : taken) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < kEach; ++i) mine.push_back(raw(numbers.take()));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::uint64_t> all;
  for (const auto& mine : taken) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  EXPECT_EQ(all.back(), kThreads * kEach);
}

class ReaperTest : public ::testing::Test {
 protected:
  ReaperTest() { EXPECT_TRUE(disk_.create_dir(test::kStoreDir).ok()); }

  TablePtr table(std::uint64_t number) {
    EXPECT_TRUE(disk_.write_file(path(number), "bytes").ok());
    TableMeta meta;
    meta.number = FileNumber{number};
    return std::make_shared<Table>(std::move(meta));
  }
  static std::string path(std::uint64_t number) {
    return std::string(test::kStoreDir) + "/" + table_name(FileNumber{number});
  }
  bool exists(std::uint64_t number) { return disk_.kind(path(number)).value() == PathKind::kFile; }

  SimDisk disk_;
  Reaper reaper_{disk_, test::kStoreDir};
};

TEST_F(ReaperTest, ATableGoesWithItsLastHolder) {
  TablePtr first = table(1);
  TablePtr second = table(2);
  TablePtr third = table(3);
  TablePtr reader_of_first = first;
  reaper_.condemn(first);
  reaper_.condemn(second);
  EXPECT_EQ(reaper_.waiting(), 2U);

  reaper_.sweep();
  EXPECT_TRUE(exists(1) && exists(2) && exists(3)) << "all are held";

  first.reset();
  second.reset();
  reaper_.sweep();
  EXPECT_TRUE(exists(1)) << "a reader holds it";
  EXPECT_FALSE(exists(2));
  EXPECT_EQ(reaper_.waiting(), 1U);

  reader_of_first.reset();
  EXPECT_TRUE(exists(1)) << "letting go removes nothing: that may be in the middle of a read";
  reaper_.sweep();
  EXPECT_FALSE(exists(1));
  EXPECT_EQ(reaper_.waiting(), 0U);

  third.reset();
  reaper_.sweep();
  EXPECT_TRUE(exists(3)) << "nobody condemned it";
}

TEST_F(ReaperTest, RemovesOtherFilesAtOnce) {
  ASSERT_TRUE(disk_.write_file("/store/" + wal_name(FileNumber{4}), "w").ok());
  ASSERT_TRUE(disk_.write_file("/store/" + manifest_name(FileNumber{4}), "m").ok());
  reaper_.remove(FileType::kWal, FileNumber{4});
  EXPECT_EQ(disk_.list(test::kStoreDir).value(),
            std::vector<std::string>{manifest_name(FileNumber{4})});
  reaper_.remove(FileType::kManifest, FileNumber{4});
  reaper_.remove(FileType::kManifest, FileNumber{4});  // gone already: an orphan less
  EXPECT_TRUE(disk_.list(test::kStoreDir).value().empty());
}

std::vector<std::string> table_files(SimEnv& world) {
  std::vector<std::string> tables;
  const std::vector<std::string> names = world.fs().list(test::kStoreDir).value();
  for (const std::string& name : names) {
    const auto file = parse_file_name(name);
    if (file.has_value() && file->type == FileType::kTable) tables.push_back(name);
  }
  std::sort(tables.begin(), tables.end());
  return tables;
}

TEST(ReaperStoreTest, ACursorKeepsTheFilesOfItsMoment) {
  SimEnv world;
  Db db = Db::open(test::kStoreDir, test::tiny_options(world)).value();
  ASSERT_TRUE(db.put("a", "old").ok());
  ASSERT_TRUE(db.put("b", "old").ok());
  ASSERT_TRUE(db.flush().ok());
  const std::vector<std::string> old_files = table_files(world);
  ASSERT_EQ(old_files.size(), 1U);
  {
    Cursor cursor = db.cursor().value();
    ASSERT_TRUE(db.put("a", "new").ok());
    ASSERT_TRUE(db.remove("b").ok());
    ASSERT_TRUE(db.compact().ok());
    ASSERT_TRUE(db.wait_idle().ok());
    const std::vector<std::string> now = table_files(world);
    EXPECT_TRUE(std::find(now.begin(), now.end(), old_files[0]) != now.end())
        << "removed under a cursor";
    cursor.first();
    ASSERT_TRUE(cursor.valid()) << cursor.status().to_string();
    EXPECT_EQ(cursor.value(), "old");
    cursor.next();
    ASSERT_TRUE(cursor.valid()) << cursor.status().to_string();
    EXPECT_EQ(cursor.key(), "b");
  }
  EXPECT_EQ(test::contents_of(db), (test::Contents{{"a", "new"}}));
  ASSERT_TRUE(db.close().ok());
  const std::vector<std::string> left = table_files(world);
  EXPECT_EQ(left.size(), 1U);
  EXPECT_NE(left, old_files);
}

// A removal that fails leaves a file that the next open clears away.
TEST(ReaperStoreTest, WhatCouldNotBeRemovedGoesAtTheNextOpen) {
  SimEnv world;
  FaultEnv faulty(world);
  Db db = Db::open(test::kStoreDir, test::tiny_options(faulty)).value();
  ASSERT_TRUE(db.put("a", "old").ok());
  ASSERT_TRUE(db.flush().ok());
  faulty.injector().arm({.ops = {FaultOp::kRemove}, .sticky = true});
  ASSERT_TRUE(db.put("a", "new").ok());
  ASSERT_TRUE(db.compact().ok());
  ASSERT_TRUE(db.close().ok());
  EXPECT_GT(faulty.injector().hits(), 0U);
  EXPECT_GT(table_files(world).size(), 1U);

  Db again = Db::open(test::kStoreDir, test::tiny_options(world)).value();
  EXPECT_GT(again.recovery_info().value().files_removed, 0U);
  EXPECT_EQ(table_files(world).size(), 1U);
  EXPECT_EQ(test::contents_of(again), (test::Contents{{"a", "new"}}));
}

}  // namespace
}  // namespace nacre::engine
