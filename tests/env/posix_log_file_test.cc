#include "env/posix_log_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "env/posix_temp_dir.h"
#include "gtest/gtest.h"

namespace nacre {
namespace {

using test::pattern;
using test::TempDir;

constexpr std::uint64_t kCapacity = 4 << 20;

// How much of a file is mapped into this process and needs no fault to be read.
std::uint64_t resident_bytes(const std::string& path) {
  std::istringstream lines(test::read_whole("/proc/self/smaps"));
  std::uint64_t sum = 0;
  bool ours = false;
  for (std::string line; std::getline(lines, line);) {
    const bool heads_mapping = line.find('-') < line.find(' ');
    if (heads_mapping) ours = line.ends_with(path);
    if (ours && line.starts_with("Rss:")) sum += std::stoull(line.substr(4)) * 1024;
  }
  return sum;
}

class PosixLogFileTest : public ::testing::TestWithParam<LogMode> {
 protected:
  std::unique_ptr<LogFile> create(const std::string& name, std::uint64_t capacity = kCapacity) {
    auto file = PosixLogFile::create(dir_ / name, GetParam(), capacity);
    EXPECT_TRUE(file.ok()) << file.status().to_string();
    return file.ok() ? std::move(file).value() : nullptr;
  }
  std::uint64_t size_of(const std::string& name) { return std::filesystem::file_size(dir_ / name); }

  TempDir dir_;
};

INSTANTIATE_TEST_SUITE_P(Modes, PosixLogFileTest,
                         ::testing::Values(LogMode::kMapped, LogMode::kPwrite),
                         [](const auto& mode) {
                           return std::string(mode.param == LogMode::kMapped ? "Mapped" : "Pwrite");
                         });

TEST_P(PosixLogFileTest, NothingIsPreparedAtFirst) {
  const auto file = create("wal");
  EXPECT_EQ(file->capacity(), kCapacity);
  EXPECT_EQ(file->prepared(), 0U);
  EXPECT_EQ(size_of("wal"), 0U);
  EXPECT_EQ(PosixLogFile::create(dir_ / "none", GetParam(), 0).status().code(), Code::kInvalid);
}

TEST_P(PosixLogFileTest, PrepareMakesZerosOfWholePages) {
  const auto file = create("wal");
  ASSERT_TRUE(file->prepare(1).ok());
  EXPECT_EQ(file->prepared(), page_bytes());
  ASSERT_TRUE(file->prepare(200'000).ok());
  EXPECT_EQ(file->prepared(), round_up(200'000, page_bytes()));
  EXPECT_EQ(size_of("wal"), file->prepared());
  ASSERT_TRUE(file->prepare(5).ok());  // behind: nothing to do
  EXPECT_EQ(size_of("wal"), round_up(200'000, page_bytes()));
  EXPECT_EQ(test::read_whole(dir_ / "wal"), std::string(file->prepared(), '\0'));
}

TEST_P(PosixLogFileTest, PrepareStopsAtTheCapacity) {
  const std::uint64_t capacity = 3 * page_bytes() + 100;
  const auto file = create("wal", capacity);
  EXPECT_EQ(file->prepare(capacity + 1).code(), Code::kInvalid);
  ASSERT_TRUE(file->prepare(capacity).ok());
  EXPECT_EQ(file->prepared(), capacity);
  EXPECT_EQ(size_of("wal"), capacity);
  ASSERT_TRUE(file->write(capacity - 4, "last").ok());
  ASSERT_TRUE(file->seal(capacity).ok());
  EXPECT_EQ(test::read_whole(dir_ / "wal").substr(capacity - 4), "last");
}

TEST_P(PosixLogFileTest, WritesLandWhereTheyBelong) {
  const auto file = create("wal");
  const std::string bytes = pattern(300'000);
  std::uint64_t at = 0;
  for (std::size_t size = 1; at < bytes.size(); size = size * 3 + 1) {
    const std::string_view piece = std::string_view(bytes).substr(at, size);
    ASSERT_TRUE(file->prepare(at + piece.size()).ok());
    ASSERT_TRUE(file->write(at, piece).ok());
    at += piece.size();
  }
  ASSERT_TRUE(file->write(at, "").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_TRUE(test::read_whole(dir_ / "wal").substr(0, at) == bytes);
  ASSERT_TRUE(file->seal(at).ok());
  EXPECT_TRUE(test::read_whole(dir_ / "wal") == bytes);
}

TEST_P(PosixLogFileTest, PreparingKeepsWhatIsWritten) {
  const auto file = create("wal");
  ASSERT_TRUE(file->prepare(page_bytes()).ok());
  ASSERT_TRUE(file->write(0, std::string(page_bytes(), 'a')).ok());
  ASSERT_TRUE(file->prepare(3 * page_bytes()).ok());
  EXPECT_EQ(test::read_whole(dir_ / "wal"),
            std::string(page_bytes(), 'a') + std::string(2 * page_bytes(), '\0'));
}

TEST_P(PosixLogFileTest, ReleasedBytesStayInTheFile) {
  const auto file = create("wal");
  const std::string bytes = pattern(1 << 20);
  ASSERT_TRUE(file->prepare(bytes.size()).ok());
  ASSERT_TRUE(file->write(0, bytes).ok());
  file->release_before(100);  // less than a page: nothing
  file->release_before(500'000);
  file->release_before(400'000);  // backwards: nothing
  EXPECT_TRUE(test::read_whole(dir_ / "wal") == bytes);
  ASSERT_TRUE(file->write(bytes.size() - 3, "end").ok());
  file->release_before(UINT64_MAX);
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(file->seal(bytes.size()).ok());
  EXPECT_TRUE(test::read_whole(dir_ / "wal") == bytes.substr(0, bytes.size() - 3) + "end");
}

TEST_P(PosixLogFileTest, OnlyTheWindowInUseIsResident) {
  const auto file = create("wal");
  const bool mapped = static_cast<PosixLogFile&>(*file).mapped();
  const auto expect_resident = [&](std::uint64_t bytes) {
    EXPECT_EQ(resident_bytes(dir_ / "wal"), mapped ? bytes : 0);
  };
  expect_resident(0);
  ASSERT_TRUE(file->prepare(64 * page_bytes()).ok());
  expect_resident(64 * page_bytes());  // stores don't fault
  file->release_before(10 * page_bytes() + 1);
  expect_resident(54 * page_bytes());
  ASSERT_TRUE(file->prepare(80 * page_bytes()).ok());
  file->release_before(70 * page_bytes());
  expect_resident(10 * page_bytes());
  ASSERT_TRUE(file->seal(1).ok());
  expect_resident(0);
}

TEST_P(PosixLogFileTest, SealCuts) {
  const auto file = create("wal");
  ASSERT_TRUE(file->prepare(100'000).ok());
  ASSERT_TRUE(file->write(0, "0123456789").ok());
  ASSERT_TRUE(file->seal(7).ok());
  EXPECT_EQ(test::read_whole(dir_ / "wal"), "0123456");
}

TEST_P(PosixLogFileTest, UnsealedFileStaysAsItIs) {
  auto file = create("wal");
  ASSERT_TRUE(file->prepare(page_bytes()).ok());
  ASSERT_TRUE(file->write(10, "abc").ok());
  file.reset();
  EXPECT_EQ(test::read_whole(dir_ / "wal"),
            std::string(10, '\0') + "abc" + std::string(page_bytes() - 13, '\0'));
}

TEST_P(PosixLogFileTest, WritesSurviveTheDeathOfTheProcess) {
  const std::string bytes = pattern(150'000);
  const pid_t child = ::fork();
  if (child == 0) {
    auto file = PosixLogFile::create(dir_ / "wal", GetParam(), kCapacity);
    if (!file.ok() || !(*file)->prepare(bytes.size()).ok()) ::_exit(1);
    for (std::size_t at = 0; at < bytes.size(); at += 1000) {
      if (!(*file)->write(at, std::string_view(bytes).substr(at, 1000)).ok()) ::_exit(2);
    }
    ::kill(::getpid(), SIGKILL);
  }
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  ASSERT_TRUE(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL) << how;
  EXPECT_TRUE(test::read_whole(dir_ / "wal").substr(0, bytes.size()) == bytes);
}

TEST_P(PosixLogFileTest, ThreadsWriteWhileSpaceIsPreparedAndSynced) {
  constexpr std::uint64_t kRecord = 120;
  constexpr std::uint64_t kRecords = 20'000;
  const std::string bytes = pattern(kRecord * kRecords);
  const auto file = create("wal");
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> good{true};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (true) {
        const std::uint64_t record = next.fetch_add(1);
        if (record >= kRecords) return;
        const std::uint64_t at = record * kRecord;
        while (file->prepared() < at + kRecord) std::this_thread::yield();
        if (!file->write(at, std::string_view(bytes).substr(at, kRecord)).ok()) good = false;
      }
    });
  }
  while (file->prepared() < bytes.size()) {
    const std::uint64_t end = file->prepared();
    if (!file->prepare(std::min<std::uint64_t>(end + 100'000, kCapacity)).ok()) good = false;
    if (end > 0 && !file->sync().ok()) good = false;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(good);
  ASSERT_TRUE(file->seal(bytes.size()).ok());
  EXPECT_TRUE(test::read_whole(dir_ / "wal") == bytes);
}

// Files may not grow past `bytes` while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : before_signal_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_signal_);
  }

 private:
  rlimit before_ = {};
  void (*before_signal_)(int);
};

TEST_P(PosixLogFileTest, NoSpaceLeavesWhatIsPreparedUsable) {
  const auto file = create("wal");
  const std::uint64_t first = round_up(100'000, page_bytes());
  ASSERT_TRUE(file->prepare(first).ok());
  ASSERT_TRUE(file->write(0, "before").ok());
  {
    const FileSizeLimit limit(first + (64 << 10) + 10);  // a part of the next window fits
    const Status full = file->prepare(first + (1 << 20));
    EXPECT_EQ(full.to_string(), "no space: prepare " + dir_ / "wal" + ": File too large");
    EXPECT_EQ(file->prepared(), first);
    EXPECT_EQ(size_of("wal"), first) << "the part that fitted is given back";
    EXPECT_TRUE(file->write(first - 5, "after").ok());
    EXPECT_TRUE(file->sync().ok());
    EXPECT_EQ(file->prepare(first + (1 << 20)).code(), Code::kNoSpace);
  }
  ASSERT_TRUE(file->prepare(first + (1 << 20)).ok()) << "space is back";
  ASSERT_TRUE(file->write(first, "next").ok());
  ASSERT_TRUE(file->seal(first + 4).ok());
  const std::string bytes = test::read_whole(dir_ / "wal");
  EXPECT_EQ(bytes.substr(0, 6), "before");
  EXPECT_EQ(bytes.substr(first - 5), "afternext");
}

TEST_P(PosixLogFileTest, WriteBeyondThePreparedSpaceIsABug) {
  const auto file = create("wal");
  ASSERT_TRUE(file->prepare(page_bytes()).ok());
  EXPECT_DEATH(file->write(page_bytes() - 1, "ab").ignore(), "broken invariant");
  EXPECT_DEATH(file->write(UINT64_MAX, "a").ignore(), "broken invariant");
}

// A device that takes every byte and has no sync: what a failed sync leaves behind.
TEST(PosixLogFileFailureTest, FailedSyncLasts) {
  PosixLogFile file(Fd(::open("/dev/zero", O_RDWR | O_CLOEXEC)), "device", kCapacity, nullptr);
  ASSERT_TRUE(file.prepare(page_bytes()).ok());
  ASSERT_TRUE(file.write(0, "abc").ok());
  const Status first = file.sync();
  EXPECT_EQ(first.to_string(), "io: sync device: Invalid argument");
  EXPECT_EQ(file.write(0, "abc").to_string(), first.to_string());
  EXPECT_EQ(file.sync().to_string(), first.to_string());
  EXPECT_EQ(file.prepare(2 * page_bytes()).to_string(), first.to_string());
  EXPECT_EQ(file.seal(0).to_string(), first.to_string());
}

TEST(PosixLogFileFailureTest, FailedWriteLasts) {
  const TempDir dir;
  const Fd maker(::open((dir / "f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  PosixLogFile file(Fd(::dup(maker.get())), "f", kCapacity, nullptr);
  ASSERT_TRUE(file.prepare(page_bytes()).ok());
  {
    const FileSizeLimit limit(10);
    EXPECT_EQ(file.write(100, "abc").code(), Code::kNoSpace);
  }
  EXPECT_EQ(file.write(0, "abc").code(), Code::kNoSpace);
  EXPECT_EQ(file.sync().to_string(), "no space: write f: File too large");
}

TEST(LogMappingTest, BothWaysToPopulate) {
  const TempDir dir;
  const Fd fd(::open((dir / "f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const auto mapping = LogMapping::create(fd.get(), kCapacity);
  if (mapping == nullptr) {
    // This file system copies on write: then a log must say that it is not mapped.
    const auto file = PosixLogFile::create(dir / "wal", LogMode::kMapped, kCapacity);
    EXPECT_FALSE(static_cast<PosixLogFile&>(**file).mapped());
    return;
  }
  const std::uint64_t window = 8 * page_bytes();
  ASSERT_EQ(write_zeros(fd.get(), 0, window, 64 << 10), 0);
  EXPECT_EQ(resident_bytes(dir / "f"), 0U);
  mapping->populate_by_touch(0, window);
  EXPECT_EQ(resident_bytes(dir / "f"), window);
  ASSERT_EQ(write_zeros(fd.get(), window, 2 * window, 64 << 10), 0);
  const int error = mapping->populate_by_advice(window, 2 * window);
  EXPECT_TRUE(error == 0 || error == EINVAL) << error;
  if (error == 0) {
    EXPECT_EQ(resident_bytes(dir / "f"), 2 * window);
  }
  mapping->base()[0] = 'a';
  mapping->base()[2 * window - 1] = 'z';
  mapping->release(0, window);
  mapping->base()[1] = 'b';  // late, but not lost
  const std::string bytes = test::read_whole(dir / "f");
  EXPECT_EQ(bytes, "ab" + std::string(2 * window - 3, '\0') + "z");
}

TEST(LogMappingTest, NoAddressSpaceFallsBackToPwrite) {
  const TempDir dir;
  const std::uint64_t too_much = std::uint64_t{1} << 60;
  auto file = PosixLogFile::create(dir / "wal", LogMode::kMapped, too_much);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(static_cast<PosixLogFile&>(**file).mapped());
  ASSERT_TRUE((*file)->prepare(10).ok());
  ASSERT_TRUE((*file)->write(3, "abc").ok());
  ASSERT_TRUE((*file)->seal(6).ok());
  EXPECT_EQ(test::read_whole(dir / "wal"), std::string(3, '\0') + "abc");
}

}  // namespace
}  // namespace nacre
