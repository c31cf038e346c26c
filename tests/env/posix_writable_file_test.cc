#include "env/posix_writable_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/random.h"
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

TEST(PosixWritableFileTest, AFileThatIsSyncedHoldsNoBuffer) {
  // As a manifest is written: a record and a sync, for as long as the store is open.
  const TempDir dir;
  auto made = PosixWritableFile::create(dir / "f");
  ASSERT_TRUE(made.ok());
  auto& file = static_cast<PosixWritableFile&>(**made);
  EXPECT_EQ(file.buffer_bytes(), 0U);
  const std::string all = pattern(20'000);
  std::size_t at = 0;
  for (std::size_t record = 1; at + record <= all.size(); record = record * 3 / 2 + 1) {
    ASSERT_TRUE(file.append(std::string_view(all).substr(at, record)).ok());
    EXPECT_GE(file.buffer_bytes(), record);
    EXPECT_LE(file.buffer_bytes(), std::max(2 * record, PosixWritableFile::kBufferBytesMin));
    at += record;
    ASSERT_TRUE(file.sync().ok());
    EXPECT_EQ(file.buffer_bytes(), 0U);
    EXPECT_EQ(size_of(dir / "f"), at);
  }
  ASSERT_TRUE(file.sync().ok());  // of nothing new
  ASSERT_TRUE(file.append(std::string_view(all).substr(at)).ok());
  ASSERT_TRUE(file.close().ok());
  EXPECT_EQ(file.buffer_bytes(), 0U);
  EXPECT_TRUE(test::read_whole(dir / "f") == all);
}

TEST(PosixWritableFileTest, TheBufferGrowsToItsLargestAndStaysWhileBytesStream) {
  const TempDir dir;
  auto made = PosixWritableFile::create(dir / "f");
  ASSERT_TRUE(made.ok());
  auto& file = static_cast<PosixWritableFile&>(**made);
  const std::string all = pattern(3 * kBuffer + 777);
  constexpr std::size_t kPiece = 1'000;  // meets no power of two
  std::size_t largest = 0;
  int growths = 0;
  for (std::size_t at = 0; at < all.size(); at += kPiece) {
    ASSERT_TRUE(file.append(std::string_view(all).substr(at, kPiece)).ok());
    EXPECT_GE(file.buffer_bytes(), largest) << at;
    growths += file.buffer_bytes() > largest ? 1 : 0;
    largest = file.buffer_bytes();
  }
  EXPECT_EQ(largest, kBuffer);
  EXPECT_EQ(growths, 7);  // 4, 8, 16 .. 256 KiB
  EXPECT_EQ(size_of(dir / "f"), 3 * kBuffer) << "whole buffers only";
  ASSERT_TRUE(file.sync().ok());
  EXPECT_EQ(file.buffer_bytes(), 0U);
  EXPECT_TRUE(test::read_whole(dir / "f") == all);
}

TEST(PosixWritableFileTest, AnySequenceOfCallsKeepsEveryByteInOrder) {
  constexpr std::uint64_t kSeed = 20'240'607;
  SCOPED_TRACE(kSeed);
  const TempDir dir;
  Random random(kSeed);
  const std::string source = pattern(3 * kBuffer);
  for (int round = 0; round < 20; ++round) {
    const std::string path = dir / std::to_string(round);
    auto file = PosixWritableFile::create(path);
    ASSERT_TRUE(file.ok());
    std::string expected;
    for (int step = 0; step < 30; ++step) {
      if (random.below(4) == 0) {
        ASSERT_TRUE((*file)->sync().ok());
        ASSERT_EQ(size_of(path), expected.size());
        continue;
      }
      // Sizes of every magnitude, up to more than the largest buffer.
      const std::uint64_t size = random.below(std::uint64_t{2} << random.below(19));
      const std::uint64_t from = random.below(source.size() - size);
      ASSERT_TRUE((*file)->append(std::string_view(source).substr(from, size)).ok());
      expected += std::string_view(source).substr(from, size);
    }
    ASSERT_TRUE((*file)->close().ok());
    ASSERT_TRUE(test::read_whole(path) == expected) << "round " << round;
  }
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
  EXPECT_EQ(file.buffer_bytes(), 0U) << "what can't be written any more is given up";
  EXPECT_EQ(file.append("z").to_string(), first.to_string());
  EXPECT_EQ(file.sync().to_string(), first.to_string());
}

}  // namespace
}  // namespace nacre
