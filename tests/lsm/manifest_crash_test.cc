// The power is cut behind every change to the disk, with every fate of what was not synced; and
// every change fails, once or for good, with the power cut anywhere after it. What recover() finds
// must be what was acknowledged, or what was under way.

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "env/sim_env.h"
#include "lsm/manifest.h"
#include "lsm_test_text.h"
#include "small_disk.h"

namespace nacre {
namespace {

using test::kAllLosses;
using test::Lose;
using test::SmallDisk;

/// A state that the store was to have, and when.
struct Stage {
  std::string text;
  std::size_t begun = 0;  // changes to the disk before it was begun
  std::optional<std::size_t> acked;
};

/// Does to a manifest what an engine does: edits, rotations, and after a failure a new manifest.
class Engine {
 public:
  explicit Engine(SmallDisk& disk) : Engine(disk, [&disk] { return disk.changes(); }) {}
  explicit Engine(SimDisk& disk) : Engine(disk, [&disk] { return disk.mutations(); }) {}

  /// False when it has given up.
  bool edit(const std::string& line, std::uint64_t reason_bytes) {
    Edit edit = test::edit_from_lines({line});
    edit.states_order = true;
    edit.next_file = FileNumber{next_file_};
    edit.last_seq = 1'000;
    edit.reason = std::string(reason_bytes, 'r');
    EXPECT_TRUE(state_.apply(edit).ok());
    if (manifest_ == nullptr) return rotate();
    begin();
    if (manifest_->append(edit).ok()) return ack();
    return rotate();
  }

  bool rotate() {
    manifest_.reset();  // M4
    for (int attempt = 0; attempt < 3; ++attempt) {
      const FileNumber number{next_file_++};
      Edit raise;
      raise.next_file = FileNumber{next_file_};
      EXPECT_TRUE(state_.apply(raise).ok());
      begin();
      auto manifest = Manifest::create(fs_, "db", number, StoreIdentity{5, {}}, state_.result());
      if (!manifest.ok()) continue;
      manifest_ = *std::move(manifest);
      return ack();
    }
    return false;
  }

  void run() {
    next_file_ = 30;
    if (!edit("+L0 1:[a..c]@1-5", 10)) return;
    if (!edit("+L0 2:[b..d]@6-9", 700)) return;  // longer than a sector
    if (!edit("-L0 1 2", 0)) return;
    if (!rotate()) return;
    if (!edit("+L1 3:[a..d]@1-9", 1'200)) return;
    if (!edit("+L0 4:[c..c]@10-11", 0)) return;
    if (!rotate()) return;
    edit("+L0 5:[x..x]@12-13", 100);
  }

  const std::vector<Stage>& stages() const { return stages_; }
  std::uint64_t next_file() const { return next_file_; }

  /// What may be found after a cut behind `count` changes: the last state that was acknowledged by
  /// then, or one that was begun after it.
  std::set<std::string> allowed_after(std::size_t count) const {
    std::set<std::string> allowed = {"not found: db: there is no store here"};
    for (const Stage& stage : stages_) {
      if (stage.begun > count) break;
      if (stage.acked.has_value() && *stage.acked <= count) allowed.clear();
      allowed.insert(stage.text);
    }
    return allowed;
  }

 private:
  Engine(FileSystem& fs, std::function<std::size_t()> changes)
      : fs_(fs), changes_(std::move(changes)) {}
  void begin() { stages_.push_back({render(state_.result()), changes_(), std::nullopt}); }
  bool ack() {
    stages_.back().acked = changes_();
    return true;
  }

  FileSystem& fs_;
  const std::function<std::size_t()> changes_;
  EditFold state_;
  std::uint64_t next_file_ = 1;
  std::unique_ptr<Manifest> manifest_;
  std::vector<Stage> stages_;
};

std::string found_in(FileSystem& fs) {
  const Result<ManifestContents> contents = recover_manifest(fs, "db");
  if (!contents.ok()) return contents.error().to_string();
  return render(contents->state);
}
std::string found_in(const std::map<std::string, std::string>& files) {
  SmallDisk disk(files);
  return found_in(disk);
}

/// Checks every fate of a cut behind `count` changes; returns how many images it looked at.
int check_cut(const SmallDisk& disk, const Engine& engine, std::size_t count, std::uint64_t seeds) {
  const std::set<std::string> allowed = engine.allowed_after(count);
  int images = 0;
  for (const Lose bytes : kAllLosses) {
    for (const Lose names : kAllLosses) {
      const bool is_random = bytes >= Lose::kTail || names >= Lose::kTail;
      for (std::uint64_t seed = 1; seed <= (is_random ? seeds : 1); ++seed) {
        Random random(seed * 1'000'003 + count);
        const auto files = disk.after_cut(count, bytes, names, random);
        const std::string found = found_in(files);
        EXPECT_TRUE(allowed.contains(found))
            << "cut behind change " << count << ", bytes " << static_cast<int>(bytes) << ", names "
            << static_cast<int>(names) << ", seed " << seed << ": found " << found;
        ++images;
      }
    }
  }
  return images;
}

TEST(ManifestCrash, EveryCutLeavesWhatWasAcknowledged) {
  SmallDisk disk;
  Engine engine(disk);
  engine.run();
  ASSERT_EQ(engine.stages().size(), 8U);
  for (const Stage& stage : engine.stages()) ASSERT_TRUE(stage.acked.has_value());
  int images = 0;
  for (std::size_t count = 0; count <= disk.changes(); ++count) {
    images += check_cut(disk, engine, count, 20);
    if (HasFailure()) return;
  }
  EXPECT_GT(images, 10'000);
}

TEST(ManifestCrash, EveryFailureAndThenEveryCut) {
  SmallDisk clean;
  Engine(clean).run();
  for (std::size_t fail = 0; fail < clean.changes(); ++fail) {
    for (const bool for_good : {false, true}) {
      SCOPED_TRACE("change " + std::to_string(fail) + (for_good ? " and all after" : "") +
                   " fails");
      SmallDisk disk;
      disk.fail_at(fail, for_good);
      Engine engine(disk);
      engine.run();
      EXPECT_TRUE(for_good || engine.stages().back().acked.has_value());
      for (std::size_t count = 0; count <= disk.changes(); ++count) {
        check_cut(disk, engine, count, 1);
        if (HasFailure()) return;
      }
    }
  }
}

/// Runs an engine on a simulated disk and counts the crash images, at every change, in which
/// something else is found than is allowed. Says on stderr what the first was when `tell` is set.
int count_violations(SimEnv& world, std::uint64_t seeds, bool tell, int* images) {
  EXPECT_TRUE(world.fs().create_dir("db").ok());
  EXPECT_TRUE(world.fs().sync_dir("/").ok());
  Engine engine(world.disk());
  int violations = 0;
  const auto check = [&] {
    const std::set<std::string> allowed = engine.allowed_after(world.disk().mutations());
    for (const CrashProfile profile : kAllCrashProfiles) {
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto image = world.disk().crash_image(profile, seed);
        const std::string found = found_in(*image);
        ++*images;
        if (allowed.contains(found)) continue;
        if (tell && violations == 0) {
          ADD_FAILURE() << "change " << world.disk().mutations() << ", "
                        << crash_profile_name(profile) << ", seed " << seed << ": found " << found;
        }
        ++violations;
      }
    }
  };
  world.disk().on_mutation(check);
  engine.run();
  world.disk().on_mutation(nullptr);
  check();
  EXPECT_EQ(engine.stages().size(), 8U);
  return violations;
}

TEST(ManifestCrash, EveryCrashOfTheSimulatedDisk) {
  SimEnv world;
  int images = 0;
  EXPECT_EQ(count_violations(world, 40, true, &images), 0);
  EXPECT_GT(images, 10'000);
}

TEST(ManifestCrash, ADiskThatLiesIsFoundOut) {
  SimEnv world;
  world.disk().set_lying_sync(true);
  int images = 0;
  EXPECT_GT(count_violations(world, 2, false, &images), 0);
}

TEST(ManifestCrash, AStoreThatCameBackGoesOn) {
  // Cut, recover, take over with a new manifest, cut that, and recover again.
  SmallDisk first;
  Engine engine(first);
  engine.run();
  for (std::size_t count = 0; count <= first.changes(); ++count) {
    Random random(count + 1);
    const auto files = first.after_cut(count, Lose::kPieces, Lose::kPieces, random);
    SmallDisk found(files);
    const Result<ManifestContents> contents = recover_manifest(found, "db");
    if (!contents.ok()) continue;
    SmallDisk disk(files);
    Edit snapshot = contents->state;
    const FileNumber number{engine.next_file()};
    snapshot.next_file = FileNumber{engine.next_file() + 1};
    const std::string before = render(contents->state);
    const std::string after = render(snapshot);
    ASSERT_TRUE(Manifest::create(disk, "db", number, contents->identity, snapshot).ok());
    for (std::size_t cut = 0; cut <= disk.changes(); ++cut) {
      for (const Lose lose : kAllLosses) {
        const std::string again = found_in(disk.after_cut(cut, lose, lose, random));
        EXPECT_TRUE(again == after || (again == before && cut < disk.changes()))
            << count << " " << cut << ": " << again;
      }
    }
  }
}

}  // namespace
}  // namespace nacre
