// Which bytes a crash may leave in files whose names are safe, and which it must.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "env/sim_disk.h"

namespace nacre {
namespace {

constexpr std::uint64_t kByteSeeds = 400;
constexpr std::uint64_t kSector = kSimSectorBytes;

std::string sectors(const std::string& letters) {
  std::string bytes;
  for (const char letter : letters) bytes.append(kSector, letter == '0' ? '\0' : letter);
  return bytes;
}

/// One letter for each sector: its byte when all are the same ('0' for zero), else '?'. A last
/// sector that is not whole counts as one.
std::string letters(const std::string& bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += kSector) {
    const std::string sector = bytes.substr(at, kSector);
    const bool same = sector.find_first_not_of(sector[0]) == std::string::npos;
    text += !same ? '?' : sector[0] == '\0' ? '0' : sector[0];
  }
  return text;
}

std::unique_ptr<WritableFile> create(SimDisk& disk, const std::string& path) {
  auto file = std::move(disk.create(path)).value();
  EXPECT_TRUE(disk.sync_dir("/").ok());
  return file;
}

/// A log with synced sectors "aa" and room for four more that is prepared but not synced.
std::unique_ptr<LogFile> create_log(SimDisk& disk, const std::string& path) {
  auto log = std::move(disk.create_log(path, LogMode::kMapped, 1 << 20)).value();
  EXPECT_TRUE(log->prepare(2 * kSector).ok());
  EXPECT_TRUE(log->write(0, sectors("aa")).ok());
  EXPECT_TRUE(log->sync().ok());
  EXPECT_TRUE(log->prepare(6 * kSector).ok());
  EXPECT_TRUE(disk.sync_dir("/").ok());
  return log;
}

void each_image(const SimDisk& disk, CrashProfile profile, const std::string& path,
                const std::function<void(const std::string&)>& visit) {
  for (std::uint64_t seed = 1; seed <= kByteSeeds; ++seed) {
    SCOPED_TRACE(std::string(crash_profile_name(profile)) + " seed " + std::to_string(seed));
    visit(disk.crash_image(profile, seed)->read_file(path).value());
    if (testing::Test::HasFatalFailure()) return;
  }
}

std::set<std::string> outcomes(const SimDisk& disk, CrashProfile profile, const std::string& path) {
  std::set<std::string> all;
  each_image(disk, profile, path, [&](const std::string& bytes) { all.insert(letters(bytes)); });
  return all;
}

using Outcomes = std::set<std::string>;

TEST(SimCrashBytes, SyncedBytesSurviveEverything) {
  SimDisk disk;
  const auto log = create_log(disk, "/w");
  ASSERT_TRUE(log->write(2 * kSector, sectors("bc")).ok());
  for (const CrashProfile profile : kAllCrashProfiles) {
    each_image(disk, profile, "/w",
               [&](const std::string& bytes) { ASSERT_EQ(letters(bytes).substr(0, 2), "aa"); });
  }
  ASSERT_TRUE(log->sync().ok());
  for (const CrashProfile profile : kAllCrashProfiles) {
    EXPECT_EQ(outcomes(disk, profile, "/w"), Outcomes{"aabc00"}) << crash_profile_name(profile);
  }
}

TEST(SimCrashBytes, CloseMakesNothingDurable) {
  SimDisk disk;
  const auto file = create(disk, "/f");
  ASSERT_TRUE(file->append(sectors("a")).ok());
  ASSERT_TRUE(file->close().ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced, "/f"), Outcomes{""});
  EXPECT_EQ(outcomes(disk, CrashProfile::kProcess, "/f"), Outcomes{"a"});
}

TEST(SimCrashBytes, PrefixKeepsTheOrderOfAllFiles) {
  SimDisk disk;
  const auto first = create_log(disk, "/1");
  const auto second = create_log(disk, "/2");
  ASSERT_TRUE(first->sync().ok());
  ASSERT_TRUE(second->sync().ok());
  ASSERT_TRUE(first->write(2 * kSector, sectors("bb")).ok());
  ASSERT_TRUE(second->write(2 * kSector, sectors("c")).ok());
  ASSERT_TRUE(first->write(2 * kSector, sectors("d")).ok());
  Outcomes seen;
  for (std::uint64_t seed = 1; seed <= kByteSeeds; ++seed) {
    const auto image = disk.crash_image(CrashProfile::kPrefix, seed);
    seen.insert(letters(image->read_file("/1").value()).substr(2, 2) + "+" +
                letters(image->read_file("/2").value()).substr(2, 1));
  }
  EXPECT_EQ(seen, (Outcomes{"00+0", "b0+0", "bb+0", "bb+c", "db+c"}));
}

TEST(SimCrashBytes, SectorsAreOldNewBetweenOrBlankEachForItself) {
  SimDisk disk;
  const auto log = create_log(disk, "/w");
  ASSERT_TRUE(log->sync().ok());
  ASSERT_TRUE(log->write(2 * kSector, sectors("bbb")).ok());
  ASSERT_TRUE(log->write(3 * kSector, sectors("c")).ok());
  Outcomes all;
  for (const char second : {'0', 'b'}) {
    for (const char third : {'0', 'b', 'c'}) {
      for (const char fourth : {'0', 'b'}) {
        all.insert(std::string("aa") + second + third + fourth + "0");
      }
    }
  }
  EXPECT_EQ(outcomes(disk, CrashProfile::kSectors, "/w"), all);
}

TEST(SimCrashBytes, SizesLieBetweenSyncedAndCurrentForThemselves) {
  SimDisk disk;
  const auto file = create(disk, "/f");
  ASSERT_TRUE(file->append(sectors("ab")).ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(file->append(sectors("cd") + "ee").ok());
  ASSERT_TRUE(file->close().ok());
  std::set<std::size_t> sizes;
  bool hole = false;
  each_image(disk, CrashProfile::kSectors, "/f", [&](const std::string& bytes) {
    ASSERT_GE(bytes.size(), 2 * kSector);
    ASSERT_LE(bytes.size(), 4 * kSector + 2);
    sizes.insert(bytes.size());
    const std::string text = letters(bytes);
    ASSERT_EQ(text.substr(0, 2), "ab");
    for (std::size_t i = 2; i < text.size(); ++i)
      ASSERT_TRUE(text[i] == '0' || text[i] == "abcde"[i]);
    hole = hole || (text.size() == 5 && text[2] == '0' && text[3] == 'd');
  });
  EXPECT_GT(sizes.size(), 50U);
  EXPECT_TRUE(sizes.contains(2 * kSector));
  EXPECT_TRUE(sizes.contains(4 * kSector + 2));
  EXPECT_TRUE(hole) << "a later sector must be able to arrive without an earlier one";
}

// A sector of a log holds synced records and gets more of them: the old ones must stay.
TEST(SimCrashBytes, WritingToASyncedSectorDoesNotHarmWhatItHad) {
  SimDisk disk;
  const auto file = create(disk, "/f");
  ASSERT_TRUE(file->append(std::string(100, 'a')).ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(file->append(std::string(100, 'b')).ok());
  ASSERT_TRUE(file->append(std::string(1000, 'c')).ok());
  ASSERT_TRUE(file->close().ok());
  for (const CrashProfile profile : kAllCrashProfiles) {
    each_image(disk, profile, "/f", [&](const std::string& bytes) {
      ASSERT_EQ(bytes.substr(0, 100), std::string(100, 'a'));
    });
  }
}

TEST(SimCrashBytes, GarbageIsNoiseOrBytesOfRemovedFilesInTheirPlace) {
  SimDisk disk;
  auto old = create(disk, "/old");
  ASSERT_TRUE(old->append(sectors("vwxyz")).ok());
  ASSERT_TRUE(old->sync().ok());
  ASSERT_TRUE(disk.remove("/old").ok());
  const auto log = create_log(disk, "/w");
  ASSERT_TRUE(log->write(2 * kSector, sectors("b")).ok());
  bool noise = false;
  bool stale = false;
  bool kept = false;
  each_image(disk, CrashProfile::kGarbage, "/w", [&](const std::string& bytes) {
    const std::string text = letters(bytes);
    ASSERT_EQ(text.substr(0, 2), "aa");
    if (text.size() < 3) return;
    noise = noise || text[2] == '?';
    stale = stale || text[2] == 'x';
    kept = kept || text[2] == 'b';
  });
  EXPECT_TRUE(noise);
  EXPECT_TRUE(stale);
  EXPECT_TRUE(kept);
}

TEST(SimCrashBytes, ZeroLengthHasSyncedLengthOrZeros) {
  SimDisk disk;
  auto fresh = std::move(disk.create("/tmp")).value();
  ASSERT_TRUE(fresh->append(sectors("ab")).ok());
  ASSERT_TRUE(fresh->close().ok());
  ASSERT_TRUE(disk.rename("/tmp", "/f").ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kZeroLength, "/f"), (Outcomes{"", "00"}));
  auto half = create(disk, "/g");
  ASSERT_TRUE(half->append(sectors("a")).ok());
  ASSERT_TRUE(half->sync().ok());
  ASSERT_TRUE(half->append(sectors("b")).ok());
  ASSERT_TRUE(half->close().ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kZeroLength, "/g"), (Outcomes{"a", "a0"}));
}

TEST(SimCrashBytes, NewestOnlyMakesHolesBetweenFiles) {
  SimDisk disk;
  const auto first = create_log(disk, "/1");
  const auto second = create_log(disk, "/2");
  ASSERT_TRUE(second->write(2 * kSector, sectors("c")).ok());
  ASSERT_TRUE(first->write(2 * kSector, sectors("b")).ok());
  EXPECT_EQ(outcomes(disk, CrashProfile::kNewestOnly, "/1"), Outcomes{"aa"});
  EXPECT_EQ(outcomes(disk, CrashProfile::kNewestOnly, "/2"), Outcomes{"aac000"});
}

TEST(SimCrashBytes, TornSectorCutsTheLastWriteOfEachFile) {
  SimDisk disk;
  const auto log = create_log(disk, "/w");
  ASSERT_TRUE(log->sync().ok());
  ASSERT_TRUE(log->write(2 * kSector, sectors("b")).ok());
  ASSERT_TRUE(log->write(3 * kSector - 10, "0123456789" + sectors("c").substr(0, 200)).ok());
  const auto file = create(disk, "/f");
  ASSERT_TRUE(file->append(sectors("ab")).ok());
  ASSERT_TRUE(file->close().ok());
  std::set<std::size_t> tears;
  each_image(disk, CrashProfile::kTornSector, "/w", [&](const std::string& bytes) {
    ASSERT_EQ(bytes.size(), 6 * kSector);
    ASSERT_EQ(bytes.substr(3 * kSector - 12, 12), "bb0123456789");
    const std::size_t end = bytes.find_last_not_of('\0') + 1 - 3 * kSector;
    ASSERT_LT(end, 200U);
    tears.insert(end);
  });
  EXPECT_GT(tears.size(), 50U);
  bool ends_there = false;
  bool goes_on = false;
  each_image(disk, CrashProfile::kTornSector, "/f", [&](const std::string& bytes) {
    ASSERT_EQ(letters(bytes.substr(0, kSector)), "a");
    ASSERT_LE(bytes.size(), 2 * kSector);
    ASSERT_TRUE(bytes.size() < 2 * kSector || bytes.back() == '\0');
    ends_there = ends_there || bytes.size() < 2 * kSector;
    goes_on = goes_on || bytes.size() == 2 * kSector;
  });
  EXPECT_TRUE(ends_there);
  EXPECT_TRUE(goes_on);
}

TEST(SimCrashBytes, SealIsACutAndThenASync) {
  SimDisk disk;
  const auto log = create_log(disk, "/w");
  ASSERT_TRUE(log->sync().ok());
  Outcomes midway;
  disk.on_mutation([&] {
    const Outcomes now = outcomes(disk, CrashProfile::kSectors, "/w");
    midway.insert(now.begin(), now.end());
  });
  ASSERT_TRUE(log->seal(kSector).ok());
  disk.on_mutation(nullptr);
  EXPECT_TRUE(midway.contains("a"));
  EXPECT_TRUE(midway.contains("aa0000"));
  EXPECT_EQ(outcomes(disk, CrashProfile::kLoseUnsynced, "/w"), Outcomes{"a"});
}

TEST(SimCrashBytes, WhatAFailedSyncForgotNoLaterSyncBringsBack) {
  SimDisk disk;
  const std::uint64_t page = SimContent::kPageBytes;
  auto log = std::move(disk.create_log("/w", LogMode::kMapped, 4 * page)).value();
  ASSERT_TRUE(log->prepare(4 * page).ok());
  ASSERT_TRUE(log->sync().ok());
  ASSERT_TRUE(disk.sync_dir("/").ok());
  ASSERT_TRUE(log->write(0, "lost").ok());
  ASSERT_TRUE(log->write(page, "lost at first").ok());
  ASSERT_TRUE(disk.forget_unsynced("/w").ok());
  EXPECT_EQ(disk.read_file("/w").value().substr(0, 4), "lost") << "the page cache keeps it";
  ASSERT_TRUE(log->write(page + 100, "later").ok());
  ASSERT_TRUE(log->write(2 * page, "later").ok());
  ASSERT_TRUE(log->sync().ok());
  const std::string after =
      disk.crash_image(CrashProfile::kLoseUnsynced, 1)->read_file("/w").value();
  EXPECT_EQ(after.substr(0, page), std::string(page, '\0'));
  EXPECT_EQ(after.substr(page, 13), "lost at first") << "its page was dirty again";
  EXPECT_EQ(after.substr(2 * page, 5), "later");
}

}  // namespace
}  // namespace nacre
