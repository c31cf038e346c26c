// The levels of durability: what each crash leaves of the writes of each level.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "api/api_world.h"
#include "base/random.h"
#include "env/sim_env.h"
#include "nacre/db.h"

namespace nacre::test {
namespace {

constexpr WriteOptions kDisk{.durability = Durability::kDisk};
constexpr WriteOptions kMemory{.durability = Durability::kMemory};

/// What the store holds after a crash.
Contents after_crash(const SimEnv& world, CrashProfile profile, std::uint64_t seed = 1) {
  const auto image = world.crash_image(profile, seed);
  Db db = open_store(kStoreDir, tiny_options(*image));
  return contents_of(db);
}

class DurabilityTest : public ::testing::Test {
 protected:
  Contents after_process_death() const { return after_crash(world_, CrashProfile::kProcess); }
  Contents after_power_cut() const { return after_crash(world_, CrashProfile::kLoseUnsynced); }

  SimEnv world_;
  Db db_ = open_store(kStoreDir, tiny_options(world_));
};

TEST_F(DurabilityTest, EachLevelSurvivesWhatItPromisesAndNoMore) {
  ASSERT_TRUE(ok(db_.put("disk", "1", kDisk)));
  EXPECT_EQ(after_power_cut(), (Contents{{"disk", "1"}}));
  ASSERT_TRUE(ok(db_.put("os", "2", kOs)));
  EXPECT_EQ(after_process_death(), (Contents{{"disk", "1"}, {"os", "2"}}));
  EXPECT_EQ(after_power_cut(), (Contents{{"disk", "1"}}));
  ASSERT_TRUE(ok(db_.put("memory", "3", kMemory)));
  EXPECT_EQ(after_process_death(), (Contents{{"disk", "1"}, {"os", "2"}}));
  EXPECT_EQ(look_up(db_, "memory"), "3");
}

TEST_F(DurabilityTest, ALoggedWriteTakesTheUnloggedOnesBeforeItAlong) {
  ASSERT_TRUE(ok(db_.put("a", "memory", kMemory)));
  ASSERT_TRUE(ok(db_.put("b", "memory", kMemory)));
  ASSERT_TRUE(ok(db_.put("a", "os", kOs)));
  EXPECT_EQ(after_process_death(), (Contents{{"a", "os"}, {"b", "memory"}}));
  ASSERT_TRUE(ok(db_.put("c", "memory", kMemory)));
  ASSERT_TRUE(ok(db_.put("d", "disk", kDisk)));
  const Contents all = {{"a", "os"}, {"b", "memory"}, {"c", "memory"}, {"d", "disk"}};
  EXPECT_EQ(after_power_cut(), all);
  EXPECT_EQ(after_process_death(), all);
}

TEST_F(DurabilityTest, SyncFlushAndCloseRaiseEverythingToDisk) {
  Contents all;
  int n = 0;
  const auto put_all_levels = [&] {
    for (const WriteOptions& options : {kMemory, kOs, kMemory}) {
      const std::string key = "key" + std::to_string(n++);
      ASSERT_TRUE(ok(db_.put(key, "v", options)));
      all[key] = "v";
    }
    EXPECT_NE(after_power_cut(), all);
  };
  put_all_levels();
  ASSERT_TRUE(ok(db_.sync()));
  EXPECT_EQ(after_power_cut(), all);
  put_all_levels();
  ASSERT_TRUE(ok(db_.flush()));
  EXPECT_EQ(after_power_cut(), all);
  put_all_levels();
  ASSERT_TRUE(ok(db_.compact()));
  EXPECT_EQ(after_power_cut(), all);
  put_all_levels();
  ASSERT_TRUE(ok(db_.close()));
  EXPECT_EQ(after_power_cut(), all);
}

TEST_F(DurabilityTest, TheOptionIsTheLevelOfWritesThatNameNone) {
  const auto syncs_of_a_put = [&](Durability durability) {
    Options options = tiny_options(world_);
    options.durability = durability;
    db_ = Db();
    db_ = open_store(kStoreDir, options);
    const std::uint64_t syncs = db_.stats()->wal_syncs;
    const std::uint64_t bytes = db_.stats()->wal_bytes;
    EXPECT_TRUE(ok(db_.put("k", "v")));
    EXPECT_EQ(db_.stats()->wal_bytes > bytes, durability != Durability::kMemory);
    return db_.stats()->wal_syncs - syncs;
  };
  EXPECT_EQ(syncs_of_a_put(Durability::kDisk), 1U);
  EXPECT_EQ(syncs_of_a_put(Durability::kOs), 0U);
  EXPECT_EQ(syncs_of_a_put(Durability::kMemory), 0U);
  EXPECT_EQ(Options().durability, Durability::kDisk);
}

TEST_F(DurabilityTest, SyncEveryMakesOsWritesDurableByItself) {
  Options options = tiny_options(world_);
  options.sync_every = std::chrono::milliseconds(50);
  db_ = Db();
  db_ = open_store(kStoreDir, options);
  Contents all;
  for (int round = 0; round < 3; ++round) {
    const std::string key = "key" + std::to_string(round);
    const std::uint64_t before = world_.clock().monotonic_nanos();
    ASSERT_TRUE(ok(db_.put(key, "v", kOs)));
    EXPECT_EQ(after_power_cut(), all);
    all[key] = "v";
    ASSERT_TRUE(world_.sim_executor().advance_to_next_timer());
    world_.sim_executor().run_all();
    EXPECT_LE(world_.clock().monotonic_nanos() - before, 50'000'000U);
    EXPECT_EQ(after_power_cut(), all);
  }
  // It syncs the log; what was never logged stays where it is.
  ASSERT_TRUE(ok(db_.put("memory", "v", kMemory)));
  ASSERT_TRUE(world_.sim_executor().advance_to_next_timer());
  world_.sim_executor().run_all();
  EXPECT_EQ(after_power_cut(), all);
  ASSERT_TRUE(ok(db_.close()));
  // The period ends with the store.
  while (world_.sim_executor().advance_to_next_timer()) world_.sim_executor().run_all();
  EXPECT_EQ(world_.sim_executor().waiting(), 0U);
}

TEST_F(DurabilityTest, RecoveryTellsWhatItReplayedAndDropped) {
  ASSERT_TRUE(ok(db_.put("a", "1", kDisk)));
  ASSERT_TRUE(ok(db_.put("b", "2", kOs)));
  auto image = world_.crash_image(CrashProfile::kProcess, 1);
  Db replayed = open_store(kStoreDir, tiny_options(*image));
  EXPECT_FALSE(replayed.recovery_info()->clean);
  EXPECT_EQ(replayed.recovery_info()->records_replayed, 2U);
  EXPECT_GE(replayed.recovery_info()->wal_segments, 1U);
  EXPECT_EQ(replayed.recovery_info()->bytes_dropped, 0U);
  ASSERT_TRUE(ok(replayed.close()));
  // Part of the last record, which was never synced, did not arrive.
  image = world_.crash_image(CrashProfile::kProcess, 1);
  const std::vector<std::string> wals = files_ending(image->disk(), ".wal");
  ASSERT_EQ(wals.size(), 1U);
  const std::string bytes = image->disk().read_file(wals[0]).value();
  const std::size_t last = bytes.find_last_not_of('\0');
  ASSERT_TRUE(ok(image->disk().overwrite(wals[0], last, "?")));
  Db torn = open_store(kStoreDir, tiny_options(*image));
  EXPECT_EQ(contents_of(torn), (Contents{{"a", "1"}}));
  const RecoveryInfo info = torn.recovery_info().value();
  EXPECT_FALSE(info.clean);
  EXPECT_EQ(info.records_replayed, 1U);
  EXPECT_GT(info.bytes_dropped, 0U);
  EXPECT_NE(info.detail.find(wals[0]), std::string::npos) << info.detail;
}

/// A life with writes of all levels, cut now and then in every way.
TEST(DurabilitySweepTest, EveryCrashLeavesAPrefixThatHoldsWhatWasPromised) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SimEnv world(SimOptions{.seed = seed, .order_seed = seed});
    Db db = open_store(kStoreDir, tiny_options(world));
    History history;
    Random random(seed);
    for (int i = 0; i < 150; ++i) {
      const auto level = static_cast<Durability>(random.below(3));
      const std::string key = "key" + std::to_string(random.below(20));
      if (random.one_in(4)) {
        history.begin({{key, std::nullopt}});
        ASSERT_TRUE(ok(db.remove(key, {.durability = level})));
      } else {
        const std::string value = std::to_string(i) + std::string(random.below(900), 'v');
        history.begin({{key, value}});
        ASSERT_TRUE(ok(db.put(key, value, {.durability = level})));
      }
      history.acknowledge(level);
      if (random.one_in(8)) world.sim_executor().run_one();
      if (i % 15 != 14) continue;
      for (const CrashProfile profile : kAllCrashProfiles) {
        History fork = history;
        const auto wrong = fork.recover_to(
            after_crash(world, profile, seed * 1000 + static_cast<std::uint64_t>(i)),
            profile != CrashProfile::kProcess);
        EXPECT_FALSE(wrong.has_value()) << "seed " << seed << ", write " << i << ", "
                                        << crash_profile_name(profile) << ": " << *wrong;
      }
    }
    EXPECT_EQ(contents_of(db), history.now());
  }
}

}  // namespace
}  // namespace nacre::test
