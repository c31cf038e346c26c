// Scans as C++20 ranges, cursors over bounds, and what both show of a store that changes.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#include "api/api_world.h"
#include "env/fault_env.h"
#include "nacre/db.h"

namespace nacre::test {
namespace {

static_assert(std::ranges::input_range<Scan>);
static_assert(std::input_iterator<Scan::Iterator>);
static_assert(std::sentinel_for<Scan::Sentinel, Scan::Iterator>);
static_assert(std::ranges::viewable_range<Scan&>);
static_assert(!std::is_copy_constructible_v<Scan> && !std::is_copy_constructible_v<Cursor>);

using ScanTest = ApiTest;
INSTANTIATE_TEST_SUITE_P(Worlds, ScanTest, kWorlds, kWorldName);

/// Keys around the edges of prefixes.
const std::vector<std::string> kEdgeKeys = {"",
                                            "a",
                                            std::string("a\0", 2),
                                            "a\x7f",
                                            "a\x80",
                                            "a\xff",
                                            "a\xff\xff",
                                            "a\xff"
                                            "b",
                                            "b",
                                            "\x7f",
                                            "\x7f\x01",
                                            "\x80",
                                            "\xfe",
                                            "\xfe\xff",
                                            "\xff",
                                            "\xff!",
                                            "\xff\xff",
                                            "\xff\xff\x01"};

/// Half of the keys in a table, half in memory, each with an older version below and with removed
/// keys in between.
void spread(Db& db) {
  for (const std::string& key : kEdgeKeys) ASSERT_TRUE(ok(db.put(key, "old")));
  for (const std::string& key : kEdgeKeys) ASSERT_TRUE(ok(db.put(key + "0", "gone")));
  ASSERT_TRUE(ok(db.flush()));
  for (std::size_t i = 0; i < kEdgeKeys.size(); i += 2) {
    ASSERT_TRUE(ok(db.put(kEdgeKeys[i], "value of " + kEdgeKeys[i])));
  }
  ASSERT_TRUE(ok(db.flush()));
  for (std::size_t i = 1; i < kEdgeKeys.size(); i += 2) {
    ASSERT_TRUE(ok(db.put(kEdgeKeys[i], "value of " + kEdgeKeys[i])));
  }
  for (const std::string& key : kEdgeKeys) ASSERT_TRUE(ok(db.remove(key + "0")));
}

Contents spread_contents() {
  Contents contents;
  for (const std::string& key : kEdgeKeys) contents[key] = "value of " + key;
  return contents;
}

TEST_P(ScanTest, IsARangeThatViewsCompose) {
  Db db = open();
  fill(db, 100, 10, {.durability = Durability::kOs});
  Scan scan = db.scan(Range::all());
  std::vector<std::string> keys;
  for (const auto& [key, value] : scan | std::views::take(3)) keys.emplace_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"key00000", "key00001", "key00002"}));
  EXPECT_TRUE(ok(scan.status()));

  keys.clear();
  const auto ends_in_7 = [](const KeyValue& entry) { return entry.key.ends_with('7'); };
  const auto key_of = [](const KeyValue& entry) { return std::string(entry.key); };
  for (const std::string& key :
       db.scan({.range = {.lower = "key00020", .upper = "key00060"}, .reverse = true}) |
           std::views::filter(ends_in_7) | std::views::transform(key_of) | std::views::take(2)) {
    keys.push_back(key);
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"key00057", "key00047"}));

  Scan counted = db.scan(Range::all());
  EXPECT_EQ(std::ranges::distance(counted), 100);
  Scan searched = db.scan(Range::all());
  const auto found = std::ranges::find_if(searched, ends_in_7);
  ASSERT_NE(found, searched.end());
  EXPECT_EQ((*found).key, "key00007");
}

TEST_P(ScanTest, CanBeMoved) {
  Db db = open();
  fill(db, 10, 10);
  Scan first = db.scan(Range::all());
  Scan second = std::move(first);
  EXPECT_EQ(std::ranges::distance(second), 10);
  Scan third = db.scan(Range::prefix("key00001"));
  second = std::move(third);
  EXPECT_EQ(std::ranges::distance(second), 1);
  EXPECT_TRUE(ok(second.status()));
}

TEST_P(ScanTest, PrefixesHoldExactlyTheKeysThatBeginSo) {
  Db db = open();
  spread(db);
  for (const std::string prefix : {"", "a", "a\xff", "a\xff\xff", "b", "c", "\x7f", "\x80", "\xfe",
                                   "\xfe\xff", "\xff", "\xff\xff", "\xff\xff\xff"}) {
    std::vector<std::string> expected;
    for (const auto& [key, value] : spread_contents()) {
      if (key.starts_with(prefix)) expected.push_back(key);
    }
    EXPECT_EQ(keys_of(db, {.range = Range::prefix(prefix)}), expected) << prefix;
    std::ranges::reverse(expected);
    EXPECT_EQ(keys_of(db, {.range = Range::prefix(prefix), .reverse = true}), expected) << prefix;
  }
  EXPECT_FALSE(Range::prefix("\xff\xff").upper.has_value());
  EXPECT_EQ(Range::prefix("a\xff").upper, "b");
  EXPECT_EQ(Range::prefix("\x7f").upper, "\x80");
}

/// Where a cursor stands, as text.
std::string place(const Cursor& cursor) {
  if (!cursor.valid()) return cursor.status().ok() ? "nowhere" : cursor.status().to_string();
  EXPECT_EQ(cursor.value(), "value of " + std::string(cursor.key()));
  return "at " + std::string(cursor.key());
}

/// Every seek of every kind against the model, for one pair of bounds.
void check_seeks(Cursor& cursor, const Range& range, const Contents& contents) {
  std::vector<std::string> inside;
  for (const auto& [key, value] : contents) {
    if (key >= range.lower.value_or("") && (!range.upper.has_value() || key < *range.upper)) {
      inside.push_back(key);
    }
  }
  const auto at = [&](std::ptrdiff_t i) {
    return i >= 0 && i < std::ssize(inside) ? "at " + inside[static_cast<std::size_t>(i)]
                                            : std::string("nowhere");
  };
  cursor.first();
  EXPECT_EQ(place(cursor), at(0));
  cursor.last();
  EXPECT_EQ(place(cursor), at(std::ssize(inside) - 1));
  for (const std::string& key : kEdgeKeys) {
    for (const std::string& target : {key, key + "0"}) {  // one that is there, one that is not
      const auto above = std::ranges::lower_bound(inside, target) - inside.begin();
      cursor.seek(target);
      EXPECT_EQ(place(cursor), at(above)) << "seek " << target;
      if (cursor.valid()) {
        cursor.next();
        EXPECT_EQ(place(cursor), at(above + 1)) << "next after seek " << target;
      }
      const auto below = std::ranges::upper_bound(inside, target) - inside.begin() - 1;
      cursor.seek_for_prev(target);
      EXPECT_EQ(place(cursor), at(below)) << "seek_for_prev " << target;
      if (!cursor.valid()) continue;
      cursor.prev();
      EXPECT_EQ(place(cursor), at(below - 1)) << "prev after seek_for_prev " << target;
      if (!cursor.valid()) continue;
      cursor.next();
      EXPECT_EQ(place(cursor), at(below)) << "and forth again";
    }
  }
}

TEST_P(ScanTest, EverySeekWithinEveryBoundsAgreesWithAMap) {
  Db db = open();
  spread(db);
  std::vector<std::optional<std::string>> bounds = {std::nullopt};
  for (std::size_t i = 0; i < kEdgeKeys.size(); i += 3) {
    bounds.emplace_back(kEdgeKeys[i]);
    bounds.emplace_back(kEdgeKeys[i] + "0");
  }
  for (const auto& lower : bounds) {
    for (const auto& upper : bounds) {
      SCOPED_TRACE("from " + lower.value_or("(open)") + " to " + upper.value_or("(open)"));
      const Range range{.lower = lower, .upper = upper};
      auto cursor = db.cursor({.range = range});
      ASSERT_TRUE(ok(cursor));
      EXPECT_FALSE(cursor->valid());
      check_seeks(*cursor, range, spread_contents());
    }
  }
}

TEST_P(ScanTest, ACursorKeepsItsMomentThroughWritesFlushesAndCompactions) {
  Db db = open();
  const Contents before = fill(db, 300, 80, {.durability = Durability::kOs});
  std::vector<Cursor> cursors;
  for (int i = 0; i < 3; ++i) {
    cursors.push_back(db.cursor().value());
    cursors.back().seek(numbered_key(100 * i));
  }
  const auto rest_is_right = [&](Cursor& cursor, int from) {
    auto expected = before.find(numbered_key(from));
    for (; cursor.valid(); cursor.next(), ++expected) {
      ASSERT_NE(expected, before.end());
      ASSERT_EQ(cursor.key(), expected->first);
      ASSERT_EQ(cursor.value(), expected->second);
    }
    EXPECT_TRUE(ok(cursor.status()));
    EXPECT_EQ(expected, before.end());
  };
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(ok(db.put(numbered_key(i), "other", {.durability = Durability::kOs})));
    ASSERT_TRUE(ok(db.put(numbered_key(i) + "x", "new", {.durability = Durability::kOs})));
  }
  rest_is_right(cursors[0], 0);
  ASSERT_TRUE(ok(db.flush()));
  rest_is_right(cursors[1], 100);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(ok(db.remove(numbered_key(i), {.durability = Durability::kOs})));
  }
  ASSERT_TRUE(ok(db.compact()));
  rest_is_right(cursors[2], 200);
  cursors[2].first();
  rest_is_right(cursors[2], 0);
  // Through a snapshot that has gone meanwhile.
  auto snapshot = std::make_optional(db.snapshot().value());
  Cursor at_snapshot = db.cursor({.range = {}, .snapshot = &*snapshot}).value();
  ASSERT_TRUE(ok(db.put("aaa", "later")));
  snapshot.reset();
  ASSERT_TRUE(ok(db.compact()));
  at_snapshot.first();
  ASSERT_TRUE(at_snapshot.valid());
  EXPECT_EQ(at_snapshot.key(), numbered_key(0) + "x");
}

TEST_P(ScanTest, FilesThatACursorHeldGoWhenItIsGone) {
  Db db = open();
  const auto tables = [&] {
    std::size_t count = 0;
    const std::vector<std::string> names = env().fs().list(path()).value();
    for (const std::string& name : names) count += name.ends_with(".tbl");
    return count;
  };
  fill(db, 300, 80, {.durability = Durability::kOs});
  ASSERT_TRUE(ok(db.compact()));
  {
    const Cursor cursor = db.cursor().value();
    fill(db, 300, 80, {.durability = Durability::kOs});
    ASSERT_TRUE(ok(db.compact()));
  }
  const std::uint64_t live = level_sum(*db.stats(), &LevelStats::tables);
  ASSERT_TRUE(ok(db.close()));
  EXPECT_EQ(tables(), live);
  db = open();
  EXPECT_EQ(db.recovery_info()->files_removed, 0U);
}

/// A store whose table files can't be read any more.
class ScanFaultTest : public ::testing::Test {
 protected:
  ScanFaultTest() {
    {
      Db db = open_store("/store", tiny_options(world_));
      fill(db, 300, 80, {.durability = Durability::kOs});
    }
    Options options = tiny_options(faulty_);
    db_ = open_store("/store", options);
  }
  void break_reads(FaultEffect effect = FaultEffect::kNothing) {
    faulty_.injector().arm(
        {.ops = {FaultOp::kRead}, .path_contains = ".tbl", .sticky = true, .effect = effect});
  }

  SimEnv world_;
  FaultEnv faulty_{world_};
  Db db_;
};

TEST_F(ScanFaultTest, ErrorsNameTheFileAndNothingIsMadeUp) {
  break_reads();
  EXPECT_TRUE(fails(db_.get(numbered_key(1)), Code::kIo, {"/store/", ".tbl"}));
  std::string value;
  EXPECT_TRUE(fails(db_.get_into(numbered_key(1), value), Code::kIo, {".tbl"}));
  const std::vector<std::string_view> keys = {"key00001", "key00150"};
  EXPECT_TRUE(fails(db_.multi_get(keys), Code::kIo, {".tbl"}));
  Scan scan = db_.scan(Range::all());
  EXPECT_EQ(scan.begin(), scan.end());
  EXPECT_TRUE(fails(scan.status(), Code::kIo, {".tbl"}));
  faulty_.injector().disarm();
  expect_reads(db_, contents_of(db_));
  EXPECT_EQ(contents_of(db_).size(), 300U);
}

TEST_F(ScanFaultTest, DamagedBlocksAreNotShown) {
  break_reads(FaultEffect::kBitFlip);
  EXPECT_TRUE(fails(db_.get(numbered_key(1)), Code::kCorruption, {"/store/", ".tbl", "offset"}));
  Scan scan = db_.scan(Range::all());
  EXPECT_EQ(std::ranges::distance(scan), 0);
  EXPECT_TRUE(fails(scan.status(), Code::kCorruption, {".tbl"}));
}

TEST_F(ScanFaultTest, ACursorThatFailedStaysFailed) {
  Cursor cursor = db_.cursor().value();
  break_reads();
  cursor.last();
  EXPECT_FALSE(cursor.valid());
  EXPECT_TRUE(fails(cursor.status(), Code::kIo));
  faulty_.injector().disarm();
  for (void (Cursor::*move)() : {&Cursor::first, &Cursor::last}) {
    (cursor.*move)();
    EXPECT_FALSE(cursor.valid());
    EXPECT_TRUE(fails(cursor.status(), Code::kIo));
  }
  cursor.seek("key");
  EXPECT_FALSE(cursor.valid());
  cursor.seek_for_prev("key9");
  EXPECT_FALSE(cursor.valid());
  EXPECT_TRUE(fails(cursor.status(), Code::kIo));
}

using ScanFaultDeathTest = ScanFaultTest;

TEST_F(ScanFaultDeathTest, AnErrorThatNobodyAskedForEndsTheProgram) {
  EXPECT_DEATH(
      {
        break_reads();
        Scan scan = db_.scan(Range::all());
        for (const auto& [key, value] : scan) static_cast<void>(key);
      },
      "a scan ended early");
}

}  // namespace
}  // namespace nacre::test
