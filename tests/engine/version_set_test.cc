// A manifest that fails is never written again: the next version goes into a new one, and when that
// fails too the store is read-only until somebody resumes it.

#include "engine/version_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "env/fault_env.h"
#include "env/sim_env.h"
#include "harness/stores.h"
#include "lsm/file_name.h"
#include "nacre/db.h"
#include "nacre/listener.h"

namespace nacre::engine {
namespace {

using test::Contents;

class ErrorCounter final : public EventListener {
 public:
  void on_error(std::string_view during, const Status&) override {
    last_ = std::string(during);
    ++count_;
  }
  int count() const { return count_; }
  const std::string& last() const { return last_; }

 private:
  int count_ = 0;
  std::string last_;
};

class VersionSetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Db::open(test::kStoreDir, options());
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    db_ = *std::move(opened);
    put("a");
    ASSERT_TRUE(db_.flush().ok());
    put("b");
  }

  Options options() {
    Options options = test::tiny_options(faulty_);
    options.listener = errors_;
    return options;
  }
  void put(const std::string& key) {
    const Status status = db_.put(key, "1");
    ASSERT_TRUE(status.ok()) << status.to_string();
    written_[key] = "1";
  }
  void fail_manifest(FaultOpSet ops, bool sticky, FaultEffect effect = FaultEffect::kNothing,
                     int error_number = EIO) {
    faulty_.injector().arm({.ops = ops,
                            .path_contains = "MANIFEST",
                            .nth = 1,
                            .sticky = sticky,
                            .error_number = error_number,
                            .effect = effect});
  }
  std::vector<std::string> files(FileType type) const {
    std::vector<std::string> found;
    for (const std::string& path : world_.disk().files()) {
      const std::string name = path.substr(path.rfind('/') + 1);
      const auto file = parse_file_name(name);
      if (file.has_value() && file->type == type) found.push_back(name);
    }
    return found;
  }
  std::string manifest() const {
    const std::vector<std::string> manifests = files(FileType::kManifest);
    EXPECT_EQ(manifests.size(), 1U);
    return manifests.front();
  }
  void expect_all_there(const Db& db) { EXPECT_EQ(test::contents_of(db), written_); }
  /// What another boot finds after a power cut.
  void expect_all_there_after_a_crash() {
    const auto later = world_.crash_image(CrashProfile::kLoseUnsynced, 1);
    const auto opened = Db::open(test::kStoreDir, test::tiny_options(*later));
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    expect_all_there(*opened);
  }

  SimEnv world_;
  FaultEnv faulty_{world_};
  std::shared_ptr<ErrorCounter> errors_ = std::make_shared<ErrorCounter>();
  Db db_;
  Contents written_;
};

TEST_F(VersionSetTest, EditsGoIntoOneManifest) {
  const std::string before = manifest();
  ASSERT_TRUE(db_.flush().ok());
  EXPECT_EQ(manifest(), before);
  EXPECT_EQ(errors_->count(), 0);
}

TEST_F(VersionSetTest, AfterAFailedAppendANewManifestTakesOver) {
  for (const FaultOp op : {FaultOp::kAppend, FaultOp::kSync}) {
    for (const FaultEffect effect :
         {FaultEffect::kNothing, FaultEffect::kDone, FaultEffect::kDropped}) {
      SCOPED_TRACE(std::string(fault_op_name(op)) + ", effect " +
                   std::to_string(static_cast<int>(effect)));
      const std::string before = manifest();
      const int errors_before = errors_->count();
      fail_manifest({op}, /*sticky=*/false, effect);
      ASSERT_TRUE(db_.flush().ok());
      EXPECT_EQ(faulty_.injector().hits(), 1U);
      EXPECT_NE(manifest(), before) << "and the one that failed is gone";
      EXPECT_EQ(errors_->count(), errors_before + 1);
      EXPECT_EQ(errors_->last(), "manifest");
      EXPECT_TRUE(db_.health().ok());
      expect_all_there(db_);
      expect_all_there_after_a_crash();
      put("c" + std::to_string(errors_before));
    }
  }
}

TEST_F(VersionSetTest, ASecondFailureTurnsTheStoreReadOnly) {
  fail_manifest({FaultOp::kAppend, FaultOp::kSync}, /*sticky=*/true);
  const Status flushed = db_.flush();
  ASSERT_EQ(flushed.code(), Code::kIo) << flushed.to_string();
  EXPECT_NE(flushed.message().find("MANIFEST"), std::string::npos) << flushed.to_string();

  const Status refused = db_.put("c", "1");
  EXPECT_EQ(refused.code(), Code::kReadOnly) << refused.to_string();
  EXPECT_NE(refused.message().find("MANIFEST"), std::string::npos) << refused.to_string();
  EXPECT_EQ(db_.health().code(), Code::kReadOnly);
  expect_all_there(db_);
  expect_all_there_after_a_crash();

  EXPECT_FALSE(db_.resume().ok()) << "the disk is as bad as before";
  EXPECT_EQ(db_.put("c", "1").code(), Code::kReadOnly);

  faulty_.injector().disarm();
  const Status resumed = db_.resume();
  ASSERT_TRUE(resumed.ok()) << resumed.to_string();
  EXPECT_TRUE(db_.health().ok());
  put("c");
  expect_all_there(db_);
  expect_all_there_after_a_crash();
  ASSERT_TRUE(db_.close().ok());
  expect_all_there_after_a_crash();
  EXPECT_TRUE(Db::open(test::kStoreDir, options()).ok());
  EXPECT_EQ(files(FileType::kManifest).size(), 1U) << "those that failed are cleared away";
}

// The wal that a resume begins follows no other. Until the manifest does without the old wal,
// nothing may be acknowledged in the new one: a crash would leave two of which neither can be given
// up.
TEST_F(VersionSetTest, WritesBesideAResumeSurviveACrash) {
  fail_manifest({FaultOp::kAppend, FaultOp::kSync}, /*sticky=*/true);
  ASSERT_FALSE(db_.flush().ok());
  faulty_.injector().disarm();
  bool ran = false;
  const auto write_and_crash = [&] {
    ran = true;
    if (db_.put("beside", "1").ok()) written_["beside"] = "1";
    expect_all_there_after_a_crash();
  };
  faulty_.executor().submit(Lane::kLog, write_and_crash);
  ASSERT_TRUE(db_.resume().ok());
  EXPECT_TRUE(ran) << "while the resume waited for its flush";
  expect_all_there(db_);
  expect_all_there_after_a_crash();
}

// Whether the manifest names a new table is not known when its sync fails: the file must stay.
TEST_F(VersionSetTest, FilesOfAnEditOfUnknownFateStay) {
  const std::size_t tables_before = files(FileType::kTable).size();
  fail_manifest({FaultOp::kSync}, /*sticky=*/true, FaultEffect::kDone);
  ASSERT_FALSE(db_.flush().ok());
  EXPECT_EQ(files(FileType::kTable).size(), tables_before + 1);
  db_ = Db();
  EXPECT_EQ(files(FileType::kTable).size(), tables_before + 2) << "the last try of the close";
  expect_all_there_after_a_crash();
}

TEST_F(VersionSetTest, AFullDiskOnlyPauses) {
  fail_manifest({FaultOp::kAppend, FaultOp::kCreate}, /*sticky=*/true, FaultEffect::kNothing,
                ENOSPC);
  EXPECT_EQ(db_.flush().code(), Code::kNoSpace);
  EXPECT_EQ(db_.health().code(), Code::kNoSpace) << "paused, not broken";
  put("c");  // there is memory left, and room in the wal
  faulty_.injector().disarm();
  world_.sim_executor().advance_to_next_timer();  // a second later it is tried again
  world_.sim_executor().run_all();
  EXPECT_TRUE(db_.health().ok());
  ASSERT_TRUE(db_.flush().ok());
  expect_all_there(db_);
  expect_all_there_after_a_crash();
}

TEST_F(VersionSetTest, ALongManifestIsReplacedByAShortOne) {
  const std::string long_key(60'000, 'k');  // an edit names the ends of its table
  std::uint64_t longest = 0;
  int rotations = 0;
  std::string last = manifest();
  for (int i = 0; i < 60; ++i) {
    put(long_key + std::to_string(i % 7));
    ASSERT_TRUE(db_.flush().ok());
    ASSERT_TRUE(db_.wait_idle().ok());
    const std::string now = manifest();
    rotations += now != last ? 1 : 0;
    last = now;
    longest = std::max<std::uint64_t>(
        longest, world_.disk().read_file(std::string(test::kStoreDir) + "/" + now).value().size());
  }
  EXPECT_GT(rotations, 2);
  EXPECT_LT(longest, 6U << 20);
  EXPECT_EQ(errors_->count(), 0);
  expect_all_there_after_a_crash();
}

}  // namespace
}  // namespace nacre::engine
