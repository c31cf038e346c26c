// Reading and writing through nacre::Db, on a simulated disk and on real files.

#include "nacre/db.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "api/api_world.h"
#include "base/limits.h"

namespace nacre::test {
namespace {

using DbTest = ApiTest;
INSTANTIATE_TEST_SUITE_P(Worlds, DbTest, kWorlds, kWorldName);

/// Keys and values at the edges of what is allowed.
Contents edges() {
  const auto largest = static_cast<std::size_t>(kKeyBytesMax);
  return {{"", "the empty key"},
          {"empty value", ""},
          {std::string(1, '\0'), "zero"},
          {std::string("a\0b", 3), std::string("\0\0", 2)},
          {"a", "short"},
          {"large value", pattern(200'000)},
          {std::string(largest, 'k'), "the longest key"},
          {std::string(largest - 1, 'k') + "l", "as long, differs in the last byte"},
          {"\xff", "high"},
          {"\xff\xff\xff", "higher"}};
}

TEST_P(DbTest, EveryReadAgreesInMemoryInTablesAndAfterAReopen) {
  Db db = open();
  expect_reads(db, {});
  Contents expected = edges();
  for (const auto& [key, value] : expected) ASSERT_TRUE(ok(db.put(key, value)));
  for (const auto& [key, value] : fill(db, 300, 100, {.durability = Durability::kOs})) {
    expected[key] = value;
  }
  expect_reads(db, expected);
  ASSERT_TRUE(ok(db.flush()));
  expect_reads(db, expected);
  // Newer versions and removals above older tables.
  for (int i = 0; i < 300; i += 3) {
    ASSERT_TRUE(ok(db.remove(numbered_key(i), {.durability = Durability::kOs})));
    expected.erase(numbered_key(i));
    ASSERT_TRUE(ok(db.put(numbered_key(i + 1), "new", {.durability = Durability::kOs})));
    expected[numbered_key(i + 1)] = "new";
  }
  ASSERT_TRUE(ok(db.remove("")));
  expected.erase("");
  expect_reads(db, expected);
  ASSERT_TRUE(ok(db.wait_idle()));
  expect_reads(db, expected);
  ASSERT_TRUE(ok(db.compact()));
  expect_reads(db, expected);
  ASSERT_TRUE(ok(db.close()));
  db = open();
  expect_reads(db, expected);
}

TEST_P(DbTest, RemovingAnAbsentKeyIsFine) {
  Db db = open();
  ASSERT_TRUE(ok(db.remove("never there")));
  ASSERT_TRUE(ok(db.put("k", "1")));
  ASSERT_TRUE(ok(db.remove("k")));
  ASSERT_TRUE(ok(db.remove("k")));
  EXPECT_EQ(look_up(db, "k"), "(absent)");
  ASSERT_TRUE(ok(db.put("k", "2")));
  EXPECT_EQ(look_up(db, "k"), "2");
}

TEST_P(DbTest, SizesOverTheLimitsAreRefusedBeforeAnythingIsWritten) {
  Db db = open();
  const std::string long_key(kKeyBytesMax + 1, 'k');
  // Only the length of these is looked at.
  const std::string_view huge_value("x", kValueBytesMax + 1);
  EXPECT_TRUE(fails(db.put(long_key, "v"), Code::kInvalid, {"key", "65537", "65536"}));
  EXPECT_TRUE(fails(db.put("k", huge_value), Code::kInvalid,
                    {"value", std::to_string(kValueBytesMax + 1), std::to_string(kValueBytesMax)}));
  EXPECT_TRUE(fails(db.remove(long_key), Code::kInvalid, {"key", "65537"}));
  const Stats stats = db.stats().value();
  EXPECT_EQ(stats.last_seq, 0U);
  EXPECT_EQ(stats.wal_bytes, 0U);
  EXPECT_EQ(stats.commits, 0U);
  EXPECT_EQ(stats.user_bytes, 0U);
  // No such key can be there: asking for it is no error.
  EXPECT_EQ(look_up(db, long_key), "(absent)");
  expect_reads(db, {});
  ASSERT_TRUE(ok(db.put("k", "v")));
  ASSERT_TRUE(ok(db.flush()));
  EXPECT_EQ(look_up(db, long_key), "(absent)");
}

TEST_P(DbTest, ABatchHappensAsOneInItsOrder) {
  Db db = open();
  ASSERT_TRUE(ok(db.put("x", "old")));
  Batch batch;
  ASSERT_TRUE(ok(batch.put("x", "1")));
  ASSERT_TRUE(ok(batch.remove("x")));
  ASSERT_TRUE(ok(batch.put("y", "1")));
  ASSERT_TRUE(ok(batch.put("y", "2")));
  ASSERT_TRUE(ok(batch.put("z", "")));
  EXPECT_EQ(batch.count(), 5U);
  EXPECT_EQ(batch.puts(), 4U);
  EXPECT_EQ(batch.user_bytes(), 8U);
  const std::uint64_t before = db.stats()->last_seq;
  ASSERT_TRUE(ok(db.write(batch)));
  EXPECT_EQ(db.stats()->last_seq, before + 5);
  expect_reads(db, {{"y", "2"}, {"z", ""}});
  // It is not used up, and may be used again.
  ASSERT_TRUE(ok(db.remove("y")));
  ASSERT_TRUE(ok(db.write(batch)));
  expect_reads(db, {{"y", "2"}, {"z", ""}});
  batch.clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.bytes(), 0U);
  ASSERT_TRUE(ok(db.write(batch)));  // nothing to do is fine
  db = Db();
  db = open();
  expect_reads(db, {{"y", "2"}, {"z", ""}});
}

TEST_P(DbTest, ABatchLargerThanAMemtableIsOneCommit) {
  Db db = open();
  Batch batch;
  Contents expected;
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(ok(batch.put(numbered_key(i), pattern(50))));
    expected[numbered_key(i)] = pattern(50);
  }
  ASSERT_TRUE(ok(db.write(batch)));
  EXPECT_EQ(db.stats()->commits, 1U);
  expect_reads(db, expected);
  ASSERT_TRUE(ok(db.compact()));
  expect_reads(db, expected);
}

TEST_P(DbTest, MultiGetAnswersEachKeyInItsPlace) {
  Db db = open();
  ASSERT_TRUE(ok(db.put("in table", "t")));
  ASSERT_TRUE(ok(db.put("removed", "r")));
  ASSERT_TRUE(ok(db.flush()));
  ASSERT_TRUE(ok(db.remove("removed")));
  ASSERT_TRUE(ok(db.put("in memory", "m")));
  EXPECT_TRUE(ok(db.multi_get({})));
  EXPECT_TRUE(db.multi_get({})->empty());
  const std::array<std::string_view, 6> keys = {"in table", "nowhere",  "in memory",
                                                "removed",  "in table", "in memory"};
  const auto values = db.multi_get(keys);
  ASSERT_TRUE(ok(values));
  ASSERT_EQ(values->size(), 6U);
  for (const std::size_t i : {0U, 4U}) EXPECT_EQ((*values)[i].value().view(), "t");
  for (const std::size_t i : {2U, 5U}) EXPECT_EQ((*values)[i].value().view(), "m");
  for (const std::size_t i : {1U, 3U}) EXPECT_FALSE((*values)[i].has_value());
}

TEST_P(DbTest, ASnapshotSeesItsMoment) {
  Db db = open();
  const Contents before = fill(db, 200, 60, {.durability = Durability::kOs});
  const Snapshot early = db.snapshot().value();
  EXPECT_EQ(early.seq(), 200U);
  EXPECT_FALSE(early.empty());
  for (int i = 0; i < 200; ++i) {
    if (i % 2 == 0) {
      ASSERT_TRUE(ok(db.remove(numbered_key(i), {.durability = Durability::kOs})));
    } else {
      ASSERT_TRUE(ok(db.put(numbered_key(i), "new", {.durability = Durability::kOs})));
    }
  }
  ASSERT_TRUE(ok(db.put("aaa", "first")));
  const Contents after = contents_of(db);
  ASSERT_EQ(after.size(), 101U);
  const Snapshot late = db.snapshot().value();
  EXPECT_GT(late.seq(), early.seq());
  ASSERT_TRUE(ok(db.put("zzz", "last")));
  expect_reads(db, before, &early);
  expect_reads(db, after, &late);
  ASSERT_TRUE(ok(db.compact()));
  expect_reads(db, before, &early);
  expect_reads(db, after, &late);
  Snapshot moved;
  EXPECT_TRUE(moved.empty());
  {
    Snapshot third = db.snapshot().value();
    moved = std::move(third);
  }
  EXPECT_FALSE(moved.empty());
  EXPECT_EQ(look_up(db, "zzz", &moved), "last");
}

TEST_P(DbTest, ASnapshotOfAnotherStoreIsRefused) {
  Db db = open();
  Db other = open_store(path("other"), options());
  ASSERT_TRUE(ok(db.put("k", "v")));
  const Snapshot foreign = other.snapshot().value();
  const Snapshot empty;
  for (const Snapshot* snapshot : {&foreign, &empty}) {
    const std::array<std::string_view, 1> keys = {"k"};
    std::string value;
    EXPECT_TRUE(fails(db.get("k", {.snapshot = snapshot}), Code::kInvalid, {"snapshot"}));
    EXPECT_TRUE(fails(db.get_into("k", value, {.snapshot = snapshot}), Code::kInvalid));
    EXPECT_TRUE(fails(db.multi_get(keys, {.snapshot = snapshot}), Code::kInvalid));
    EXPECT_TRUE(fails(db.cursor({.range = {}, .snapshot = snapshot}), Code::kInvalid));
    Scan scan = db.scan({.range = {}, .reverse = false, .snapshot = snapshot});
    EXPECT_EQ(scan.begin(), scan.end());
    EXPECT_TRUE(fails(scan.status(), Code::kInvalid));
  }
}

TEST_P(DbTest, CompactionFreesWhatWasRemoved) {
  Db db = open();
  fill(db, 500, 100, {.durability = Durability::kOs});
  ASSERT_TRUE(ok(db.compact()));
  const std::uint64_t full = db.approximate_size(Range::all()).value();
  EXPECT_GT(full, 0U);
  for (int i = 0; i < 250; ++i) {
    ASSERT_TRUE(ok(db.remove(numbered_key(i), {.durability = Durability::kOs})));
  }
  // A range that has nothing to do with them frees nothing of them.
  ASSERT_TRUE(ok(db.compact({.lower = "zzz", .upper = std::nullopt})));
  ASSERT_TRUE(ok(db.compact({.lower = std::nullopt, .upper = numbered_key(250)})));
  const Stats stats = db.stats().value();
  EXPECT_EQ(level_sum(stats, &LevelStats::deletes), 0U);
  EXPECT_EQ(level_sum(stats, &LevelStats::entries), 250U);
  EXPECT_LT(db.approximate_size(Range::all()).value(), full * 2 / 3);
  EXPECT_EQ(contents_of(db).size(), 250U);
}

TEST_P(DbTest, ApproximateSizeIsThatOfTheRange) {
  Db db = open();
  Options plain = options();
  plain.compression = Compression::kNone;
  db = open_store(path("plain"), plain);
  EXPECT_EQ(db.approximate_size(Range::all()).value(), 0U);
  fill(db, 400, 100, {.durability = Durability::kOs});
  ASSERT_TRUE(ok(db.compact()));
  const std::uint64_t all = db.approximate_size(Range::all()).value();
  const std::uint64_t part =
      db.approximate_size({.lower = numbered_key(100), .upper = numbered_key(200)}).value();
  EXPECT_GT(all, 400U * 100);
  EXPECT_GT(part, all / 8);
  EXPECT_LT(part, all / 2);
  EXPECT_EQ(db.approximate_size({.lower = "zzz", .upper = std::nullopt}).value(), 0U);
  EXPECT_EQ(db.approximate_size({.lower = std::nullopt, .upper = "a"}).value(), 0U);
  EXPECT_EQ(db.approximate_size({.lower = "z", .upper = "a"}).value(), 0U);
}

TEST_P(DbTest, VerifyReadsEverythingAndTellsHowFarItIs) {
  Db db = open();
  fill(db, 500, 100, {.durability = Durability::kOs});
  ASSERT_TRUE(ok(db.flush()));
  ASSERT_TRUE(ok(db.wait_idle()));
  std::uint64_t last_done = 0;
  std::uint64_t last_total = 0;
  bool grows = true;
  const auto report = db.verify([&](std::uint64_t done, std::uint64_t total) {
    grows = grows && done >= last_done && done <= total;
    last_done = done;
    last_total = total;
  });
  ASSERT_TRUE(ok(report));
  EXPECT_TRUE(report->damage.empty());
  EXPECT_TRUE(grows);
  EXPECT_EQ(last_done, last_total);
  EXPECT_EQ(report->bytes, last_total);
  EXPECT_GE(report->files, level_sum(*db.stats(), &LevelStats::tables) + 2);
  EXPECT_TRUE(ok(db.verify()));
}

TEST_P(DbTest, LevelsTextNamesEveryTable) {
  Db db = open();
  EXPECT_EQ(db.levels_text().value(), "no tables\n");
  ASSERT_TRUE(ok(db.put("first", "1")));
  ASSERT_TRUE(ok(db.put("last", "2")));
  ASSERT_TRUE(ok(db.flush()));
  const std::string text = db.levels_text().value();
  // An idle store moves its only table down at once: which level holds it here is a matter of time.
  EXPECT_NE(text.find(": 1 table, "), std::string::npos) << text;
  EXPECT_NE(text.find("first"), std::string::npos) << text;
  EXPECT_NE(text.find("last"), std::string::npos) << text;
}

TEST_P(DbTest, RecoveryInfoTellsACleanOpenFromACrash) {
  {
    Db db = open();
    EXPECT_TRUE(db.recovery_info()->clean);
    fill(db, 10, 10);
    ASSERT_TRUE(ok(db.close()));
  }
  Db db = open();
  EXPECT_TRUE(db.recovery_info()->clean);
  EXPECT_EQ(db.recovery_info()->records_replayed, 0U);
  EXPECT_EQ(db.recovery_info()->bytes_dropped, 0U);
  EXPECT_EQ(db.recovery_info()->detail, "");
  EXPECT_TRUE(ok(db.health()));
}

TEST(BatchTest, RefusesWhatIsOverItsLimitsAndStaysAsItWas) {
  Batch batch;
  const std::string long_key(kKeyBytesMax + 1, 'k');
  const std::string_view huge_value("x", kValueBytesMax + 1);
  const std::string_view largest_value("x", kValueBytesMax);  // looked at only when it fits
  const auto all_refused = [&] {
    EXPECT_TRUE(fails(batch.put(long_key, "v"), Code::kInvalid, {"key"}));
    EXPECT_TRUE(fails(batch.put("k", huge_value), Code::kInvalid, {"value"}));
    EXPECT_TRUE(fails(batch.remove(long_key), Code::kInvalid, {"key"}));
  };
  all_refused();
  EXPECT_TRUE(batch.empty());
  const std::string mebibyte(1 << 20, 'v');
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(ok(batch.put("k", mebibyte)));
  const std::string before(batch.encoded().substr(0, 100));
  const std::uint64_t bytes = batch.bytes();
  all_refused();
  EXPECT_TRUE(fails(batch.put("k", largest_value), Code::kInvalid, {"batch"}));
  EXPECT_EQ(batch.count(), 3U);
  EXPECT_EQ(batch.puts(), 3U);
  EXPECT_EQ(batch.user_bytes(), 3 * ((1U << 20) + 1));
  EXPECT_EQ(batch.bytes(), bytes);
  EXPECT_EQ(batch.encoded().substr(0, 100), before);
}

}  // namespace
}  // namespace nacre::test
