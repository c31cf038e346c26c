// Options: what "automatic" comes to, and what is refused.

#include "engine/settings.h"

#include <gtest/gtest.h>

#include <functional>

#include "engine/runtime_state.h"
#include "env/sim_env.h"
#include "harness/stores.h"
#include "nacre/db.h"

namespace nacre::engine {
namespace {

using test::kMiB;

Options with(const std::function<void(Options&)>& set) {
  Options options;
  set(options);
  return options;
}
Options with_memtable(std::uint64_t bytes) {
  return with([&](Options& options) { options.memtable_bytes = bytes; });
}
Options with_reads(TableReads reads) {
  return with([&](Options& options) { options.table_reads = reads; });
}

Settings resolved(const Options& options, std::uint64_t memory_limit) {
  auto settings = resolve(options, memory_limit);
  EXPECT_TRUE(settings.ok()) << settings.error().to_string();
  return settings.ok() ? *std::move(settings) : Settings();
}

TEST(SettingsTest, MemtablesAreAnEighthOfTheMemory) {
  EXPECT_EQ(resolved({}, 1 * kMiB).memtable_bytes, kMiB / 8);
  EXPECT_EQ(resolved({}, 80 * kMiB).memtable_bytes, 10 * kMiB);
  EXPECT_EQ(resolved({}, 512 * kMiB).memtable_bytes, 64 * kMiB);
  EXPECT_EQ(resolved({}, 4096 * kMiB).memtable_bytes, 64 * kMiB) << "at most";
  EXPECT_EQ(resolved(with_memtable(3 * kMiB), 80 * kMiB).memtable_bytes, 3 * kMiB);
}

TEST(SettingsTest, TablesAreAQuarterOfASmallMemory) {
  EXPECT_EQ(resolved({}, 1 * kMiB).table_bytes, 2 * kMiB);
  EXPECT_EQ(resolved({}, 80 * kMiB).table_bytes, 20 * kMiB);
  EXPECT_EQ(resolved({}, 256 * kMiB).table_bytes, 64 * kMiB);
  EXPECT_EQ(resolved({}, 4096 * kMiB).table_bytes, 64 * kMiB) << "at most";
  EXPECT_EQ(resolved(with([](Options& o) { o.table_bytes = 3 * kMiB; }), 80 * kMiB).table_bytes,
            3 * kMiB);
}

TEST(SettingsTest, MemtablesThatWaitFitIntoHalfTheMemory) {
  for (const std::uint64_t limit : {1 * kMiB, 7 * kMiB, 16 * kMiB, 1024 * kMiB}) {
    for (const std::uint64_t memtable : {std::uint64_t{16} << 10, limit / 7, limit / 4}) {
      const Settings settings = resolved(with_memtable(memtable), limit);
      EXPECT_GE(settings.frozen_memtables_max, 1U);
      EXPECT_LE(settings.frozen_memtables_max, 8U);
      EXPECT_LE((settings.frozen_memtables_max + 1) * memtable, limit / 2)
          << limit << ", memtable " << memtable;
    }
  }
  EXPECT_EQ(resolved({}, 16 * kMiB).frozen_memtables_max, 3U);
  // One must be able to wait while another is written, even if that is all of the memory.
  EXPECT_EQ(resolved(with_memtable(8 * kMiB), 16 * kMiB).frozen_memtables_max, 1U);
}

TEST(SettingsTest, AMemtableOverHalfTheMemoryIsRefused) {
  const auto settings = resolve(with_memtable(8 * kMiB + 1), 16 * kMiB);
  ASSERT_FALSE(settings.ok());
  EXPECT_EQ(settings.error().code(), Code::kInvalid);
  EXPECT_NE(settings.error().message().find("memtable_bytes"), std::string::npos);
  EXPECT_NE(settings.error().message().find(std::to_string(8 * kMiB)), std::string::npos);
}

TEST(SettingsTest, LargeBudgetsReadPastThePageCache) {
  EXPECT_EQ(resolved({}, 256 * kMiB - 1).read_mode, ReadMode::kBuffered);
  EXPECT_EQ(resolved({}, 256 * kMiB).read_mode, ReadMode::kDirect);
  EXPECT_EQ(resolved(with_reads(TableReads::kDirect), kMiB).read_mode, ReadMode::kDirect);
  EXPECT_EQ(resolved(with_reads(TableReads::kBuffered), 1024 * kMiB).read_mode,
            ReadMode::kBuffered);
}

struct Refusal {
  const char* option;
  std::function<void(Options&)> set_bad;
  std::vector<std::function<void(Options&)>> set_good;  // the limits themselves
};

template <typename T, typename Min, typename Max>
std::vector<Refusal> around(const char* name, T Options::*member, Min min, Max max) {
  const auto set = [member](auto value) {
    return [member, value](Options& options) { options.*member = static_cast<T>(value); };
  };
  std::vector<Refusal> refusals = {{name, set(max + 1), {set(min), set(max)}}};
  if (min > 0) refusals.push_back({name, set(min - 1), {}});
  return refusals;
}

TEST(SettingsTest, OptionsOutOfTheirLimitsAreRefusedByName) {
  std::vector<Refusal> all;
  const auto add = [&](std::vector<Refusal> more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  add(around("block_bytes", &Options::block_bytes, 256, 1 << 20));
  add(around("filter_bits", &Options::filter_bits, 0, 30));
  add(around("table_bytes", &Options::table_bytes, 16 << 10, std::uint64_t{4} << 30));
  add(around("background_threads", &Options::background_threads, 1, 64));
  add(around("level0_tables", &Options::level0_tables, 1, 64));
  add(around("level_multiplier", &Options::level_multiplier, 2, 100));
  using std::chrono::milliseconds;
  all.push_back({"sync_every",
                 [](Options& o) { o.sync_every = milliseconds(-1); },
                 {[](Options& o) { o.sync_every = milliseconds(1); }}});
  all.push_back({"sync_every",
                 [](Options& o) { o.sync_every = milliseconds(3'600'001); },
                 {[](Options& o) { o.sync_every = milliseconds(3'600'000); }}});
  all.push_back({"memtable_bytes",
                 [](Options& o) { o.memtable_bytes = (16 << 10) - 1; },
                 {[](Options& o) { o.memtable_bytes = 16 << 10; }}});
  all.push_back({"memory_bytes", [](Options& o) { o.memory_bytes = kMiB - 1; }, {[](Options& o) {
                   o.memory_bytes = kMiB;
                 }}});
  SimEnv world;
  for (const Refusal& refusal : all) {
    Options bad;
    refusal.set_bad(bad);
    const Status status = bad.validate();
    EXPECT_EQ(status.code(), Code::kInvalid) << refusal.option;
    EXPECT_NE(status.message().find("option " + std::string(refusal.option)), std::string::npos)
        << status.to_string();
    // An open refuses before it touches anything.
    bad.env = &world;
    const auto opened = Db::open("/store", bad);
    ASSERT_FALSE(opened.ok()) << refusal.option;
    EXPECT_EQ(opened.error().to_string(), status.to_string());
    EXPECT_EQ(world.fs().kind("/store").value(), PathKind::kNothing);
    for (const auto& set_good : refusal.set_good) {
      Options good;
      set_good(good);
      EXPECT_TRUE(good.validate().ok()) << refusal.option << good.validate().to_string();
    }
  }
}

TEST(SettingsTest, OptionsThatContradictEachOtherAreRefused) {
  SimEnv world;
  const auto runtime = Runtime::create({.env = &world, .memory_bytes = 2 * kMiB}).value();
  Options options;
  options.runtime = runtime;
  EXPECT_TRUE(options.validate().ok());
  options.env = &world;
  EXPECT_EQ(options.validate().code(), Code::kInvalid);
  options.env = nullptr;
  options.memory_bytes = 2 * kMiB;
  EXPECT_EQ(options.validate().code(), Code::kInvalid);

  Options reader;
  reader.read_only = true;
  EXPECT_TRUE(reader.validate().ok());
  reader.error_if_exists = true;
  EXPECT_EQ(reader.validate().code(), Code::kInvalid);
}

TEST(SettingsTest, TheRuntimeIsTheOneThatTheOptionsName) {
  SimEnv world;
  const auto runtime = Runtime::create({.env = &world, .memory_bytes = 3 * kMiB}).value();
  EXPECT_EQ(runtime->memory_limit(), 3 * kMiB);
  EXPECT_EQ(runtime_for(with([&](Options& o) { o.runtime = runtime; })).value(), runtime);

  EXPECT_EQ(runtime_for({}).value(), Runtime::shared());
  const auto own_env = runtime_for(with([&](Options& o) { o.env = &world; })).value();
  EXPECT_NE(own_env, Runtime::shared());
  EXPECT_EQ(&own_env->state().env, &world);
  EXPECT_EQ(own_env->memory_limit(), world.memory_bytes() / 4) << "a quarter, when not told";
  const auto own_memory = runtime_for(with([](Options& o) { o.memory_bytes = 5 * kMiB; })).value();
  EXPECT_NE(own_memory, Runtime::shared());
  EXPECT_EQ(own_memory->memory_limit(), 5 * kMiB);
}

TEST(SettingsTest, ARuntimeRefusesTooLittleMemory) {
  const auto refused = Runtime::create({.env = nullptr, .memory_bytes = kMemoryBytesMin - 1});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kInvalid);
}

}  // namespace
}  // namespace nacre::engine
