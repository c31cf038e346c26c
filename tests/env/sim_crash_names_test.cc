// Which names a crash may leave, and which it must.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "env/sim_disk.h"

namespace nacre {
namespace {

constexpr std::uint64_t kNameSeeds = 200;

void put_synced(SimDisk& disk, const std::string& path, const std::string& bytes) {
  auto file = disk.create(path);
  ASSERT_TRUE(file.ok()) << file.status().to_string();
  ASSERT_TRUE((*file)->append(bytes).ok());
  ASSERT_TRUE((*file)->sync().ok());
  ASSERT_TRUE((*file)->close().ok());
}

/// "a=1 b=2" for the files of the disk.
std::string show(const SimDisk& disk) {
  std::string text;
  for (const std::string& path : disk.files()) {
    text += (text.empty() ? "" : " ") + path.substr(1) + "=" + disk.read_file(path).value();
  }
  return text;
}

using Outcomes = std::set<std::string>;

/// Everything that the profile may leave.
Outcomes outcomes(const SimDisk& disk, CrashProfile profile) {
  Outcomes all;
  for (std::uint64_t seed = 1; seed <= kNameSeeds; ++seed) {
    all.insert(show(*disk.crash_image(profile, seed)));
  }
  return all;
}

TEST(SimCrashNames, ASyncedFileNeedsItsDirectorySynced) {
  SimDisk disk;
  put_synced(disk, "/f", "1");
  EXPECT_EQ(outcomes(disk, CrashProfile::kProcess), Outcomes{"f=1"});
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced), Outcomes{""});
  EXPECT_EQ(outcomes(disk, CrashProfile::kPrefix), (Outcomes{"", "f=1"}));
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors), (Outcomes{"", "f=1"}));
  ASSERT_TRUE(disk.sync_dir("/").ok());
  for (const CrashProfile profile : kAllCrashProfiles) {
    EXPECT_EQ(outcomes(disk, profile), Outcomes{"f=1"}) << crash_profile_name(profile);
  }
}

TEST(SimCrashNames, AnUnsyncedRemovalMayComeBack) {
  SimDisk disk;
  put_synced(disk, "/f", "1");
  ASSERT_TRUE(disk.sync_dir("/").ok());
  ASSERT_TRUE(disk.remove("/f").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced), Outcomes{"f=1"});
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors), (Outcomes{"", "f=1"}));
  ASSERT_TRUE(disk.sync_dir("/").ok());
  for (const CrashProfile profile : kAllCrashProfiles) {
    EXPECT_EQ(outcomes(disk, profile), Outcomes{""}) << crash_profile_name(profile);
  }
}

TEST(SimCrashNames, ARenameIsWholeOrAbsent) {
  SimDisk disk;
  put_synced(disk, "/CURRENT", "1");
  ASSERT_TRUE(disk.sync_dir("/").ok());
  put_synced(disk, "/tmp", "2");
  ASSERT_TRUE(disk.rename("/tmp", "/CURRENT").ok());
  const Outcomes all = {"CURRENT=1", "CURRENT=1 tmp=2", "CURRENT=2"};
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced), Outcomes{"CURRENT=1"});
  EXPECT_EQ(outcomes(disk, CrashProfile::kPrefix), all);
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors), all);
  ASSERT_TRUE(disk.sync_dir("/").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors), Outcomes{"CURRENT=2"});
}

TEST(SimCrashNames, UnrelatedNamesAreNotOrderedButInAJournal) {
  SimDisk disk;
  put_synced(disk, "/old", "1");
  ASSERT_TRUE(disk.sync_dir("/").ok());
  put_synced(disk, "/new", "2");
  ASSERT_TRUE(disk.remove("/old").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kPrefix), (Outcomes{"old=1", "new=2 old=1", "new=2"}));
  // The removal may be there and the creation before it not: nothing is left.
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors),
            (Outcomes{"old=1", "new=2 old=1", "new=2", ""}));
}

TEST(SimCrashNames, OperationsOnOneNameKeepTheirOrder) {
  SimDisk disk;
  put_synced(disk, "/f", "1");
  ASSERT_TRUE(disk.sync_dir("/").ok());
  ASSERT_TRUE(disk.rename("/f", "/g").ok());
  put_synced(disk, "/f", "2");
  // The new f without the rename would have swallowed the old file.
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors), (Outcomes{"f=1", "g=1", "f=2 g=1"}));
}

TEST(SimCrashNames, SyncOfOneDirectoryTakesARenameWholeWithWhatItRestsOn) {
  SimDisk disk;
  ASSERT_TRUE(disk.create_dir("/a").ok());
  ASSERT_TRUE(disk.create_dir("/b").ok());
  ASSERT_TRUE(disk.sync_dir("/").ok());
  put_synced(disk, "/a/f", "1");
  put_synced(disk, "/a/other", "2");
  ASSERT_TRUE(disk.rename("/a/f", "/b/f").ok());
  ASSERT_TRUE(disk.sync_dir("/b").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced), Outcomes{"b/f=1"});
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors), (Outcomes{"b/f=1", "a/other=2 b/f=1"}));
  ASSERT_TRUE(disk.sync_dir("/a").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors), Outcomes{"a/other=2 b/f=1"})
      << "a later sync brought an old name back";
}

TEST(SimCrashNames, ADirectoryThatIsNotSyncedIntoItsParentIsLostWithAllInIt) {
  SimDisk disk;
  ASSERT_TRUE(disk.create_dir("/db").ok());
  put_synced(disk, "/db/f", "1");
  ASSERT_TRUE(disk.sync_dir("/db").ok());
  const auto image = disk.crash_image(CrashProfile::kLoseUnsynced, 1);
  EXPECT_EQ(image->kind("/db").value(), PathKind::kNothing);
  ASSERT_TRUE(disk.sync_dir("/").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced), Outcomes{"db/f=1"});
}

TEST(SimCrashNames, AProcessCrashLeavesUnsyncedWhatWasUnsynced) {
  SimDisk disk;
  put_synced(disk, "/f", "1");
  auto log = std::move(disk.create_log("/w", LogMode::kMapped, 100)).value();
  ASSERT_TRUE(log->prepare(3).ok());
  ASSERT_TRUE(log->write(0, "abc").ok());
  auto writer = std::move(disk.create("/t")).value();
  ASSERT_TRUE(writer->append("in the buffer").ok());

  const auto second = disk.crash_image(CrashProfile::kProcess, 1);
  EXPECT_EQ(show(*second), "f=1 t= w=abc");
  for (const CrashProfile profile : kAllCrashProfiles) {
    EXPECT_EQ(outcomes(*second, profile), outcomes(disk, profile)) << crash_profile_name(profile);
  }
  EXPECT_EQ(outcomes(*second, CrashProfile::kLoseUnsynced), Outcomes{""});
  ASSERT_TRUE(second->sync_dir("/").ok());
  EXPECT_EQ(outcomes(*second, CrashProfile::kLoseUnsynced), Outcomes{"f=1 t= w="});
  ASSERT_TRUE(second->remove("/f").ok());
  EXPECT_EQ(show(disk), "f=1 t= w=abc") << "the image is not on its own";
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced), Outcomes{""});
}

TEST(SimCrashNames, AfterAPowerCutNothingIsUnsynced) {
  SimDisk disk;
  put_synced(disk, "/f", "1");
  auto writer = std::move(disk.create("/t")).value();
  ASSERT_TRUE(writer->append("data").ok());
  ASSERT_TRUE(writer->close().ok());
  for (const CrashProfile profile : kAllCrashProfiles) {
    if (profile == CrashProfile::kProcess) continue;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const auto image = disk.crash_image(profile, seed);
      const std::string state = image->describe();
      EXPECT_EQ(state.find("unsynced name"), std::string::npos);
      EXPECT_EQ(show(*image->crash_image(CrashProfile::kLoseUnsynced, seed)), show(*image));
      EXPECT_EQ(show(*disk.crash_image(profile, seed)), show(*image)) << "a seed is a crash";
    }
  }
}

TEST(SimCrashNames, ALyingDiskLosesWhatItSaidItHad) {
  SimDisk disk;
  disk.set_lying_sync(true);
  put_synced(disk, "/f", "1");
  auto log = std::move(disk.create_log("/w", LogMode::kMapped, 100)).value();
  ASSERT_TRUE(log->prepare(3).ok());
  ASSERT_TRUE(log->sync().ok());
  ASSERT_TRUE(log->seal(2).ok());
  ASSERT_TRUE(disk.sync_dir("/").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced), Outcomes{""});
  EXPECT_EQ(outcomes(disk, CrashProfile::kProcess), Outcomes{"f=1 w=" + std::string(2, '\0')});
  disk.set_lying_sync(false);
  ASSERT_TRUE(disk.sync_dir("/").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced), Outcomes{"f= w="});
}

TEST(SimCrashNames, NewestOnlyMayLoseTheNamesOfOlderFiles) {
  SimDisk disk;
  for (const char* path : {"/1", "/2", "/3"}) {
    auto file = std::move(disk.create(path)).value();
    ASSERT_TRUE(file->append("x").ok());
    ASSERT_TRUE(file->close().ok());
  }
  EXPECT_EQ(outcomes(disk, CrashProfile::kNewestOnly),
            (Outcomes{"1= 2= 3=x", "1= 2=x 3=x", "3=x", "2=x 3=x"}));
}

}  // namespace
}  // namespace nacre
