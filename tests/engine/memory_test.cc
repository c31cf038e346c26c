// One memory number: a store that holds ten times its budget stays within it, while it is filled,
// read at random and scanned; and so does the process.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "base/random.h"
#include "cache/block_cache.h"
#include "env/posix_temp_dir.h"
#include "env/sim_env.h"
#include "harness/stores.h"
#include "nacre/db.h"
#include "nacre/runtime.h"

namespace nacre::test {
namespace {

constexpr std::uint64_t kMemoryBytes = 16 * kMiB;
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kValueBytes = 100;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kTimesMemory = 2;  // and their shadow memory hides what the process holds
constexpr bool kSanitized = true;
#else
constexpr std::uint64_t kTimesMemory = 10;
constexpr bool kSanitized = false;
#endif
constexpr std::uint64_t kEntries = kTimesMemory * kMemoryBytes / (kKeyBytes + kValueBytes);

/// Beyond the limit: the cache's overdraft, and what the pieces of two merges take at a moment when
/// the cache has nothing left to give.
constexpr std::uint64_t kBeyond = BlockCache::kOverdraftBytes + 2 * kMiB;

/// Bytes of this process that are in memory.
std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  EXPECT_TRUE(statm.good());
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Entry number n has a key that looks random, and a value that can be checked.
std::string key_of(std::uint64_t n) {
  char key[kKeyBytes + 1];
  std::snprintf(key, sizeof key, "%016llx", static_cast<unsigned long long>(Random(n).next()));
  return std::string(key, kKeyBytes);
}
std::string value_of(std::uint64_t n) {
  std::string value(kValueBytes, '\0');
  Random random(n + 1);
  for (std::size_t i = 0; i < kValueBytes; i += 4) {
    const std::uint64_t bits = random.next();  // half of it compresses
    value[i] = static_cast<char>(bits);
    value[i + 1] = static_cast<char>(bits >> 8);
  }
  return value;
}

class MemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    runtime_ = Runtime::create({.env = nullptr, .memory_bytes = kMemoryBytes}).value();
    resident_before_ = resident_bytes();
    Options options;
    options.runtime = runtime_;
    options.memtable_bytes = 2 * kMiB;
    options.durability = Durability::kOs;
    auto opened = Db::open(dir_ / "store", options);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    db_ = *std::move(opened);
  }

  void sample() {
    ++samples_;
    most_used_ = std::max(most_used_, runtime_->memory_used());
    const std::uint64_t resident = resident_bytes();
    if (resident > resident_before_) {
      most_grown_ = std::max(most_grown_, resident - resident_before_);
    }
  }
  void expect_within(const char* when) {
    EXPECT_LE(most_used_, kMemoryBytes + kBeyond) << when << ", of " << samples_ << " samples";
    if (!kSanitized) {
      EXPECT_LE(most_grown_, kMemoryBytes * 11 / 10 + 64 * kMiB) << when;
    }
    std::printf("%s: at most %llu KiB used, process grown by at most %llu KiB\n", when,
                static_cast<unsigned long long>(most_used_ >> 10),
                static_cast<unsigned long long>(most_grown_ >> 10));
    most_used_ = most_grown_ = 0;
  }

  TempDir dir_;
  std::shared_ptr<Runtime> runtime_;
  std::uint64_t resident_before_ = 0;
  std::uint64_t most_used_ = 0;
  std::uint64_t most_grown_ = 0;
  std::uint64_t samples_ = 0;
  Db db_;
};

TEST_F(MemoryTest, TenTimesTheMemoryStaysWithinIt) {
  for (std::uint64_t n = 0; n < kEntries; ++n) {
    const Status status = db_.put(key_of(n), value_of(n));
    ASSERT_TRUE(status.ok()) << status.to_string();
    if (n % 1024 == 0) sample();
  }
  expect_within("fill");

  Random random(1);
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t n = random.below(kEntries);
    const auto found = db_.get(key_of(n));
    ASSERT_TRUE(found.ok()) << found.error().to_string();
    ASSERT_TRUE(found->has_value()) << n;
    ASSERT_EQ(**found, value_of(n)) << n;
    if (i % 256 == 0) sample();
  }
  expect_within("random reads");

  std::uint64_t seen = 0;
  Scan scan = db_.scan(Range::all());
  for (const auto& [key, value] : scan) {
    if (++seen % 4096 == 0) sample();
    ASSERT_EQ(key.size() + value.size(), kKeyBytes + kValueBytes);
  }
  ASSERT_TRUE(scan.status().ok()) << scan.status().to_string();
  EXPECT_EQ(seen, kEntries);
  expect_within("scan");

  ASSERT_TRUE(db_.close().ok());
  db_ = Db();
}

// Background work that never gets the processor: the memtables that wait fill their half of the
// memory, and a quarter of that when their last chunks are not full, and then writers wait.
TEST(MemoryLimitTest, MemtablesThatWaitKeepToTheirHalf) {
  for (const std::uint64_t memtable_bytes : {std::uint64_t{16} << 10, 2 * kMiB, 4 * kMiB}) {
    SCOPED_TRACE(memtable_bytes);
    SimEnv world;
    const std::uint64_t memory_bytes = 8 * memtable_bytes > kMiB ? 8 * memtable_bytes : kMiB;
    Options options;
    options.env = &world;
    options.memory_bytes = memory_bytes;
    options.memtable_bytes = memtable_bytes;
    options.durability = Durability::kOs;
    Db db = Db::open("/store", options).value();
    std::uint64_t most = 0;
    for (std::uint64_t n = 0; n * (kKeyBytes + kValueBytes) < memory_bytes; ++n) {
      ASSERT_TRUE(db.put(key_of(n), value_of(n)).ok());
      if (n % 64 == 0) most = std::max(most, db.stats().value().memtable_bytes);
    }
    EXPECT_GT(db.stats().value().stalls, 0U) << "they never filled it";
    EXPECT_GT(most, std::min(memory_bytes / 4, 8 * memtable_bytes)) << "it is there to be used";
    EXPECT_LE(most, memory_bytes / 2 * 5 / 4);
  }
}

}  // namespace
}  // namespace nacre::test
