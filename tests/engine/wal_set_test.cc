// The wal segment that is made ahead: used when it is there and will do, given up otherwise, and
// never in the way. What a crash leaves of it is in wal_replay_ahead_test.cc and the sweeps.

#include "engine/wal_set.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "engine/runtime_state.h"
#include "engine/settings.h"
#include "env/fault_env.h"
#include "env/sim_env.h"
#include "harness/stores.h"
#include "harness/workloads.h"
#include "lsm/file_name.h"
#include "nacre/runtime.h"

namespace nacre::engine {
namespace {

/// A disk on which a test can act while a segment is being made.
class ActingFs final : public FileSystem {
 public:
  explicit ActingFs(FileSystem& below) : below_(below) {}

  std::function<void()> during_create;  // once

  Result<std::unique_ptr<LogFile>> create_log(const std::string& path, LogMode mode,
                                              std::uint64_t capacity) override {
    auto created = below_.create_log(path, mode, capacity);
    if (const auto act = std::exchange(during_create, nullptr)) act();
    return created;
  }
  Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path, ReadMode mode) override {
    return below_.open(path, mode);
  }
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    return below_.create(path);
  }
  Result<std::vector<std::string>> list(const std::string& dir) override {
    return below_.list(dir);
  }
  Result<PathKind> kind(const std::string& path) override { return below_.kind(path); }
  Status create_dir(const std::string& path) override { return below_.create_dir(path); }
  Status remove_dir(const std::string& path) override { return below_.remove_dir(path); }
  Status remove(const std::string& path) override { return below_.remove(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return below_.rename(from, to);
  }
  Status sync_dir(const std::string& dir) override { return below_.sync_dir(dir); }
  Status secure(const std::string& path, std::uint64_t from, std::uint64_t length) override {
    return below_.secure(path, from, length);
  }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return below_.lock(path);
  }
  Result<std::uint64_t> free_bytes(const std::string& dir) override {
    return below_.free_bytes(dir);
  }

 private:
  FileSystem& below_;
};

class ActingEnv final : public Env {
 public:
  explicit ActingEnv(Env& below) : below_(below), fs_(below.fs()) {}
  ActingFs& fs() override { return fs_; }
  Clock& clock() override { return below_.clock(); }
  Executor& executor() override { return below_.executor(); }
  std::uint64_t entropy() override { return below_.entropy(); }
  std::uint64_t memory_bytes() override { return below_.memory_bytes(); }

 private:
  Env& below_;
  ActingFs fs_;
};

/// A wal on a simulated disk, of which the first segment is begun.
class WalSetTest : public ::testing::TestWithParam<LogMode> {
 protected:
  WalSetTest() {
    EXPECT_TRUE(disk_.fs().create_dir(test::kStoreDir).ok());
    EXPECT_TRUE(disk_.fs().sync_dir("/").ok());
    EXPECT_TRUE(wals_.begin(0).ok());
    append();
  }

  Settings settings() {
    Settings settings = resolve(test::tiny_options(env_), 1 << 20).value();
    settings.options.log_mode = GetParam();
    return settings;
  }
  void append() { ASSERT_TRUE(wals_.append(++seq_, "a batch").ok()); }
  void make_next() {
    wals_.want_next();
    ASSERT_TRUE(wals_.wants_prepare());
    wals_.prepare_ahead();
    ASSERT_FALSE(wals_.wants_prepare());
  }
  std::string path_of(std::uint64_t number) { return context_.path(wal_name(FileNumber{number})); }
  std::vector<std::string> files() { return disk_.disk().files(); }
  std::uint64_t current() { return raw(wals_.current()); }

  SimEnv disk_;
  FaultEnv faulty_{disk_};
  ActingEnv env_{faulty_};
  std::shared_ptr<Runtime> runtime_ =
      Runtime::create({.env = &env_, .memory_bytes = 1 << 20}).value();
  Context context_{test::kStoreDir, settings(), runtime_->state()};
  FileNumbers numbers_;
  WalSet wals_{context_, numbers_};
  Seq seq_ = 0;
};

using Files = std::vector<std::string>;

TEST_P(WalSetTest, BeginWritesIntoWhatWasMadeAheadAndDoesNothingElse) {
  make_next();
  EXPECT_EQ(files(), (Files{path_of(1), path_of(2)}));
  EXPECT_EQ(current(), 1U);
  append();  // the current one goes on
  const std::uint64_t end = wals_.end();
  const std::uint64_t before = disk_.disk().mutations();
  ASSERT_TRUE(wals_.begin(0).ok());
  EXPECT_EQ(disk_.disk().mutations() - before, 1U) << "the link";
  EXPECT_EQ(current(), 2U);
  EXPECT_GT(wals_.end(), end);
  append();
  EXPECT_EQ(files(), (Files{path_of(1), path_of(2)}));
  // And again: it is asked for anew.
  make_next();
  EXPECT_EQ(files(), (Files{path_of(1), path_of(2), path_of(3)}));
}

TEST_P(WalSetTest, NobodyAskedForIt) {
  wals_.prepare_ahead();
  EXPECT_EQ(files(), (Files{path_of(1)}));
  ASSERT_TRUE(wals_.begin(0).ok());
  EXPECT_EQ(current(), 2U);
}

TEST_P(WalSetTest, ItIsMadeOnce) {
  make_next();
  wals_.want_next();
  EXPECT_FALSE(wals_.wants_prepare());
}

// Segments ascend in the order in which they are written: one that comes too late is gone.
TEST_P(WalSetTest, OneThatComesTooLateIsRemoved) {
  wals_.want_next();
  env_.fs().during_create = [&] { ASSERT_TRUE(wals_.begin(0).ok()); };
  wals_.prepare_ahead();
  EXPECT_EQ(current(), 3U);
  EXPECT_EQ(files(), (Files{path_of(1), path_of(3)}));
  append();
  ASSERT_TRUE(wals_.begin(0).ok());
  EXPECT_EQ(current(), 4U) << "2 must not come back";
}

// What the failed begin has left has a larger number than the one made ahead.
TEST_P(WalSetTest, OneThatWasMadeBesideAFailedBeginIsNotUsed) {
  wals_.want_next();
  env_.fs().during_create = [&] {
    FaultPlan plan;
    plan.ops = FaultOpSet({FaultOp::kSyncDir, FaultOp::kRemove});
    plan.sticky = true;
    faulty_.injector().arm(plan);
    EXPECT_FALSE(wals_.begin(0).ok());
    faulty_.injector().disarm();
  };
  wals_.prepare_ahead();
  EXPECT_EQ(files(), (Files{path_of(1), path_of(3)})) << "3 could not be removed";
  ASSERT_TRUE(wals_.begin(0).ok());
  EXPECT_EQ(current(), 4U);
}

TEST_P(WalSetTest, ABatchThatDoesNotFitGetsAnother) {
  make_next();
  ASSERT_TRUE(wals_.begin(kWalSegmentBytes).ok());
  EXPECT_EQ(current(), 3U);
  EXPECT_TRUE(wals_.fits(kWalSegmentBytes));
  wals_.drop_before(FileNumber{3});
  EXPECT_EQ(files(), (Files{path_of(3)}));
}

// A batch that would just fit into a segment with a header alone.
TEST_P(WalSetTest, TheLinkTakesRoomToo) {
  constexpr std::uint64_t kFits = kWalSegmentBytes - kWalHeaderBytes - kWalRecordHeaderBytes;
  make_next();
  ASSERT_TRUE(wals_.begin(kFits).ok());
  EXPECT_EQ(current(), 3U);
  EXPECT_TRUE(wals_.fits(kFits));
  make_next();
  ASSERT_TRUE(wals_.begin(kFits - kWalLinkBytes).ok());
  EXPECT_EQ(current(), 4U);
  EXPECT_TRUE(wals_.fits(kFits - kWalLinkBytes));
}

TEST_P(WalSetTest, AFailureToMakeItIsNoFailure) {
  for (const FaultOp op :
       {FaultOp::kCreateLog, FaultOp::kPrepare, FaultOp::kLogSync, FaultOp::kSyncDir}) {
    SCOPED_TRACE(fault_op_name(op));
    const std::uint64_t before = current();
    FaultPlan plan;
    plan.ops = FaultOpSet({op});
    if (op != FaultOp::kSyncDir) plan.path_contains = wal_name(FileNumber{before + 1});
    faulty_.injector().arm(plan);
    make_next();
    EXPECT_EQ(faulty_.injector().hits(), 1U);
    EXPECT_EQ(files().size(), 1U);
    append();
    ASSERT_TRUE(wals_.sync_through(wals_.end()).ok());
    ASSERT_TRUE(wals_.begin(0).ok());
    EXPECT_EQ(current(), before + 2);
    wals_.drop_before(wals_.current());
  }
}

TEST_P(WalSetTest, AFullDiskIsFoundByTheBeginAndNotBefore) {
  disk_.disk().set_capacity(kWalWindowMin);
  make_next();
  append();
  EXPECT_EQ(wals_.begin(0).code(), Code::kNoSpace);
  append();
  disk_.disk().set_capacity(1 << 20);
  ASSERT_TRUE(wals_.begin(0).ok());
  append();
}

TEST_P(WalSetTest, AFailedLinkIsReplacedByAWholeSegment) {
  make_next();
  FaultPlan plan;
  plan.ops = FaultOpSet({FaultOp::kLogWrite});
  faulty_.injector().arm(plan);
  ASSERT_TRUE(wals_.begin(0).ok());
  EXPECT_EQ(faulty_.injector().hits(), 1U);
  EXPECT_EQ(current(), 3U);
  append();
  ASSERT_TRUE(wals_.sync_through(wals_.end()).ok());
}

TEST_P(WalSetTest, WhoGivesUpTheWalGivesItUpToo) {
  make_next();
  wals_.abandon();
  ASSERT_TRUE(wals_.begin(0).ok());
  EXPECT_EQ(current(), 3U);
  EXPECT_EQ(files(), (Files{path_of(1), path_of(2), path_of(3)}));
  wals_.drop_before(wals_.current());
  EXPECT_EQ(files(), (Files{path_of(3)}));
}

TEST_P(WalSetTest, ARecordOfAWalThatWasGivenUpIsNotSyncedByTheNext) {
  const Lsn kept = wals_.append(1, "kept").value();
  ASSERT_TRUE(wals_.sync_through(kept).ok());
  const Lsn lost = wals_.append(2, "lost").value();
  wals_.abandon();
  ASSERT_TRUE(wals_.begin(0).ok());
  const Lsn next = wals_.append(3, "next").value();
  EXPECT_TRUE(wals_.sync_through(next).ok());
  EXPECT_TRUE(wals_.sync_through(kept).ok());
  EXPECT_EQ(wals_.sync_through(lost).code(), Code::kReadOnly);
  EXPECT_TRUE(wals_.given_up(lost));
  EXPECT_FALSE(wals_.given_up(kept) || wals_.given_up(next));
}

TEST_P(WalSetTest, OneThatIsMadeWhileTheWalIsGivenUpIsRemoved) {
  wals_.want_next();
  env_.fs().during_create = [&] { wals_.abandon(); };
  wals_.prepare_ahead();
  EXPECT_EQ(files(), (Files{path_of(1)}));
}

TEST_P(WalSetTest, WhoClosesRemovesIt) {
  make_next();
  wals_.remove_next();
  wals_.remove_next();
  EXPECT_EQ(files(), (Files{path_of(1)}));
}

// W3: whatever power cut there is, a segment that was cut has a follower that says so.
TEST_P(WalSetTest, ASegmentIsCutAfterTheLinkOfTheNextIsOnStableStorage) {
  make_next();
  ASSERT_TRUE(wals_.begin(0).ok());
  make_next();
  ASSERT_TRUE(wals_.begin(0).ok());
  append();
  std::uint64_t cut = 0;
  const auto look = [&] {
    const auto image = disk_.disk().crash_image(CrashProfile::kLoseUnsynced, 1);
    for (std::uint64_t number = 1; number < 3; ++number) {
      if (image->read_file(path_of(number))->size() >= kWalWindowMin) continue;
      ++cut;
      const std::string next = image->read_file(path_of(number + 1)).value();
      EXPECT_TRUE(decode_wal_link(std::string_view(next).substr(kWalHeaderBytes, kWalLinkBytes),
                                  {context_.salt, FileNumber{number + 1}}))
          << number;
    }
  };
  disk_.disk().on_mutation(look);
  ASSERT_TRUE(wals_.sync_through(wals_.end()).ok());
  disk_.disk().on_mutation(nullptr);
  look();
  EXPECT_GT(cut, 2U) << "the cuts must be met";
}

INSTANTIATE_TEST_SUITE_P(Modes, WalSetTest, ::testing::Values(LogMode::kMapped, LogMode::kPwrite),
                         [](const auto& mode) {
                           return mode.param == LogMode::kMapped ? "Mapped" : "Pwrite";
                         });

// What follows is about whole stores.

std::uint64_t wals_of(SimEnv& world) {
  std::uint64_t wals = 0;
  const std::vector<std::string> names = world.fs().list(test::kStoreDir).value();
  for (const std::string& name : names) {
    const auto file = parse_file_name(name);
    wals += file.has_value() && file->type == FileType::kWal;
  }
  return wals;
}

TEST(WalAheadTest, AStoreMakesOneWhenItsMemtableIsHalfFullAndTakesItAlong) {
  SimEnv world;
  Options options = test::tiny_options(world);
  options.memtable_bytes = 64 << 10;
  Db db = Db::open(test::kStoreDir, options).value();
  const auto put = [&](Durability durability) {
    ASSERT_TRUE(db.put("key", std::string(4000, 'v'), {.durability = durability}).ok());
    world.sim_executor().run_all();
  };
  for (int i = 0; i < 4; ++i) put(Durability::kOs);
  EXPECT_EQ(wals_of(world), 1U) << "a quarter";
  for (int i = 0; i < 6; ++i) put(i % 2 == 0 ? Durability::kOs : Durability::kDisk);
  EXPECT_EQ(wals_of(world), 2U);
  const auto crashed = world.crash_image(CrashProfile::kProcess, 1);
  ASSERT_TRUE(db.close().ok());
  EXPECT_EQ(wals_of(world), 1U);

  Db again = Db::open(test::kStoreDir, test::tiny_options(*crashed)).value();
  EXPECT_EQ(again.recovery_info()->bytes_dropped, 0U);
  EXPECT_EQ(again.get("key")->value().to_string(), std::string(4000, 'v'));
  ASSERT_TRUE(again.close().ok());
  EXPECT_EQ(wals_of(*crashed), 1U);
}

TEST(WalAheadTest, WritesWithoutAWalWantOneToo) {
  SimEnv world;
  Options options = test::tiny_options(world);
  options.memtable_bytes = 64 << 10;
  Db db = Db::open(test::kStoreDir, options).value();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(db.put("key", std::string(4000, 'v'), {.durability = Durability::kMemory}).ok());
    world.sim_executor().run_all();
  }
  EXPECT_EQ(wals_of(world), 2U);
}

TEST(WalAheadTest, AnIdleStoreHasNone) {
  SimEnv world;
  Db db = Db::open(test::kStoreDir, test::tiny_options(world)).value();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(db.put("key" + std::to_string(i), "value").ok());
    world.sim_executor().run_all();
  }
  EXPECT_EQ(wals_of(world), 1U);
}

// The sweeps say something about segments made ahead only if their workloads meet every state.
TEST(WalAheadTest, WorkloadsMeetEveryState) {
  SimEnv world(SimOptions{.seed = 7, .order_seed = 8});
  std::uint64_t not_begun = 0;
  std::uint64_t begun_and_not_synced = 0;
  std::uint64_t begun_and_synced = 0;
  const auto begun = [](const SimDisk& disk, const std::string& path) {
    const auto bytes = disk.read_file(path);
    if (!bytes.ok() || bytes->size() < kWalHeaderBytes + kWalLinkBytes) return false;
    return bytes->substr(kWalHeaderBytes, kWalLinkBytes).find_first_not_of('\0') !=
           std::string::npos;
  };
  world.disk().on_mutation([&] {
    const auto stable = world.disk().crash_image(CrashProfile::kLoseUnsynced, 1);
    for (const std::string& path : stable->files()) {
      if (!path.ends_with(".wal")) continue;
      const auto header = decode_wal_header(stable->read_file(path)->substr(0, 64), path);
      if (!header.ok() || !header->made_ahead) continue;
      const bool here = begun(world.disk(), path);
      const bool there = begun(*stable, path);
      not_begun += !here;
      begun_and_not_synced += here && !there;
      begun_and_synced += there;
    }
  });
  test::Life life{.env = world, .history = {}, .failure = {}, .broken = {}};
  test::workloads().back().run(life);
  EXPECT_EQ(life.failure + life.broken, "");
  EXPECT_GT(not_begun, 20U);
  EXPECT_GT(begun_and_not_synced, 20U);
  EXPECT_GT(begun_and_synced, 20U);
  std::printf("%llu, %llu, %llu cuts\n", static_cast<unsigned long long>(not_begun),
              static_cast<unsigned long long>(begun_and_not_synced),
              static_cast<unsigned long long>(begun_and_synced));
}

}  // namespace
}  // namespace nacre::engine
