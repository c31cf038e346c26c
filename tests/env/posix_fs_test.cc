#include "env/posix_fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "env/posix_temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nacre {
namespace {

using test::TempDir;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

mode_t mode_of(const std::string& path) {
  struct stat about = {};
  EXPECT_EQ(::lstat(path.c_str(), &about), 0) << path;
  return about.st_mode & 07777;
}

// Whether every descriptor of this process that leads to `path` closes on exec.
bool closes_on_exec(const std::string& path) {
  bool all = true;
  int found = 0;
  for (int fd = 3; fd < 256; ++fd) {
    struct stat about = {};
    struct stat named = {};
    if (::fstat(fd, &about) != 0 || ::stat(path.c_str(), &named) != 0) continue;
    if (about.st_ino != named.st_ino || about.st_dev != named.st_dev) continue;
    ++found;
    all = all && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
    EXPECT_EQ(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0) << path;
  }
  EXPECT_GT(found, 0) << path;
  return all;
}

class PosixFsTest : public ::testing::Test {
 protected:
  TempDir dir_;
  PosixFileSystem fs_;
};

TEST_F(PosixFsTest, FilesArePrivateAndNotInherited) {
  const auto file = fs_.create(dir_ / "table");
  const auto wal = fs_.create_log(dir_ / "wal", LogMode::kMapped, 1 << 20);
  const auto lock = fs_.lock(dir_ / "lock");
  ASSERT_TRUE(file.ok() && wal.ok() && lock.ok());
  for (const char* name : {"table", "wal", "lock"}) {
    EXPECT_EQ(mode_of(dir_ / name), 0600U) << name;
    EXPECT_TRUE(closes_on_exec(dir_ / name)) << name;
  }
  const auto reader = fs_.open(dir_ / "table", ReadMode::kBuffered);
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE(closes_on_exec(dir_ / "table"));
  ASSERT_TRUE(fs_.create_dir(dir_ / "sub").ok());
  EXPECT_EQ(mode_of(dir_ / "sub"), 0700U);
}

TEST_F(PosixFsTest, CreateRefusesAnExistingFile) {
  test::write_whole(dir_ / "there", "kept");
  for (const Status& status : {fs_.create(dir_ / "there").status(),
                               fs_.create_log(dir_ / "there", LogMode::kMapped, 4096).status()}) {
    EXPECT_EQ(status.code(), Code::kIo);
    EXPECT_EQ(status.message(), "create " + dir_ / "there" + ": File exists");
  }
  EXPECT_EQ(test::read_whole(dir_ / "there"), "kept");
}

TEST_F(PosixFsTest, MissingParentIsNotFound) {
  const std::string path = dir_ / "nowhere/file";
  EXPECT_EQ(fs_.create(path).status().code(), Code::kNotFound);
  EXPECT_EQ(fs_.create_log(path, LogMode::kPwrite, 4096).status().code(), Code::kNotFound);
  EXPECT_EQ(fs_.open(path, ReadMode::kBuffered).status().code(), Code::kNotFound);
  EXPECT_EQ(fs_.lock(path).status().code(), Code::kNotFound);
  EXPECT_EQ(fs_.list(dir_ / "nowhere").status().code(), Code::kNotFound);
  EXPECT_EQ(fs_.create_dir(path).code(), Code::kNotFound);
  EXPECT_EQ(fs_.sync_dir(dir_ / "nowhere").code(), Code::kNotFound);
  EXPECT_EQ(fs_.remove(path).code(), Code::kNotFound);
  EXPECT_EQ(fs_.remove_dir(path).code(), Code::kNotFound);
  EXPECT_EQ(fs_.rename(path, dir_ / "b").code(), Code::kNotFound);
  EXPECT_EQ(fs_.free_bytes(path).status().code(), Code::kNotFound);
  EXPECT_EQ(fs_.create(path).status().message(), "create " + path + ": No such file or directory");
}

TEST_F(PosixFsTest, FileInThePlaceOfADirectory) {
  test::write_whole(dir_ / "file", "x");
  const std::string under = dir_ / "file/under";
  for (const Status& status :
       {fs_.create(under).status(), fs_.open(under, ReadMode::kDirect).status(),
        fs_.list(dir_ / "file").status(), fs_.kind(under).status(), fs_.sync_dir(dir_ / "file"),
        fs_.create_dir(under), fs_.remove_dir(dir_ / "file"), fs_.remove(under),
        fs_.lock(under).status()}) {
    EXPECT_EQ(status.code(), Code::kIo);
    EXPECT_THAT(std::string(status.message()), HasSubstr("Not a directory"));
  }
}

TEST_F(PosixFsTest, DirectoryInThePlaceOfAFile) {
  ASSERT_TRUE(fs_.create_dir(dir_ / "sub").ok());
  EXPECT_EQ(fs_.open(dir_ / "sub", ReadMode::kBuffered).status().code(), Code::kIo);
  EXPECT_EQ(fs_.lock(dir_ / "sub").status().code(), Code::kIo);
  EXPECT_EQ(fs_.remove(dir_ / "sub").code(), Code::kIo);
  EXPECT_EQ(fs_.create_dir(dir_ / "sub").code(), Code::kIo);
  EXPECT_EQ(fs_.kind(dir_ / "sub").value(), PathKind::kDirectory);
}

TEST_F(PosixFsTest, LinksToFilesAreNotFollowed) {
  test::write_whole(dir_ / "target", "secret");
  ASSERT_EQ(::symlink((dir_ / "target").c_str(), (dir_ / "link").c_str()), 0);
  EXPECT_EQ(fs_.open(dir_ / "link", ReadMode::kBuffered).status().code(), Code::kIo);
  EXPECT_EQ(fs_.create(dir_ / "link").status().code(), Code::kIo);
  EXPECT_EQ(fs_.lock(dir_ / "link").status().code(), Code::kIo);
  EXPECT_EQ(fs_.kind(dir_ / "link").value(), PathKind::kOther);
  EXPECT_EQ(test::read_whole(dir_ / "target"), "secret");
}

TEST_F(PosixFsTest, LinkToTheDirectoryIsFollowed) {
  ASSERT_TRUE(fs_.create_dir(dir_ / "store").ok());
  ASSERT_EQ(::symlink((dir_ / "store").c_str(), (dir_ / "link").c_str()), 0);
  EXPECT_EQ(fs_.kind(dir_ / "link").value(), PathKind::kDirectory);
  EXPECT_TRUE(fs_.create(dir_ / "link/file").ok());
  EXPECT_THAT(fs_.list(dir_ / "link").value(), UnorderedElementsAre("file"));
  EXPECT_TRUE(fs_.sync_dir(dir_ / "link").ok());
}

TEST_F(PosixFsTest, PipeIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(::mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(fs_.open(dir_ / "pipe", ReadMode::kBuffered).status().message(),
            "open " + dir_ / "pipe" + ": not a regular file");
  EXPECT_EQ(fs_.lock(dir_ / "pipe").status().code(), Code::kIo);
  EXPECT_EQ(fs_.kind(dir_ / "pipe").value(), PathKind::kOther);
}

TEST_F(PosixFsTest, ListNamesEverything) {
  EXPECT_TRUE(fs_.list(dir_.path()).value().empty());
  test::write_whole(dir_ / "a", "");
  test::write_whole(dir_ / ".hidden", "");
  ASSERT_TRUE(fs_.create_dir(dir_ / "sub").ok());
  EXPECT_THAT(fs_.list(dir_.path()).value(), UnorderedElementsAre("a", ".hidden", "sub"));
}

TEST_F(PosixFsTest, KindTellsWhatIsThere) {
  test::write_whole(dir_ / "a", "");
  EXPECT_EQ(fs_.kind(dir_ / "a").value(), PathKind::kFile);
  EXPECT_EQ(fs_.kind(dir_.path()).value(), PathKind::kDirectory);
  EXPECT_EQ(fs_.kind(dir_ / "b").value(), PathKind::kNothing);
  EXPECT_EQ(fs_.kind("/dev/null").value(), PathKind::kOther);
}

TEST_F(PosixFsTest, RenameReplacesAndRemoveRemoves) {
  test::write_whole(dir_ / "from", "new");
  test::write_whole(dir_ / "to", "old");
  ASSERT_TRUE(fs_.rename(dir_ / "from", dir_ / "to").ok());
  ASSERT_TRUE(fs_.sync_dir(dir_.path()).ok());
  EXPECT_EQ(test::read_whole(dir_ / "to"), "new");
  EXPECT_EQ(fs_.kind(dir_ / "from").value(), PathKind::kNothing);
  ASSERT_TRUE(fs_.remove(dir_ / "to").ok());
  EXPECT_TRUE(fs_.list(dir_.path()).value().empty());
}

TEST_F(PosixFsTest, RemoveDirNeedsAnEmptyOne) {
  ASSERT_TRUE(fs_.create_dir(dir_ / "sub").ok());
  test::write_whole(dir_ / "sub/a", "");
  EXPECT_EQ(fs_.remove_dir(dir_ / "sub").code(), Code::kIo);
  ASSERT_TRUE(fs_.remove(dir_ / "sub/a").ok());
  EXPECT_TRUE(fs_.remove_dir(dir_ / "sub").ok());
  EXPECT_EQ(fs_.kind(dir_ / "sub").value(), PathKind::kNothing);
}

TEST_F(PosixFsTest, FreeBytesIsWhatTheFileSystemSays) {
  const std::uint64_t total = std::filesystem::space(dir_.path()).capacity;
  const std::uint64_t free = fs_.free_bytes(dir_.path()).value();
  EXPECT_GT(free, 0U);
  EXPECT_LE(free, total);
}

TEST_F(PosixFsTest, NoDescriptorIsLeft) {
  const auto open_now = [] {
    std::ptrdiff_t count = 0;
    for (int fd = 0; fd < 1024; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
  };
  const std::ptrdiff_t before = open_now();
  {
    const auto file = fs_.create(dir_ / "a");
    const auto reader = fs_.open(dir_ / "a", ReadMode::kDirect);
    const auto wal = fs_.create_log(dir_ / "b", LogMode::kMapped, 4096);
    const auto lock = fs_.lock(dir_ / "c");
    EXPECT_TRUE(fs_.sync_dir(dir_.path()).ok());
    EXPECT_TRUE(fs_.list(dir_.path()).ok());
    EXPECT_FALSE(fs_.create(dir_ / "a").ok());
    EXPECT_FALSE(fs_.list(dir_ / "a").ok());
    EXPECT_FALSE(fs_.lock(dir_ / "c").ok());
  }
  EXPECT_EQ(open_now(), before);
}

TEST(PosixFs, SecureCutsAFileAndKeepsTheRest) {
  const TempDir dir;
  PosixFileSystem fs;
  std::string bytes;
  for (int i = 0; i < 700'000; ++i) bytes += std::to_string(i);
  auto file = fs.create(dir / "f").value();
  ASSERT_TRUE(file->append(bytes).ok());
  ASSERT_TRUE(file->close().ok());
  const std::uint64_t end = bytes.size() - 4321;
  for (const std::uint64_t from : {std::uint64_t{0}, std::uint64_t{12345}, end}) {
    ASSERT_TRUE(fs.secure(dir / "f", from, end).ok());
    const auto reader = fs.open(dir / "f", ReadMode::kBuffered).value();
    ASSERT_EQ(reader->size(), end);
    std::string found(end, '\0');
    ASSERT_EQ(reader->read(0, found).value(), end);
    EXPECT_TRUE(std::string_view(bytes).starts_with(found)) << from;
  }
  EXPECT_EQ(fs.secure(dir / "f", 0, end + 1).code(), Code::kInvalid);
  EXPECT_EQ(fs.secure(dir / "f", end, end - 1).code(), Code::kInvalid);
  EXPECT_EQ(fs.secure(dir / "g", 0, 0).code(), Code::kNotFound);
}

}  // namespace
}  // namespace nacre
