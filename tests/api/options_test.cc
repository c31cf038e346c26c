// Options: each limit, what is said about a value outside it, and memory that stores share.

#include "nacre/options.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "api/api_world.h"
#include "nacre/runtime.h"

namespace nacre::test {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kGiB = kKiB * kKiB * kKiB;

struct Bad {
  const char* description;
  std::function<void(Options&)> set;
  std::vector<std::string> message;  // its name, the value, the limits
};

const std::vector<Bad> kBad = {
    {"block too small", [](Options& o) { o.block_bytes = 255; }, {"block_bytes", "255", "256"}},
    {"block too large",
     [](Options& o) { o.block_bytes = (1 << 20) + 1; },
     {"block_bytes", "1048577", "1048576"}},
    {"filter", [](Options& o) { o.filter_bits = 31; }, {"filter_bits", "31", "0", "30"}},
    {"table too small",
     [](Options& o) { o.table_bytes = 16 * kKiB - 1; },
     {"table_bytes", "16383", "16384"}},
    {"table too large",
     [](Options& o) { o.table_bytes = 4 * kGiB + 1; },
     {"table_bytes", "4294967297", "4294967296"}},
    {"no threads",
     [](Options& o) { o.background_threads = 0; },
     {"background_threads", "0", "1", "64"}},
    {"many threads",
     [](Options& o) { o.background_threads = 65; },
     {"background_threads", "65", "64"}},
    {"no level 0", [](Options& o) { o.level0_tables = 0; }, {"level0_tables", "0", "1"}},
    {"large level 0", [](Options& o) { o.level0_tables = 65; }, {"level0_tables", "65", "64"}},
    {"multiplier 1", [](Options& o) { o.level_multiplier = 1; }, {"level_multiplier", "1", "2"}},
    {"multiplier 101",
     [](Options& o) { o.level_multiplier = 101; },
     {"level_multiplier", "101", "100"}},
    {"sync never",
     [](Options& o) { o.sync_every = std::chrono::milliseconds(3'600'001); },
     {"sync_every", "3600001", "3600000"}},
    {"sync before",
     [](Options& o) { o.sync_every = std::chrono::milliseconds(-1); },
     {"sync_every", "-1", "3600000"}},
    {"memory too small",
     [](Options& o) { o.memory_bytes = kKiB * kKiB - 1; },
     {"memory_bytes", "1048575", "1048576"}},
    {"memtable too small",
     [](Options& o) { o.memtable_bytes = 16 * kKiB - 1; },
     {"memtable_bytes", "16383", "16384"}},
    {"read-only and new",
     [](Options& o) { o.read_only = o.error_if_exists = true; },
     {"read_only", "error_if_exists"}},
};

TEST(OptionsTest, EachBadValueIsRefusedByNameAndLimits) {
  EXPECT_TRUE(ok(Options().validate()));
  SimEnv world;
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.description);
    Options options = tiny_options(world);
    ASSERT_TRUE(ok(options.validate()));
    bad.set(options);
    EXPECT_TRUE(fails(options.validate(), Code::kInvalid, bad.message));
    EXPECT_TRUE(fails(Db::open("/store", options), Code::kInvalid, bad.message));
  }
  EXPECT_TRUE(world.disk().files().empty());
  EXPECT_EQ(world.disk().kind("/store").value(), PathKind::kNothing);
}

TEST(OptionsTest, TheMemtableMustFitTheMemoryBudget) {
  SimEnv world;
  Options options = tiny_options(world);
  options.memtable_bytes = options.memory_bytes / 2;
  EXPECT_TRUE(ok(Db::open("/store", options)));
  options.memtable_bytes = options.memory_bytes / 2 + 1;
  EXPECT_TRUE(
      fails(Db::open("/store", options), Code::kInvalid, {"memtable_bytes", "524289", "524288"}));
}

TEST(OptionsTest, ValuesAtTheLimitsWork) {
  const std::vector<std::function<void(Options&)>> extremes = {
      [](Options& o) { o.block_bytes = 256; },
      [](Options& o) { o.block_bytes = 1 << 20; },
      [](Options& o) { o.filter_bits = 0; },
      [](Options& o) { o.filter_bits = 30; },
      [](Options& o) { o.table_bytes = 4 * kGiB; },
      [](Options& o) { o.background_threads = 1; },
      [](Options& o) { o.background_threads = 64; },
      [](Options& o) { o.level0_tables = 1; },
      [](Options& o) { o.level0_tables = 64; },
      [](Options& o) { o.level_multiplier = 100; },
      [](Options& o) { o.sync_every = std::chrono::hours(1); },
      [](Options& o) { o.compression = Compression::kNone; },
      [](Options& o) { o.compression = Compression::kZstd; },
      [](Options& o) { o.last_level_compression = Compression::kZstd; },
      [](Options& o) { o.last_level_compression = Compression::kNone; },
      [](Options& o) { o.log_mode = LogMode::kPwrite; },
      [](Options& o) { o.table_reads = TableReads::kDirect; },
      [](Options& o) { o.memory_bytes = o.memtable_bytes = 0; },
  };
  for (std::size_t i = 0; i < extremes.size(); ++i) {
    SCOPED_TRACE(i);
    SimEnv world;
    Options options = tiny_options(world);
    extremes[i](options);
    Db db = open_store("/store", options);
    Contents expected = fill(db, 300, 100, {.durability = Durability::kOs});
    ASSERT_TRUE(ok(db.flush()));
    for (int n = 0; n < 100; ++n) {
      ASSERT_TRUE(ok(db.remove(numbered_key(n * 3), {.durability = Durability::kOs})));
      expected.erase(numbered_key(n * 3));
    }
    ASSERT_TRUE(ok(db.wait_idle()));
    expect_reads(db, expected);
    // The next open may use other options.
    ASSERT_TRUE(ok(db.close()));
    db = open_store("/store", tiny_options(world));
    ASSERT_TRUE(ok(db.compact()));
    expect_reads(db, expected);
  }
}

TEST(OptionsTest, ARuntimeBringsItsOwnWorldAndMemory) {
  SimEnv world;
  const auto runtime = Runtime::create({.env = &world, .memory_bytes = 4 << 20}).value();
  Options options;
  options.runtime = runtime;
  EXPECT_TRUE(ok(options.validate()));
  options.env = &world;
  EXPECT_TRUE(fails(options.validate(), Code::kInvalid, {"runtime", "env"}));
  EXPECT_TRUE(fails(Db::open("/store", options), Code::kInvalid, {"runtime"}));
  options.env = nullptr;
  options.memory_bytes = 4 << 20;
  EXPECT_TRUE(fails(options.validate(), Code::kInvalid, {"runtime", "memory_bytes"}));
  EXPECT_TRUE(
      fails(Runtime::create({.env = &world, .memory_bytes = 100}), Code::kInvalid, {"100"}));
}

TEST(RuntimeTest, StoresShareOneBudgetAndGiveItBack) {
  SimEnv world;
  const auto runtime = Runtime::create({.env = &world, .memory_bytes = 4 << 20}).value();
  EXPECT_EQ(runtime->memory_limit(), 4U << 20);
  const std::uint64_t idle = runtime->memory_used();
  Options options = tiny_options(world);
  options.env = nullptr;
  options.memory_bytes = 0;
  options.runtime = runtime;
  {
    Db first = open_store("/first", options);
    Db second = open_store("/second", options);
    const Contents one = fill(first, 500, 100, {.durability = Durability::kOs});
    const Contents two = fill(second, 300, 200, {.durability = Durability::kOs});
    ASSERT_TRUE(ok(first.compact()));
    expect_reads(first, one);
    expect_reads(second, two);
    EXPECT_GT(runtime->memory_used(), idle);
    EXPECT_LE(runtime->memory_used(), runtime->memory_limit());
    for (const Db* db : {&first, &second}) {
      EXPECT_EQ(db->stats()->memory_limit, 4U << 20);
      EXPECT_EQ(db->stats()->memory_used, runtime->memory_used());
    }
    ASSERT_TRUE(ok(first.close()));
    expect_reads(second, two);
  }
  EXPECT_LE(runtime->memory_used(), idle + 16 * kKiB);
}

TEST(RuntimeTest, TheSharedOneIsThereOnce) {
  EXPECT_EQ(Runtime::shared(), Runtime::shared());
  EXPECT_GE(Runtime::shared()->memory_limit(), 1U << 20);
  EXPECT_LE(Runtime::shared()->memory_limit(), kGiB);
}

}  // namespace
}  // namespace nacre::test
