#include "env/posix_writable_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "env/posix_temp_dir.h"
#include "gtest/gtest.h"

namespace nacre {
namespace {

using test::pattern;
using test::TempDir;

constexpr std::size_t kBuffer = PosixWritableFile::kBufferBytesMax;

std::uint64_t size_of(const std::string& path) { return std::filesystem::file_size(path); }

TEST(PosixWritableFileTest, KeepsEveryByteInOrder) {
  // Sizes around the buffer's: copies, exact fills, and appends that pass it by.
  const TempDir dir;
  const std::string all = pattern(4 * kBuffer + 4321);
  for (const std::vector<std::size_t>& cuts :
       std::vector<std::vector<std::size_t>>{{all.size()},
                                             {1, kBuffer - 1, kBuffer, 2 * kBuffer, 4321},
                                             {kBuffer + 1, 0, kBuffer - 1, 2 * kBuffer, 4320, 1},
                                             {10, 3 * kBuffer, kBuffer + 4311}}) {
    const std::string path = dir / "f" + std::to_string(cuts.size());
    auto file = PosixWritableFile::create(path);
    ASSERT_TRUE(file.ok());
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
      ASSERT_TRUE((*file)->append(std::string_view(all).substr(at, cut)).ok());
      at += cut;
    }
    ASSERT_EQ(at, all.size());
    ASSERT_TRUE((*file)->close().ok());
    EXPECT_TRUE(test::read_whole(path) == all) << cuts.size();
  }
}

TEST(PosixWritableFileTest, SmallAppendsStayInTheBufferUntilSync) {
  const TempDir dir;
  auto file = PosixWritableFile::create(dir / "f");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->append("hello").ok());
  EXPECT_EQ(size_of(dir / "f"), 0U);
  ASSERT_TRUE((*file)->sync().ok());
  EXPECT_EQ(test::read_whole(dir / "f"), "hello");
  ASSERT_TRUE((*file)->append(" again").ok());
  ASSERT_TRUE((*file)->sync().ok());
  EXPECT_EQ(test::read_whole(dir / "f"), "hello again");
}

TEST(PosixWritableFileTest, IsOfNoUseOnceClosed) {
  const TempDir dir;
  auto file = PosixWritableFile::create(dir / "f");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->append("x").ok());
  ASSERT_TRUE((*file)->close().ok());
  EXPECT_EQ((*file)->append("y").code(), Code::kClosed);
  EXPECT_EQ((*file)->sync().code(), Code::kClosed);
  EXPECT_EQ((*file)->close().code(), Code::kClosed);
  EXPECT_EQ(test::read_whole(dir / "f"), "x");
}

TEST(PosixWritableFileTest, FailedSyncLasts) {
  // A device that takes every byte and has no sync.
  PosixWritableFile file(Fd(::open("/dev/zero", O_RDWR | O_CLOEXEC)), "device");
  ASSERT_TRUE(file.append("x").ok());
  const Status first = file.sync();
  EXPECT_EQ(first.to_string(), "io: sync device: Invalid argument");
  EXPECT_EQ(file.append("y").to_string(), first.to_string());
  EXPECT_EQ(file.sync().to_string(), first.to_string());
  EXPECT_EQ(file.close().to_string(), first.to_string());
}

TEST(PosixWritableFileTest, FullDiskIsNoSpaceAndLasts) {
  PosixWritableFile file(Fd(::open("/dev/full", O_RDWR | O_CLOEXEC)), "device");
  ASSERT_TRUE(file.append("x").ok());
  const Status first = file.append(std::string(2 * kBuffer, 'y'));
  EXPECT_EQ(first.to_string(), "no space: write device: No space left on device");
  EXPECT_EQ(file.append("z").to_string(), first.to_string());
  EXPECT_EQ(file.sync().to_string(), first.to_string());
}

}  // namespace
}  // namespace nacre
