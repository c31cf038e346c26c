#include "env/posix_random_access_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <random>
#include <thread>
#include <vector>

#include "env/posix_fs.h"
#include "env/posix_temp_dir.h"
#include "gtest/gtest.h"

namespace nacre {
namespace {

using test::pattern;
using test::TempDir;

struct World {
  const char* name;
  ReadMode mode;
  bool use_rings;
};

class PosixReadTest : public ::testing::TestWithParam<World> {
 protected:
  std::unique_ptr<RandomAccessFile> open(const std::string& path) {
    auto file = fs_.open(path, GetParam().mode);
    EXPECT_TRUE(file.ok()) << file.status().to_string();
    return file.ok() ? std::move(file).value() : nullptr;
  }

  TempDir dir_;
  PosixFileSystem fs_{GetParam().use_rings};
};

INSTANTIATE_TEST_SUITE_P(Worlds, PosixReadTest,
                         ::testing::Values(World{"BufferedRings", ReadMode::kBuffered, true},
                                           World{"BufferedPread", ReadMode::kBuffered, false},
                                           World{"DirectRings", ReadMode::kDirect, true},
                                           World{"DirectPread", ReadMode::kDirect, false}),
                         [](const auto& world) { return std::string(world.param.name); });

TEST_P(PosixReadTest, ReadsAtEveryAlignment) {
  const std::string bytes = pattern(3 * 4096 + 77);
  test::write_whole(dir_ / "f", bytes);
  const auto file = open(dir_ / "f");
  EXPECT_EQ(file->size(), bytes.size());
  std::string out(bytes.size() + 8192, '\0');
  for (const std::size_t offset : {0, 1, 511, 4095, 4096, 4097, 8192, 12288, 12364, 12365, 99999}) {
    for (const std::size_t size : {0, 1, 100, 4095, 4096, 4097, 8192, 20000}) {
      const auto count = file->read(offset, {out.data() + 1, size});
      ASSERT_TRUE(count.ok()) << count.status().to_string();
      const std::string_view expected =
          std::string_view(bytes).substr(std::min(offset, bytes.size()), size);
      EXPECT_TRUE(std::string_view(out.data() + 1, *count) == expected)
          << offset << "+" << size << " gave " << *count;
    }
  }
}

TEST_P(PosixReadTest, OffsetsBeyondAllFilesAreTheEnd) {
  test::write_whole(dir_ / "f", "abc");
  const auto file = open(dir_ / "f");
  char out[8];
  for (const std::uint64_t offset : {std::uint64_t{3}, UINT64_MAX - 4, UINT64_MAX}) {
    EXPECT_EQ(file->read(offset, out).value(), 0U);
    ReadRequest request{.offset = offset, .out = out, .count = 99, .status = {}};
    file->read_many({&request, 1});
    EXPECT_TRUE(request.status.ok());
    EXPECT_EQ(request.count, 0U);
  }
}

TEST_P(PosixReadTest, DirectSaysWhatTheDescriptorDoes) {
  test::write_whole(dir_ / "f", "abc");
  ReadRings rings(GetParam().use_rings);
  const auto opened = PosixRandomAccessFile::open(dir_ / "f", GetParam().mode, rings);
  ASSERT_TRUE(opened.ok());
  const bool direct = static_cast<const PosixRandomAccessFile&>(**opened).direct();
  const Fd probe(::open((dir_ / "f").c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
  EXPECT_EQ(direct, GetParam().mode == ReadMode::kDirect && probe.open());
}

TEST_P(PosixReadTest, EmptyFileAndEmptyBatch) {
  test::write_whole(dir_ / "f", "");
  const auto file = open(dir_ / "f");
  char out[8];
  EXPECT_EQ(file->size(), 0U);
  EXPECT_EQ(file->read(0, out).value(), 0U);
  file->read_many({});
}

TEST_P(PosixReadTest, AlignedReadNeedsNoBounce) {
  const std::string bytes = pattern(64 << 10);
  test::write_whole(dir_ / "f", bytes);
  const auto file = open(dir_ / "f");
  const std::unique_ptr<char, decltype(&std::free)> out(
      static_cast<char*>(std::aligned_alloc(4096, 32 << 10)), &std::free);
  EXPECT_EQ(file->read(8192, {out.get(), 32 << 10}).value(), 32U << 10);
  EXPECT_TRUE(std::string_view(out.get(), 32 << 10) ==
              std::string_view(bytes).substr(8192, 32 << 10));
}

// A batch of 100 requests of many shapes: past a ring's depth, some beyond the end.
void read_hundred(const RandomAccessFile& file, const std::string& bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::string> outs;
  std::vector<ReadRequest> requests(100);
  outs.reserve(requests.size());
  for (ReadRequest& request : requests) {
    request.offset = random() % (bytes.size() + 10000);
    outs.emplace_back(random() % 3 == 0 ? random() % 100000 : random() % 5000, '\0');
    request.out = outs.back();
    request.count = 12345;
    request.status = Status::invalid("stale");
  }
  file.read_many(requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    ASSERT_TRUE(requests[i].status.ok()) << requests[i].status.to_string();
    const std::string_view expected = std::string_view(bytes).substr(
        std::min<std::size_t>(requests[i].offset, bytes.size()), requests[i].out.size());
    ASSERT_TRUE(std::string_view(outs[i]).substr(0, requests[i].count) == expected)
        << "seed " << seed << " request " << i << " at " << requests[i].offset << " gave "
        << requests[i].count << " of " << expected.size();
  }
}

TEST_P(PosixReadTest, HundredRequestsInOneBatch) {
  const std::string bytes = pattern(1'000'003);
  test::write_whole(dir_ / "f", bytes);
  const auto file = open(dir_ / "f");
  for (unsigned seed = 1; seed <= 5; ++seed) read_hundred(*file, bytes, seed);
}

TEST_P(PosixReadTest, ColdFile) {
  // Nothing of it in the page cache: reads wait for the device and complete out of order.
  const std::string bytes = pattern(1'000'003);
  test::write_whole(dir_ / "f", bytes);
  const int fd = ::open((dir_ / "f").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::fsync(fd), 0);
  EXPECT_EQ(::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
  ::close(fd);
  read_hundred(*open(dir_ / "f"), bytes, 6);
}

TEST_P(PosixReadTest, MoreThreadsThanRings) {
  const std::string bytes = pattern(300'000);
  test::write_whole(dir_ / "f", bytes);
  const auto file = open(dir_ / "f");
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 12; ++t) {
    threads.emplace_back([&, t] { read_hundred(*file, bytes, 100 + t); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(PosixReadTest, TruncatedBehindOurBack) {
  test::write_whole(dir_ / "f", pattern(20000));
  const auto file = open(dir_ / "f");
  ASSERT_EQ(::truncate((dir_ / "f").c_str(), 5000), 0);
  std::string out(20000, '\0');
  EXPECT_EQ(file->read(0, out).value(), 5000U);
  std::vector<ReadRequest> requests(2);
  for (ReadRequest& request : requests) request.out = out;
  requests[1].offset = 10000;
  file->read_many(requests);
  EXPECT_EQ(requests[0].count, 5000U);
  EXPECT_EQ(requests[1].count, 0U);
}

TEST(PosixReadErrorTest, EveryRequestCarriesTheError) {
  // A descriptor for writing only can't be read.
  const TempDir dir;
  for (const bool use_rings : {true, false}) {
    ReadRings rings(use_rings);
    const PosixRandomAccessFile file(
        Fd(::open((dir / "f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), "f", 100, rings,
        false);
    char out[10];
    EXPECT_EQ(file.read(0, out).status().to_string(), "io: read f: Bad file descriptor");
    std::vector<ReadRequest> requests(3);
    for (ReadRequest& request : requests) request.out = out;
    requests[2].offset = 1000;  // past the end: nothing to read, nothing to fail
    file.read_many(requests);
    EXPECT_EQ(requests[0].status.to_string(), "io: read f: Bad file descriptor");
    EXPECT_EQ(requests[1].status.to_string(), "io: read f: Bad file descriptor");
    EXPECT_TRUE(requests[2].status.ok());
    EXPECT_EQ(requests[0].count, 0U);
  }
}

TEST(PosixReadErrorTest, DirectReadThatIsRefusedGoesThroughTheCache) {
  // No file has bytes there, so the system finds the request invalid, as it does a direct read from
  // a device of larger blocks than ours. Here the second attempt fails too, and says so.
  const TempDir dir;
  test::write_whole(dir / "f", "abc");
  ReadRings rings(true);
  const std::uint64_t nowhere = std::uint64_t{1} << 63;
  const PosixRandomAccessFile file(Fd(::open((dir / "f").c_str(), O_RDONLY | O_CLOEXEC)), "f",
                                   UINT64_MAX - 8192, rings, true);
  char out[10];
  ASSERT_TRUE(file.direct());
  EXPECT_EQ(file.read(nowhere, out).status().to_string(), "io: read f: Invalid argument");
  EXPECT_FALSE(file.direct());
  EXPECT_EQ(file.read(1, {out, 2}).value(), 2U);
  EXPECT_EQ(std::string_view(out, 2), "bc");
}

TEST(ReadRingsTest, ReadsOrSaysThatItIsNotAllowed) {
  const TempDir dir;
  const std::string bytes = pattern(10000);
  test::write_whole(dir / "f", bytes);
  const Fd fd(::open((dir / "f").c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::string> outs(200, std::string(50, '\0'));
  std::vector<RawRead> reads;
  for (std::size_t i = 0; i < outs.size(); ++i) reads.push_back({50 * i, outs[i].data(), 50, 0, 0});
  ReadRings rings(true);
  const bool done = rings.read(fd.get(), reads);
  EXPECT_EQ(done, rings.allowed());
  for (std::size_t i = 0; done && i < outs.size(); ++i) {
    EXPECT_EQ(reads[i].got, 50U);
    EXPECT_EQ(outs[i], bytes.substr(50 * i, 50));
  }
  ReadRings off(false);
  EXPECT_FALSE(off.read(fd.get(), reads));
}

}  // namespace
}  // namespace nacre
