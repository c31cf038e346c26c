// A crash before every operation of a small program, in every profile: the right program survives
// all of them, and each way of getting it wrong is found out by at least one.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "env/sim_env.h"

namespace nacre {
namespace {

/// Which step the program forgets.
enum class Mistake { kNone, kNoFileSync, kNoDirSync, kNoParentSync, kWriteInPlace, kAckTooEarly };

/// Keeps one value of 1,500 equal letters in /db/value, and replaces it four times.
class Keeper {
 public:
  Keeper(SimDisk& disk, Mistake mistake) : disk_(disk), mistake_(mistake) {}

  void run() {
    EXPECT_TRUE(disk_.create_dir("/db").ok());
    if (mistake_ != Mistake::kNoParentSync) {
      EXPECT_TRUE(disk_.sync_dir("/").ok());
    }
    for (const char letter : {'a', 'b', 'c', 'd'}) replace(letter);
  }

  /// The value on `disk`; empty when there is none, "?" when it is neither old nor new.
  static std::string read(const SimDisk& disk) {
    const auto bytes = disk.read_file("/db/value");
    if (!bytes.ok()) return "";
    if (bytes->size() != 1500 || bytes->front() == '\0') return "?";
    return bytes->find_first_not_of((*bytes)[0]) == std::string::npos ? bytes->substr(0, 1) : "?";
  }

  char acked = 0;   // the last letter that is promised
  char issued = 0;  // the last that may be there

 private:
  void replace(char letter) {
    issued = letter;
    if (mistake_ == Mistake::kAckTooEarly) acked = letter;
    const std::string path = mistake_ == Mistake::kWriteInPlace ? "/db/value" : "/db/tmp";
    if (mistake_ == Mistake::kWriteInPlace && letter != 'a') {
      EXPECT_TRUE(disk_.remove(path).ok());
    }
    auto file = std::move(disk_.create(path)).value();
    EXPECT_TRUE(file->append(std::string(1500, letter)).ok());
    if (mistake_ != Mistake::kNoFileSync) {
      EXPECT_TRUE(file->sync().ok());
    }
    EXPECT_TRUE(file->close().ok());
    if (path == "/db/tmp") {
      EXPECT_TRUE(disk_.rename(path, "/db/value").ok());
    }
    if (mistake_ != Mistake::kNoDirSync) {
      EXPECT_TRUE(disk_.sync_dir("/db").ok());
    }
    acked = letter;
  }

  SimDisk& disk_;
  const Mistake mistake_;
};

/// Violations by profile.
std::map<CrashProfile, int> sweep(Mistake mistake, bool lying) {
  SimEnv world;
  world.disk().set_lying_sync(lying);
  Keeper keeper(world.disk(), mistake);
  std::map<CrashProfile, int> violations;
  const auto check = [&] {
    for (const CrashProfile profile : kAllCrashProfiles) {
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::string value = Keeper::read(world.crash_image(profile, seed)->disk());
        const bool good = value.empty() ? keeper.acked == 0
                                        : value[0] >= keeper.acked && value[0] <= keeper.issued;
        violations[profile] += !good || value == "?";
      }
    }
  };
  world.disk().on_mutation(check);
  keeper.run();
  check();
  return violations;
}

int total(const std::map<CrashProfile, int>& violations) {
  int sum = 0;
  for (const auto& [profile, count] : violations) sum += count;
  return sum;
}

TEST(SimSweep, TheRightProgramSurvivesEveryCrash) {
  for (const auto& [profile, count] : sweep(Mistake::kNone, false)) {
    EXPECT_EQ(count, 0) << crash_profile_name(profile);
  }
}

TEST(SimSweep, EveryMistakeIsFound) {
  EXPECT_GT(sweep(Mistake::kNoFileSync, false)[CrashProfile::kZeroLength], 0);
  EXPECT_GT(sweep(Mistake::kNoDirSync, false)[CrashProfile::kLoseUnsynced], 0);
  EXPECT_GT(sweep(Mistake::kNoParentSync, false)[CrashProfile::kLoseUnsynced], 0);
  EXPECT_GT(sweep(Mistake::kWriteInPlace, false)[CrashProfile::kProcess], 0);
  EXPECT_GT(sweep(Mistake::kAckTooEarly, false)[CrashProfile::kProcess], 0);
}

TEST(SimSweep, ALyingDiskIsFoundInEveryPowerCut) {
  std::map<CrashProfile, int> violations = sweep(Mistake::kNone, true);
  EXPECT_EQ(violations[CrashProfile::kProcess], 0) << "a process does not need the disk";
  for (const CrashProfile profile : {CrashProfile::kLoseUnsynced, CrashProfile::kPrefix,
                                     CrashProfile::kSectors, CrashProfile::kZeroLength}) {
    EXPECT_GT(violations[profile], 0) << crash_profile_name(profile);
  }
  EXPECT_GT(total(violations), 100);
}

}  // namespace
}  // namespace nacre
