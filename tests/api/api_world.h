// api_world.h - where the tests of the public API run, and the few words that they share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "env/posix_temp_dir.h"
#include "env/sim_env.h"
#include "harness/history.h"
#include "harness/stores.h"
#include "nacre/db.h"

namespace nacre::test {

inline constexpr WriteOptions kOs{.durability = Durability::kOs};

inline ::testing::AssertionResult ok(const Status& status) {
  if (status.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << status.to_string();
}
template <typename T>
::testing::AssertionResult ok(const Result<T>& result) {
  return ok(result.status());
}

/// A failure with this code, whose message holds all of `parts`.
inline ::testing::AssertionResult fails(const Status& status, Code code,
                                        const std::vector<std::string>& parts = {}) {
  if (status.code() != code) {
    return ::testing::AssertionFailure()
           << "wanted " << code_name(code) << ", got " << status.to_string();
  }
  for (const std::string& part : parts) {
    if (status.message().find(part) == std::string_view::npos) {
      return ::testing::AssertionFailure() << "no '" << part << "' in: " << status.message();
    }
  }
  return ::testing::AssertionSuccess();
}
template <typename T>
::testing::AssertionResult fails(const Result<T>& result, Code code,
                                 const std::vector<std::string>& parts = {}) {
  return fails(result.status(), code, parts);
}

/// An open store. After a failure the handle is closed, and everything done to it fails as well.
inline Db open_store(const std::string& path, const Options& options) {
  Result<Db> opened = Db::open(path, options);
  EXPECT_TRUE(ok(opened)) << path;
  return opened.ok() ? std::move(*opened) : Db();
}

/// The value of the key, "(absent)" or the error.
inline std::string look_up(const Db& db, std::string_view key, const Snapshot* snapshot = nullptr) {
  const auto value = db.get(key, {.snapshot = snapshot});
  if (!value.ok()) return value.error().to_string();
  return value->has_value() ? (*value)->to_string() : "(absent)";
}

/// What a scan of these options sees; fails the test on an error.
inline std::vector<std::string> keys_of(const Db& db, const ScanOptions& options) {
  std::vector<std::string> keys;
  Scan scan = db.scan(options);
  for (const auto& [key, value] : scan) keys.emplace_back(key);
  EXPECT_TRUE(ok(scan.status()));
  return keys;
}

/// One figure of the levels, added up.
inline std::uint64_t level_sum(const Stats& stats, std::uint64_t LevelStats::*figure) {
  std::uint64_t sum = 0;
  for (const LevelStats& level : stats.levels) sum += level.*figure;
  return sum;
}

/// "key00042": ordered as its number is.
inline std::string numbered_key(int number) {
  const std::string digits = std::to_string(number);
  return "key" + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

/// Puts `count` entries with values of `size` bytes, and returns them.
inline Contents fill(Db& db, int count, std::size_t size, const WriteOptions& options = {}) {
  Contents contents;
  for (int i = 0; i < count; ++i) {
    std::string value = std::to_string(i) + pattern(size);
    EXPECT_TRUE(ok(db.put(numbered_key(i), value, options)));
    contents[numbered_key(i)] = std::move(value);
  }
  return contents;
}

/// Asks for everything in every way: single gets, gets into a string, all at once, scans both ways.
inline void expect_reads(const Db& db, const Contents& expected,
                         const Snapshot* snapshot = nullptr) {
  std::vector<std::string> absent;
  std::vector<std::string_view> asked;
  for (const auto& [key, value] : expected) {
    EXPECT_EQ(look_up(db, key, snapshot), value);
    std::string copy = "left over";
    const auto found = db.get_into(key, copy, {.snapshot = snapshot});
    ASSERT_TRUE(ok(found));
    EXPECT_TRUE(*found);
    EXPECT_EQ(copy, value);
    if (!expected.contains(key + "?")) absent.push_back(key + "?");
    asked.push_back(key);
  }
  for (const std::string& key : absent) {
    EXPECT_EQ(look_up(db, key, snapshot), "(absent)");
    std::string copy;
    const auto found = db.get_into(key, copy, {.snapshot = snapshot});
    EXPECT_TRUE(found.ok() && !*found);
    asked.push_back(key);
  }
  const auto values = db.multi_get(asked, {.snapshot = snapshot});
  ASSERT_TRUE(ok(values));
  ASSERT_EQ(values->size(), asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto& value = (*values)[i];
    if (i >= expected.size()) {
      EXPECT_FALSE(value.has_value());
    } else if (value.has_value()) {
      EXPECT_EQ(value->view(), expected.at(std::string(asked[i])));
    } else {
      ADD_FAILURE() << "multi_get misses a key";
    }
  }
  for (const bool reverse : {false, true}) {
    Contents seen;
    std::vector<std::string> order;
    Scan scan = db.scan(ScanOptions{.range = {}, .reverse = reverse, .snapshot = snapshot});
    for (const auto& [key, value] : scan) {
      seen.emplace(key, value);
      order.emplace_back(key);
    }
    EXPECT_TRUE(ok(scan.status()));
    EXPECT_EQ(seen, expected) << difference(expected, seen);
    EXPECT_EQ(order.size(), expected.size());
    EXPECT_TRUE(reverse ? std::is_sorted(order.rbegin(), order.rend())
                        : std::is_sorted(order.begin(), order.end()));
  }
}

struct WorldKind {
  const char* name;
  bool real;  // files in a temporary directory; else a simulated disk
  LogMode log_mode;
  TableReads table_reads;
};

/// A test that runs on a simulated disk and on real files, reached in both ways.
class ApiTest : public ::testing::TestWithParam<WorldKind> {
 protected:
  Env& env() { return GetParam().real ? Env::posix() : world_; }
  Options options() {
    Options options = tiny_options(env());
    options.log_mode = GetParam().log_mode;
    options.table_reads = GetParam().table_reads;
    return options;
  }
  std::string path(const std::string& name = "store") const {
    return GetParam().real ? temp_ / name : "/" + name;
  }
  Db open() { return open_store(path(), options()); }

 private:
  TempDir temp_;
  SimEnv world_;
};

inline const auto kWorlds =
    ::testing::Values(WorldKind{"Sim", false, LogMode::kMapped, TableReads::kBuffered},
                      WorldKind{"Files", true, LogMode::kMapped, TableReads::kBuffered},
                      WorldKind{"FilesPwriteDirect", true, LogMode::kPwrite, TableReads::kDirect});
inline const auto kWorldName = [](const ::testing::TestParamInfo<WorldKind>& world) {
  return std::string(world.param.name);
};

/// The files of a simulated disk with their bytes.
inline Contents disk_contents(const SimDisk& disk) {
  Contents contents;
  for (const std::string& path : disk.files()) contents[path] = disk.read_file(path).value();
  return contents;
}

/// The first file that differs, is new or is missing; empty when the two are the same.
inline std::string first_change(const Contents& before, const Contents& after) {
  return before == after ? "" : difference(before, after);
}

/// The files of the disk that end so.
inline std::vector<std::string> files_ending(const SimDisk& disk, std::string_view ending) {
  std::vector<std::string> found;
  for (const std::string& path : disk.files()) {
    if (path.ends_with(ending)) found.push_back(path);
  }
  return found;
}

}  // namespace nacre::test
