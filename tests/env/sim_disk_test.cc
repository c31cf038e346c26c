#include "env/sim_disk.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "env/sim_file.h"

namespace nacre {
namespace {

std::string message(const Status& status) { return status.to_string(); }

void put(SimDisk& disk, const std::string& path, const std::string& bytes) {
  auto file = disk.create(path);
  ASSERT_TRUE(file.ok()) << message(file.status());
  ASSERT_TRUE((*file)->append(bytes).ok());
  ASSERT_TRUE((*file)->sync().ok());
  ASSERT_TRUE((*file)->close().ok());
}

TEST(SimDisk, ErrorsAreThoseOfPosixAndNameOperationAndPath) {
  SimDisk disk;
  ASSERT_TRUE(disk.create_dir("/db").ok());
  put(disk, "/db/f", "x");
  EXPECT_EQ(message(disk.open("/db/g", ReadMode::kBuffered).status()),
            "not found: open /db/g: No such file or directory");
  EXPECT_EQ(message(disk.open("/db", ReadMode::kDirect).status()), "io: open /db: Is a directory");
  EXPECT_EQ(message(disk.create("/db/f").status()), "io: create /db/f: File exists");
  EXPECT_EQ(message(disk.create("/no/f").status()),
            "not found: create /no/f: No such file or directory");
  EXPECT_EQ(message(disk.create("/db/f/g").status()), "io: create /db/f/g: Not a directory");
  EXPECT_EQ(message(disk.create_log("/db/f", LogMode::kPwrite, 10).status()),
            "io: create log /db/f: File exists");
  EXPECT_EQ(message(disk.create_dir("/db")), "io: create directory /db: File exists");
  EXPECT_EQ(message(disk.create_dir("/")), "io: create directory /: Device or resource busy");
  EXPECT_EQ(message(disk.remove("/db")), "io: remove /db: Is a directory");
  EXPECT_EQ(message(disk.remove("/db/g")), "not found: remove /db/g: No such file or directory");
  EXPECT_EQ(message(disk.remove_dir("/db")), "io: remove directory /db: Directory not empty");
  EXPECT_EQ(message(disk.remove_dir("/db/f")), "io: remove directory /db/f: Not a directory");
  EXPECT_EQ(message(disk.list("/db/f").status()), "io: list /db/f: Not a directory");
  EXPECT_EQ(message(disk.sync_dir("/no")),
            "not found: sync directory /no: No such file or directory");
  EXPECT_EQ(message(disk.rename("/db/g", "/db/h")),
            "not found: rename /db/g -> /db/h: No such file or directory");
  EXPECT_EQ(message(disk.rename("/db/f", "/db")), "io: rename /db/f -> /db: Is a directory");
  EXPECT_EQ(message(disk.rename("/db", "/db/f")), "io: rename /db -> /db/f: Invalid argument");
  EXPECT_EQ(message(disk.kind("/db/f/g").status()), "io: stat /db/f/g: Not a directory");
  EXPECT_EQ(message(disk.create("/db/" + std::string(256, 'n')).status()).substr(0, 13),
            "io: create /d");
}

TEST(SimDisk, KindsListsAndPaths) {
  SimDisk disk;
  ASSERT_TRUE(disk.create_dir("/a").ok());
  ASSERT_TRUE(disk.create_dir("/a/b").ok());
  put(disk, "/a/b/f", "1234");
  EXPECT_EQ(disk.kind("/a").value(), PathKind::kDirectory);
  EXPECT_EQ(disk.kind("a/b/../b//./f").value(), PathKind::kFile);
  EXPECT_EQ(disk.kind("/a/x/f").value(), PathKind::kNothing);
  EXPECT_EQ(disk.list("/").value(), std::vector<std::string>{"a"});
  EXPECT_EQ(disk.list("/a/b").value(), std::vector<std::string>{"f"});
  EXPECT_EQ(disk.files(), std::vector<std::string>{"/a/b/f"});
}

TEST(SimDisk, RenameReplacesFilesAndEmptyDirectories) {
  SimDisk disk;
  put(disk, "/f", "new");
  put(disk, "/g", "old");
  ASSERT_TRUE(disk.rename("/f", "/g").ok());
  ASSERT_TRUE(disk.rename("/g", "/g").ok());
  EXPECT_EQ(disk.read_file("/g").value(), "new");
  EXPECT_EQ(disk.kind("/f").value(), PathKind::kNothing);

  ASSERT_TRUE(disk.create_dir("/d").ok());
  ASSERT_TRUE(disk.create_dir("/e").ok());
  put(disk, "/d/f", "inside");
  EXPECT_FALSE(disk.rename("/e", "/d").ok()) << "replaced a directory that is not empty";
  EXPECT_FALSE(disk.rename("/d", "/g").ok()) << "replaced a file by a directory";
  EXPECT_FALSE(disk.rename("/d", "/d/inside").ok()) << "moved a directory into itself";
  ASSERT_TRUE(disk.rename("/d", "/e").ok());
  EXPECT_EQ(disk.read_file("/e/f").value(), "inside");
}

TEST(SimDisk, OpenFilesOutliveTheirNames) {
  SimDisk disk;
  put(disk, "/f", "bytes");
  const auto file = std::move(disk.open("/f", ReadMode::kBuffered)).value();
  ASSERT_TRUE(disk.remove("/f").ok());
  char out[9];
  ReadRequest requests[2] = {{.offset = 1, .out = std::span(out, 3), .count = 0, .status = {}},
                             {.offset = 4, .out = std::span(out + 3, 6), .count = 0, .status = {}}};
  file->read_many(requests);
  EXPECT_EQ(requests[0].count, 3U);
  EXPECT_EQ(requests[1].count, 1U);
  EXPECT_EQ(std::string(out, 4), "ytes");
  EXPECT_EQ(file->size(), 5U);
}

TEST(SimDisk, AppendsStayInTheBufferUntilSyncCloseOrMuch) {
  SimDisk disk;
  auto file = std::move(disk.create("/f")).value();
  ASSERT_TRUE(file->append("abc").ok());
  EXPECT_EQ(disk.read_file("/f").value(), "");
  ASSERT_TRUE(file->append(std::string(kSimBufferBytes, 'x')).ok());
  EXPECT_EQ(disk.read_file("/f").value().size(), kSimBufferBytes + 3);
  ASSERT_TRUE(file->append("d").ok());
  ASSERT_TRUE(file->close().ok());
  EXPECT_EQ(disk.read_file("/f").value().size(), kSimBufferBytes + 4);
  EXPECT_EQ(file->append("e").code(), Code::kClosed);
  EXPECT_EQ(file->sync().code(), Code::kClosed);
  EXPECT_EQ(file->close().code(), Code::kClosed);

  auto dropped = std::move(disk.create("/g")).value();
  ASSERT_TRUE(dropped->append("lost").ok());
  dropped.reset();
  EXPECT_EQ(disk.read_file("/g").value(), "");
}

TEST(SimDisk, LogKeepsItsContract) {
  SimDisk disk;
  EXPECT_EQ(disk.create_log("/w", LogMode::kMapped, 0).status().code(), Code::kInvalid);
  auto log = std::move(disk.create_log("/w", LogMode::kMapped, 1000)).value();
  EXPECT_EQ(log->capacity(), 1000U);
  EXPECT_EQ(log->prepare(1001).code(), Code::kInvalid);
  ASSERT_TRUE(log->prepare(600).ok());
  ASSERT_TRUE(log->prepare(100).ok()) << "less than before is no change";
  EXPECT_EQ(log->prepared(), 600U);
  ASSERT_TRUE(log->write(5, "hello").ok());
  log->release_before(10);
  ASSERT_TRUE(log->write(598, "ok").ok());
  ASSERT_TRUE(log->seal(10).ok());
  EXPECT_EQ(disk.read_file("/w").value(), std::string(5, '\0') + "hello");
  EXPECT_EQ(disk.crash_image(CrashProfile::kLoseUnsynced, 1)->files().size(), 0U);
  ASSERT_TRUE(disk.sync_dir("/").ok());
  EXPECT_EQ(disk.crash_image(CrashProfile::kLoseUnsynced, 1)->read_file("/w").value().size(), 10U);
}

TEST(SimDiskDeathTest, ForbiddenUsesOfALogAbort) {
  SimDisk disk;
  auto log = std::move(disk.create_log("/w", LogMode::kMapped, 1000)).value();
  const std::string words = "broken invariant";
  EXPECT_DEATH(log->write(0, "x").ignore(), words) << "not prepared";
  ASSERT_TRUE(log->prepare(600).ok());
  EXPECT_DEATH(log->write(599, "xy").ignore(), words) << "past what is prepared";
  EXPECT_DEATH(log->write(~std::uint64_t{0}, "xy").ignore(), words) << "wraps around";
  log->release_before(10);
  EXPECT_DEATH(log->write(9, "late").ignore(), words) << "released";
  EXPECT_DEATH(log->seal(601).ignore(), words) << "longer than it is";
  ASSERT_TRUE(log->seal(5).ok());
  EXPECT_DEATH(log->write(10, "x").ignore(), words) << "sealed";
  EXPECT_DEATH(log->sync().ignore(), words) << "sealed";
}

TEST(SimDisk, QuotaRefusesWithoutEffectAndRemovalFreesSpace) {
  SimDisk disk;
  disk.set_capacity(1000);
  put(disk, "/f", std::string(600, 'x'));
  EXPECT_EQ(disk.free_bytes("/").value(), 400U);
  auto file = std::move(disk.create("/g")).value();
  ASSERT_TRUE(file->append(std::string(100, 'y')).ok());
  EXPECT_EQ(file->append(std::string(301, 'z')).code(), Code::kNoSpace);
  auto log = std::move(disk.create_log("/w", LogMode::kMapped, 5000)).value();
  EXPECT_EQ(log->prepare(301).code(), Code::kNoSpace);
  EXPECT_EQ(log->prepared(), 0U);
  ASSERT_TRUE(log->prepare(300).ok());
  EXPECT_EQ(disk.free_bytes("/").value(), 0U);
  EXPECT_EQ(disk.create("/h").status().code(), Code::kNoSpace);
  EXPECT_EQ(disk.create_dir("/d").code(), Code::kNoSpace);
  EXPECT_EQ(disk.kind("/h").value(), PathKind::kNothing);
  ASSERT_TRUE(log->write(0, std::string(300, 'l')).ok()) << "prepared space can't run out";
  ASSERT_TRUE(log->seal(50).ok());
  EXPECT_EQ(disk.free_bytes("/").value(), 250U);
  ASSERT_TRUE(disk.remove("/f").ok());
  EXPECT_EQ(disk.free_bytes("/").value(), 850U);
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(disk.read_file("/g").value(), std::string(100, 'y'));
  ASSERT_TRUE(disk.rename("/w", "/g").ok());
  EXPECT_EQ(disk.free_bytes("/").value(), 950U);
  ASSERT_TRUE(file->append(std::string(5000, 'u')).ok()) << "a file without a name has no quota";
  EXPECT_EQ(disk.clone()->free_bytes("/").value(), 950U);
  ASSERT_TRUE(disk.sync_dir("/").ok());
  EXPECT_EQ(disk.crash_image(CrashProfile::kLoseUnsynced, 1)->free_bytes("/").value(), 950U);
  auto given_up = std::move(disk.create("/i")).value();
  ASSERT_TRUE(given_up->append(std::string(100, 'i')).ok());
  given_up.reset();
  EXPECT_EQ(disk.free_bytes("/").value(), 950U) << "what was in the buffer is gone";
  disk.set_capacity(10);
  EXPECT_EQ(disk.free_bytes("/").value(), 0U);
}

TEST(SimDisk, OneHolderOfALockAndNoneAfterACrash) {
  SimDisk disk;
  auto held = disk.lock("/LOCK");
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(disk.lock("/LOCK").status().code(), Code::kLocked);
  EXPECT_EQ(disk.lock("/no/LOCK").status().code(), Code::kNotFound);
  EXPECT_TRUE(disk.clone()->lock("/LOCK").ok());
  EXPECT_EQ(disk.lock("/LOCK").status().code(), Code::kLocked);
  std::move(held).value().reset();
  EXPECT_TRUE(disk.lock("/LOCK").ok());
}

TEST(SimDisk, TheHookComesBeforeEachChangeAndMayTakeImages) {
  SimDisk disk;
  std::vector<std::string> seen;
  disk.on_mutation([&] { seen.push_back(disk.clone()->describe()); });
  auto log = std::move(disk.create_log("/w", LogMode::kMapped, 100)).value();
  ASSERT_TRUE(log->prepare(50).ok());
  ASSERT_TRUE(log->write(0, "abc").ok());
  ASSERT_TRUE(log->sync().ok());
  ASSERT_TRUE(disk.sync_dir("/").ok());
  ASSERT_TRUE(log->seal(3).ok());
  ASSERT_TRUE(disk.list("/").ok());
  disk.on_mutation(nullptr);
  ASSERT_TRUE(disk.remove("/w").ok());
  const std::string name = "unsynced name: create w\n";
  EXPECT_EQ(seen, (std::vector<std::string>{
                      "",
                      "/w size 0 durable 0 unsynced 0\n" + name,
                      "/w size 50 durable 0 unsynced 1\n" + name,
                      "/w size 50 durable 0 unsynced 2\n" + name,
                      "/w size 50 durable 50 unsynced 0\n" + name,
                      "/w size 50 durable 50 unsynced 0\n",
                      "/w size 3 durable 50 unsynced 1\n",
                  }));
  EXPECT_EQ(disk.mutations(), 8U);
}

// Whatever an operation changes of what a crash leaves, the hook came before it.
TEST(SimDisk, EveryChangingOperationIsCounted) {
  SimDisk disk;
  std::uint64_t before = 0;
  const auto counted = [&] { return disk.mutations() - std::exchange(before, disk.mutations()); };
  ASSERT_TRUE(disk.create_dir("/d").ok());
  EXPECT_EQ(counted(), 1U);
  auto file = std::move(disk.create("/d/f")).value();
  EXPECT_EQ(counted(), 1U);
  ASSERT_TRUE(file->append("x").ok());
  EXPECT_EQ(counted(), 0U) << "still in the buffer";
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(counted(), 2U) << "flush and sync";
  ASSERT_TRUE(file->append("y").ok());
  ASSERT_TRUE(file->close().ok());
  EXPECT_EQ(counted(), 1U) << "flush";
  ASSERT_TRUE(disk.rename("/d/f", "/g").ok());
  ASSERT_TRUE(disk.remove_dir("/d").ok());
  ASSERT_TRUE(disk.remove("/g").ok());
  EXPECT_EQ(counted(), 3U);
  auto lock = disk.lock("/LOCK");
  EXPECT_EQ(counted(), 1U) << "creates the file";
  EXPECT_FALSE(disk.lock("/LOCK").ok());
  EXPECT_EQ(counted(), 0U);
}

TEST(SimDisk, BytesCanBeChangedUnderOpenFiles) {
  SimDisk disk;
  ASSERT_TRUE(disk.write_file("/f", "0123456789").ok());
  const auto file = std::move(disk.open("/f", ReadMode::kBuffered)).value();
  const auto other = disk.clone();
  ASSERT_TRUE(disk.overwrite("/f", 3, "xx").ok());
  char out[10];
  ASSERT_EQ(file->read(0, out).value(), 10U);
  EXPECT_EQ(std::string(out, 10), "012xx56789");
  ASSERT_TRUE(disk.truncate("/f", 4).ok());
  EXPECT_EQ(file->size(), 4U);
  ASSERT_TRUE(disk.truncate("/f", 6).ok());
  const std::string cut("012x\0\0", 6);
  EXPECT_EQ(disk.crash_image(CrashProfile::kLoseUnsynced, 1)->read_file("/f").value(), cut);
  ASSERT_TRUE(disk.write_file("/f", "new").ok());
  EXPECT_EQ(disk.crash_image(CrashProfile::kLoseUnsynced, 1)->read_file("/f").value(), "new");
  EXPECT_EQ(other->read_file("/f").value(), "0123456789") << "a clone changed with its original";
  EXPECT_EQ(disk.overwrite("/g", 0, "x").code(), Code::kNotFound);
}

TEST(SimDisk, SecureStoresWhatAFailedSyncForgot) {
  SimDisk disk;
  auto file = disk.create("/f").value();
  ASSERT_TRUE(disk.sync_dir("/").ok());
  ASSERT_TRUE(file->append("forgotten").ok());
  ASSERT_TRUE(file->close().ok());
  ASSERT_TRUE(disk.forget_unsynced("/f").ok());
  EXPECT_EQ(disk.secure("/f", 4, 10).code(), Code::kInvalid);
  EXPECT_EQ(disk.secure("/g", 0, 0).code(), Code::kNotFound);
  ASSERT_TRUE(disk.secure("/f", 0, 6).ok());
  EXPECT_EQ(disk.read_file("/f").value(), "forgot");
  const auto later = disk.crash_image(CrashProfile::kLoseUnsynced, 1);
  EXPECT_EQ(later->read_file("/f").value(), "forgot");
}

}  // namespace
}  // namespace nacre
