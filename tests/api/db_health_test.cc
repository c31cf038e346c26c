// A store whose disk fails or fills: what it says, what still works, and how it comes back.

#include <gtest/gtest.h>

#include <string>

#include "api/api_world.h"
#include "env/fault_env.h"
#include "nacre/db.h"

namespace nacre::test {
namespace {

class HealthTest : public ::testing::Test {
 protected:
  Options options() { return tiny_options(faulty_); }
  /// From now on every operation of this kind on such a file fails.
  void fail(FaultOp op, const std::string& path_contains = {}, int error_number = EIO) {
    faulty_.injector().arm({.ops = {op},
                            .path_contains = path_contains,
                            .sticky = true,
                            .error_number = error_number});
  }
  void heal() { faulty_.injector().disarm(); }
  void reopen() {
    db_ = Db();
    db_ = open_store(kStoreDir, options());
  }

  SimEnv world_;
  FaultEnv faulty_{world_};
  Db db_ = open_store(kStoreDir, options());
};

TEST_F(HealthTest, AFailedLogSyncMakesTheStoreReadOnlyUntilItResumes) {
  Contents expected = fill(db_, 20, 50);
  ASSERT_TRUE(ok(db_.put("os", "before", kOs)));
  expected["os"] = "before";
  EXPECT_TRUE(ok(db_.health()));
  fail(FaultOp::kLogSync);
  const Status failure = db_.put("unsure", "v");
  EXPECT_TRUE(fails(failure, Code::kIo, {"log sync", "/store/", ".wal", "error"}));
  heal();  // a later sync that succeeds proves nothing: the bytes may be gone

  const std::vector<std::string> cause = {"read-only", "log sync", ".wal", "resume"};
  Batch batch;
  ASSERT_TRUE(ok(batch.put("refused", "v")));
  EXPECT_TRUE(fails(db_.put("refused", "v"), Code::kReadOnly, cause));
  EXPECT_TRUE(fails(db_.put("refused", "v", kOs), Code::kReadOnly, cause));
  EXPECT_TRUE(fails(db_.remove("os"), Code::kReadOnly, cause));
  EXPECT_TRUE(fails(db_.write(batch), Code::kReadOnly, cause));
  EXPECT_TRUE(fails(db_.sync(), Code::kReadOnly, cause));
  EXPECT_TRUE(fails(db_.flush(), Code::kReadOnly, cause));
  EXPECT_TRUE(fails(db_.compact(), Code::kReadOnly, cause));
  EXPECT_TRUE(fails(db_.wait_idle(), Code::kReadOnly, cause));
  EXPECT_TRUE(fails(db_.health(), Code::kReadOnly, cause));
  expected = contents_of(db_);  // "unsure" may be there or not
  expected.erase("unsure");
  EXPECT_EQ(expected.size(), 21U);
  EXPECT_EQ(look_up(db_, "os"), "before");
  EXPECT_EQ(look_up(db_, "refused"), "(absent)");
  EXPECT_TRUE(ok(db_.verify()));
  EXPECT_TRUE(ok(db_.snapshot()));

  ASSERT_TRUE(ok(db_.resume()));
  EXPECT_TRUE(ok(db_.health()));
  expected = contents_of(db_);
  // Everything from before is on stable storage now, in new files.
  const auto image = world_.crash_image(CrashProfile::kLoseUnsynced, 1);
  EXPECT_EQ(contents_of(open_store(kStoreDir, tiny_options(*image))), expected);
  ASSERT_TRUE(ok(db_.put("after", "v")));
  expected["after"] = "v";
  expect_reads(db_, expected);
  reopen();
  expect_reads(db_, expected);
}

TEST_F(HealthTest, ResumeThatFailsCanBeTriedAgain) {
  const Contents expected = fill(db_, 20, 50);
  fail(FaultOp::kLogSync);
  EXPECT_FALSE(db_.put("unsure", "v").ok());
  fail(FaultOp::kCreateLog);
  EXPECT_TRUE(fails(db_.resume(), Code::kIo, {"create log"}));
  EXPECT_TRUE(fails(db_.put("refused", "v"), Code::kReadOnly));
  fail(FaultOp::kCreate, ".tbl");
  EXPECT_FALSE(db_.resume().ok());
  EXPECT_TRUE(fails(db_.put("refused", "v"), Code::kReadOnly));
  EXPECT_TRUE(fails(db_.health(), Code::kReadOnly));
  EXPECT_EQ(look_up(db_, numbered_key(7)), expected.at(numbered_key(7)));
  heal();
  ASSERT_TRUE(ok(db_.resume()));
  ASSERT_TRUE(ok(db_.resume()));  // on a sound store it is nothing
  ASSERT_TRUE(ok(db_.put("after", "v")));
  reopen();
  Contents found = contents_of(db_);
  found.erase("unsure");
  EXPECT_EQ(found.size(), 21U);
  EXPECT_EQ(look_up(db_, "after"), "v");
  EXPECT_EQ(look_up(db_, "refused"), "(absent)");
}

TEST_F(HealthTest, CloseOfAFailedStorePutsWhatItHoldsIntoNewFiles) {
  fill(db_, 20, 50, kOs);
  fail(FaultOp::kLogSync);
  EXPECT_FALSE(db_.sync().ok());
  EXPECT_TRUE(fails(db_.put("refused", "v", kOs), Code::kReadOnly, {"log sync"}));
  heal();
  ASSERT_TRUE(ok(db_.close()));
  const auto image = world_.crash_image(CrashProfile::kLoseUnsynced, 1);
  EXPECT_EQ(contents_of(open_store(kStoreDir, tiny_options(*image))).size(), 20U);
}

TEST_F(HealthTest, AFailedBackgroundSyncIsNotLost) {
  Options periodic = options();
  periodic.sync_every = std::chrono::milliseconds(10);
  db_ = Db();
  db_ = open_store(kStoreDir, periodic);
  ASSERT_TRUE(ok(db_.put("k", "v", kOs)));
  fail(FaultOp::kLogSync);
  ASSERT_TRUE(world_.sim_executor().advance_to_next_timer());
  world_.sim_executor().run_all();
  EXPECT_TRUE(fails(db_.health(), Code::kReadOnly, {"log sync"}));
  EXPECT_TRUE(fails(db_.put("k", "w", kOs), Code::kReadOnly, {"log sync"}));
  heal();
  ASSERT_TRUE(ok(db_.resume()));
  ASSERT_TRUE(ok(db_.put("k", "w", kOs)));
}

TEST_F(HealthTest, AFlushThatCannotWriteIsTriedAgain) {
  fail(FaultOp::kCreate, ".tbl");
  ASSERT_TRUE(ok(db_.put("k", "v")));
  EXPECT_TRUE(fails(db_.flush(), Code::kIo, {"create", ".tbl"}));
  EXPECT_TRUE(fails(db_.health(), Code::kIo, {"create", ".tbl"}));
  EXPECT_EQ(look_up(db_, "k"), "v");
  ASSERT_TRUE(ok(db_.put("k2", "v")));  // the log is sound
  heal();
  while (world_.sim_executor().advance_to_next_timer()) world_.sim_executor().run_all();
  EXPECT_TRUE(ok(db_.health()));
  ASSERT_TRUE(ok(db_.flush()));
  expect_reads(db_, {{"k", "v"}, {"k2", "v"}});
}

TEST_F(HealthTest, ADamagedTableIsReportedWithItsPlaceAndTheRestGoesOn) {
  fill(db_, 100, 50, kOs);
  ASSERT_TRUE(ok(db_.compact()));
  const std::vector<std::string> tables = files_ending(world_.disk(), ".tbl");
  ASSERT_FALSE(tables.empty());
  const std::string bytes = world_.disk().read_file(tables[0]).value();
  ASSERT_TRUE(ok(world_.disk().overwrite(tables[0], 40, std::string(1, bytes[40] ^ 1))));
  const auto report = db_.verify();
  ASSERT_TRUE(ok(report));
  ASSERT_EQ(report->damage.size(), 1U);
  EXPECT_EQ("/store/" + report->damage[0].file, tables[0]);
  EXPECT_TRUE(fails(report->damage[0].error, Code::kCorruption, {tables[0], "offset"}));
  ASSERT_TRUE(ok(db_.put("k", "v")));
  EXPECT_EQ(look_up(db_, "k"), "v");
}

/// A disk that is full.
class DiskFullTest : public ::testing::Test {
 protected:
  std::uint64_t used() const {
    std::uint64_t bytes = 0;
    for (const std::string& path : world_.disk().files()) {
      bytes += world_.disk().read_file(path)->size();
    }
    return bytes;
  }
  void run_background() {
    do {
      world_.sim_executor().run_all();
    } while (world_.sim_executor().advance_to_next_timer());
  }

  SimEnv world_;
  Db db_ = open_store(kStoreDir, tiny_options(world_));
};

TEST_F(DiskFullTest, IsAnErrorBeforeTheWriteAndPassesByItself) {
  Contents expected = fill(db_, 50, 100, kOs);
  world_.disk().set_capacity(used() + 40'000);
  Status full;
  int written = 50;
  for (; written < 2000; ++written) {
    full = db_.put(numbered_key(written), pattern(200), kOs);
    if (!full.ok()) break;
    expected[numbered_key(written)] = pattern(200);
  }
  EXPECT_TRUE(fails(full, Code::kNoSpace, {"/store/"}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(fails(db_.put("refused", pattern(20'000), kOs), Code::kNoSpace));
  }
  expect_reads(db_, expected);  // nothing of a refused write is there, all else is

  // As full as it is, a crash loses nothing.
  for (const CrashProfile profile : {CrashProfile::kProcess}) {
    const auto image = world_.crash_image(profile, 1);
    image->disk().set_capacity(std::uint64_t{1} << 40);
    EXPECT_EQ(contents_of(open_store(kStoreDir, tiny_options(*image))), expected);
  }
  world_.disk().set_capacity(std::uint64_t{1} << 40);
  for (int i = 0; i < 10; ++i) {  // a retry may first have to find out
    world_.sim_executor().advance_to_next_timer();
    world_.sim_executor().run_all();
  }
  ASSERT_TRUE(ok(db_.put("after", "v")));
  expected["after"] = "v";
  EXPECT_TRUE(ok(db_.health()));
  ASSERT_TRUE(ok(db_.compact()));
  ASSERT_TRUE(ok(db_.wait_idle()));
  expect_reads(db_, expected);
  ASSERT_TRUE(ok(db_.close()));
  db_ = open_store(kStoreDir, tiny_options(world_));
  expect_reads(db_, expected);
}

TEST_F(DiskFullTest, BackgroundWorkPausesSaysWhyAndGoesOn) {
  Contents expected = fill(db_, 100, 50, kOs);
  ASSERT_TRUE(ok(db_.flush()));
  run_background();
  expected["small"] = "v";
  ASSERT_TRUE(ok(db_.put("small", "v", kOs)));
  world_.disk().set_capacity(used());
  EXPECT_TRUE(fails(db_.flush(), Code::kNoSpace));
  EXPECT_TRUE(ok(db_.health()) || fails(db_.health(), Code::kNoSpace, {"/store/"}));
  expect_reads(db_, expected);
  world_.disk().set_capacity(std::uint64_t{1} << 40);
  run_background();
  EXPECT_TRUE(ok(db_.health()));
  ASSERT_TRUE(ok(db_.flush()));
  expect_reads(db_, expected);
}

TEST_F(HealthTest, AFullDiskDuringAFlushIsTheReasonThatHealthTells) {
  ASSERT_TRUE(ok(db_.put("k", "v", kOs)));
  fail(FaultOp::kCreate, ".tbl", ENOSPC);
  EXPECT_TRUE(fails(db_.flush(), Code::kNoSpace, {".tbl"}));
  EXPECT_TRUE(fails(db_.health(), Code::kNoSpace, {".tbl"}));
  ASSERT_TRUE(ok(db_.put("k2", "v", kOs)));  // memory and log have room
  heal();
  ASSERT_TRUE(world_.sim_executor().advance_to_next_timer());  // a second later
  world_.sim_executor().run_all();
  EXPECT_TRUE(ok(db_.health()));
  ASSERT_TRUE(ok(db_.wait_idle()));
  expect_reads(db_, {{"k", "v"}, {"k2", "v"}});
}

}  // namespace
}  // namespace nacre::test
