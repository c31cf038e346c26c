// The power is cut at every file operation of every workload, under every profile of the simulated
// disk; each time the store must open and hold a state that the contract allows.
//
// One run of the workload serves all cuts: before each operation that changes the disk, images of
// what a crash would leave are taken, opened and checked. Some images are cut again while they
// recover, while they go on, and while what they found is flushed; and some of those once more.

#include <gtest/gtest.h>

#include <memory>

#include "env/sim_env.h"
#include "harness/stores.h"
#include "harness/workloads.h"
#include "lsm/file_name.h"
#include "nacre/db.h"

namespace nacre::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kCutEvery = 23;  // operations between two cuts; a prime, to meet all kinds
#else
constexpr std::uint64_t kCutEvery = 1;
#endif
/// One image in so many is cut again at every operation that follows.
constexpr std::uint64_t kNestedEvery = 101;
constexpr int kDepth = 2;

class CrashSweep {
 public:
  explicit CrashSweep(const Workload& workload) : workload_(workload) {}

  /// Runs the workload and checks all images. Stops checking at the first violation.
  void run(bool lying_disk = false) {
    SimEnv world(SimOptions{.seed = 7, .order_seed = 8});
    world.disk().set_lying_sync(lying_disk);
    Life life{.env = world, .history = {}, .failure = {}, .broken = {}};
    world.disk().on_mutation([&] { cut(world, life.history); });
    workload_.run(life);
    EXPECT_EQ(life.failure, "");
    EXPECT_EQ(life.broken, "");
  }

  std::uint64_t images() const { return images_; }
  const std::string& violation() const { return violation_; }

 private:
  void cut(const SimEnv& world, const History& history) {
    if (++operations_ % kCutEvery != 0 || !violation_.empty()) return;
    for (const CrashProfile profile : kAllCrashProfiles) {
      const std::uint64_t seed = images_ + 1;
      auto image = world.crash_image(profile, seed);
      check(*image, history, profile != CrashProfile::kProcess, kDepth);
      if (!violation_.empty()) {
        violation_ = std::string(workload_.name) + ", before operation " +
                     std::to_string(operations_) + ", profile " +
                     std::string(crash_profile_name(profile)) + ", seed " + std::to_string(seed) +
                     ": " + violation_;
        return;
      }
    }
  }

  /// `power_cut`: some crash since the store was last opened was one.
  void check(SimEnv& image, History history, bool power_cut, int depth) {
    const bool nested = depth > 0 && images_ % kNestedEvery == 0;
    ++images_;
    if (nested) {
      image.disk().on_mutation([&] {
        for (int i = 0; i < 2 && violation_.empty(); ++i) {
          const CrashProfile again = kAllCrashProfiles[images_ % kAllCrashProfiles.size()];
          auto second = image.crash_image(again, images_ + 1);
          check(*second, history, power_cut || again != CrashProfile::kProcess, depth - 1);
          if (!violation_.empty()) {
            violation_ += "\n  after a second crash, profile " +
                          std::string(crash_profile_name(again)) + ", with\n" +
                          image.disk().describe();
          }
        }
      });
    }
    open_and_go_on(image, history, power_cut);
    image.disk().on_mutation(nullptr);
  }

  void open_and_go_on(SimEnv& image, History& history, bool& power_cut) {
    auto opened = Db::open(kStoreDir, workload_options(image));
    if (!opened.ok()) {
      violation_ = "does not open: " + opened.error().to_string() + "\n" + image.disk().describe();
      return;
    }
    if (auto wrong = history.recover_to(contents_of(*opened), power_cut)) {
      violation_ = *wrong;
      return;
    }
    power_cut = false;
    go_on(image, std::move(*opened), history);
  }

  /// The recovered store must work: write, close, lose power, open again; and leave no file behind
  /// that it does not need.
  void go_on(SimEnv& image, Db db, History& history) {
    for (int i = 0; i < 4; ++i) {
      const std::string key = "after" + std::to_string(i);
      const Durability level = i % 2 == 0 ? Durability::kOs : Durability::kDisk;
      history.begin({{key, "crash"}});
      const Status status = db.put(key, "crash", {.durability = level});
      if (!status.ok()) {
        violation_ = "does not take writes: " + status.to_string();
        return;
      }
      history.acknowledge(level);
      if (i == 2) image.executor().run_one();
    }
    const Status closed = db.close();
    if (!closed.ok()) {
      violation_ = "does not close: " + closed.to_string();
      return;
    }
    history.all_durable();
    auto later = image.crash_image(CrashProfile::kLoseUnsynced, 1);
    auto again = Db::open(kStoreDir, workload_options(*later));
    if (!again.ok()) {
      violation_ = "does not open again: " + again.error().to_string();
      return;
    }
    if (contents_of(*again) != history.now()) {
      violation_ = "second open: " + difference(history.now(), contents_of(*again));
      return;
    }
    count_files(*later, *again);
  }

  void count_files(SimEnv& world, const Db& db) {
    std::uint64_t tables = 0;
    std::uint64_t wals = 0;
    std::uint64_t manifests = 0;
    const std::vector<std::string> names = world.fs().list(kStoreDir).value();
    for (const std::string& name : names) {
      const auto file = parse_file_name(name);
      if (!file.has_value()) continue;
      tables += file->type == FileType::kTable;
      wals += file->type == FileType::kWal;
      manifests += file->type == FileType::kManifest;
    }
    std::uint64_t live = 0;
    const Stats stats = db.stats().value();
    for (const LevelStats& level : stats.levels) live += level.tables;
    if (tables != live || wals != 1 || manifests != 1) {
      violation_ = "files left behind: " + std::to_string(tables) + " tables for " +
                   std::to_string(live) + " live ones, " + std::to_string(wals) + " wals, " +
                   std::to_string(manifests) + " manifests";
    }
  }

  const Workload& workload_;
  std::uint64_t operations_ = 0;
  std::uint64_t images_ = 0;
  std::string violation_;
};

class CrashSweepTest : public ::testing::TestWithParam<Workload> {};

TEST_P(CrashSweepTest, EveryCutLeavesAnAllowedState) {
  CrashSweep sweep(GetParam());
  sweep.run();
  EXPECT_EQ(sweep.violation(), "");
  EXPECT_GT(sweep.images(), 100U);
  std::printf("%s: %llu images recovered\n", GetParam().name,
              static_cast<unsigned long long>(sweep.images()));
}

// A disk whose syncs lie must make the sweep fail; else it proves nothing.
TEST_P(CrashSweepTest, NoticesADiskThatLies) {
  CrashSweep sweep(GetParam());
  sweep.run(/*lying_disk=*/true);
  EXPECT_NE(sweep.violation(), "");
}

INSTANTIATE_TEST_SUITE_P(Workloads, CrashSweepTest, ::testing::ValuesIn(workloads()),
                         [](const auto& workload) { return std::string(workload.param.name); });

}  // namespace
}  // namespace nacre::test
