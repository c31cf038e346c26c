// Handles: closing, moving, and what may outlive what.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/api_world.h"
#include "nacre/db.h"

namespace nacre::test {
namespace {

using LifetimeTest = ApiTest;
INSTANTIATE_TEST_SUITE_P(Worlds, LifetimeTest, kWorlds, kWorldName);

void expect_all_closed(Db& db) {
  EXPECT_FALSE(db.is_open());
  Batch batch;
  ASSERT_TRUE(ok(batch.put("k", "v")));
  std::string value;
  const std::vector<std::string_view> keys = {"k"};
  EXPECT_TRUE(fails(db.put("k", "v"), Code::kClosed));
  EXPECT_TRUE(fails(db.remove("k"), Code::kClosed));
  EXPECT_TRUE(fails(db.write(batch), Code::kClosed));
  EXPECT_TRUE(fails(db.sync(), Code::kClosed));
  EXPECT_TRUE(fails(db.get("k"), Code::kClosed));
  EXPECT_TRUE(fails(db.get_into("k", value), Code::kClosed));
  EXPECT_TRUE(fails(db.multi_get(keys), Code::kClosed));
  EXPECT_TRUE(fails(db.snapshot(), Code::kClosed));
  EXPECT_TRUE(fails(db.cursor(), Code::kClosed));
  EXPECT_TRUE(fails(db.flush(), Code::kClosed));
  EXPECT_TRUE(fails(db.compact(), Code::kClosed));
  EXPECT_TRUE(fails(db.wait_idle(), Code::kClosed));
  EXPECT_TRUE(fails(db.verify(), Code::kClosed));
  EXPECT_TRUE(fails(db.approximate_size(Range::all()), Code::kClosed));
  EXPECT_TRUE(fails(db.stats(), Code::kClosed));
  EXPECT_TRUE(fails(db.levels_text(), Code::kClosed));
  EXPECT_TRUE(fails(db.health(), Code::kClosed));
  EXPECT_TRUE(fails(db.resume(), Code::kClosed));
  EXPECT_TRUE(fails(db.recovery_info(), Code::kClosed));
  EXPECT_TRUE(fails(db.close(), Code::kClosed));
  Scan scan = db.scan(Range::all());
  EXPECT_EQ(scan.begin(), scan.end());
  EXPECT_TRUE(fails(scan.status(), Code::kClosed));
}

TEST_P(LifetimeTest, AClosedHandleSaysSo) {
  Db never_opened;
  expect_all_closed(never_opened);
  Db db = open();
  EXPECT_TRUE(db.is_open());
  ASSERT_TRUE(ok(db.put("k", "v")));
  ASSERT_TRUE(ok(db.close()));
  expect_all_closed(db);
  db = open();
  EXPECT_EQ(look_up(db, "k"), "v");
}

TEST_P(LifetimeTest, MovingHandsTheStoreOver) {
  Db first = open();
  ASSERT_TRUE(ok(first.put("k", "v")));
  Db second(std::move(first));
  EXPECT_EQ(look_up(second, "k"), "v");
  expect_all_closed(first);  // NOLINT: what a moved-from handle says is what is tested
  first = std::move(second);
  EXPECT_EQ(look_up(first, "k"), "v");
  expect_all_closed(second);  // NOLINT: as above
  Db& same = first;
  first = std::move(same);
  EXPECT_TRUE(first.is_open());
  EXPECT_EQ(look_up(first, "k"), "v");
}

TEST_P(LifetimeTest, AssignmentClosesWhatWasHeld) {
  Db db = open();
  ASSERT_TRUE(ok(db.put("k", "first store")));
  db = open_store(path("other"), options());
  ASSERT_TRUE(ok(db.put("k", "second store")));
  Db again = open();  // its lock is free
  EXPECT_EQ(look_up(again, "k"), "first store");
  EXPECT_EQ(look_up(db, "k"), "second store");
  db = Db();
  EXPECT_FALSE(db.is_open());
  EXPECT_TRUE(ok(Db::open(path("other"), options())));
}

TEST_P(LifetimeTest, DestructionWithoutCloseLosesNothing) {
  {
    Db db = open();
    ASSERT_TRUE(ok(db.put("disk", "1", {.durability = Durability::kDisk})));
    ASSERT_TRUE(ok(db.put("os", "2", {.durability = Durability::kOs})));
    ASSERT_TRUE(ok(db.put("memory", "3", {.durability = Durability::kMemory})));
  }
  Db db = open();
  expect_reads(db, {{"disk", "1"}, {"os", "2"}, {"memory", "3"}});
}

TEST_P(LifetimeTest, ValuesStayThroughEverything) {
  auto db = std::make_unique<Db>(open());
  const Contents contents = fill(*db, 200, 300, {.durability = Durability::kOs});
  std::vector<std::pair<std::string, Value>> held;
  const auto hold = [&](int number) {
    held.emplace_back(numbered_key(number), db->get(numbered_key(number)).value().value());
  };
  for (int i = 0; i < 50; ++i) hold(i);  // some in memory, some in tables
  ASSERT_TRUE(ok(db->compact()));
  for (int i = 50; i < 100; ++i) hold(i);
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : contents) keys.push_back(key);
  auto many = db->multi_get(keys).value();
  const auto check = [&] {
    for (const auto& [key, value] : held) ASSERT_EQ(value.view(), contents.at(key));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_EQ(many[i].value().view(), contents.at(std::string(keys[i])));
    }
  };
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(ok(db->put(numbered_key(i), "overwritten", {.durability = Durability::kOs})));
  }
  check();
  ASSERT_TRUE(ok(db->compact()));
  check();
  // Reads of much more than the cache holds.
  for (int i = 1000; i < 5000; ++i) {
    ASSERT_TRUE(ok(db->put(numbered_key(i), pattern(300), {.durability = Durability::kOs})));
  }
  ASSERT_TRUE(ok(db->compact()));
  EXPECT_EQ(contents_of(*db).size(), 4200U);
  check();
  ASSERT_TRUE(ok(db->close()));
  check();
  db.reset();
  check();
  Value moved = std::move(held.front().second);
  EXPECT_EQ(moved.view(), contents.at(held.front().first));
  EXPECT_TRUE(held.front().second.empty());
  held.clear();
  many.clear();
  EXPECT_EQ(moved, contents.begin()->second);
}

TEST_P(LifetimeTest, SnapshotsAndCursorsOutliveTheStore) {
  std::optional<Snapshot> snapshot;
  std::optional<Cursor> cursor;
  std::optional<Cursor> backwards;
  std::optional<Scan> scan;
  Contents contents;
  {
    Db db = open();
    contents = fill(db, 300, 80, {.durability = Durability::kOs});
    snapshot = db.snapshot().value();
    cursor = db.cursor().value();
    backwards = db.cursor().value();
    scan.emplace(db.scan(Range::all()));
    ASSERT_TRUE(ok(db.put("later", "1")));
    ASSERT_TRUE(ok(db.close()));
    Contents seen;
    for (cursor->first(); cursor->valid(); cursor->next()) {
      seen.emplace(cursor->key(), cursor->value());
    }
    EXPECT_TRUE(ok(cursor->status()));
    EXPECT_EQ(seen, contents);
  }
  EXPECT_EQ(snapshot->seq(), 300U);
  // Another handle on the same store neither disturbs them nor takes them for its own.
  Db next = open();
  EXPECT_TRUE(fails(next.get("later", {.snapshot = &*snapshot}), Code::kInvalid));
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(ok(next.remove(numbered_key(i), {.durability = Durability::kOs})));
  }
  ASSERT_TRUE(ok(next.compact()));
  Contents seen;
  for (backwards->last(); backwards->valid(); backwards->prev()) {
    seen.emplace(backwards->key(), backwards->value());
  }
  EXPECT_TRUE(ok(backwards->status()));
  EXPECT_EQ(seen, contents);
  seen.clear();
  for (const auto& [key, value] : *scan) seen.emplace(key, value);
  EXPECT_TRUE(ok(scan->status()));
  EXPECT_EQ(seen, contents);
  snapshot.reset();
  cursor.reset();
  backwards.reset();
  scan.reset();  // now the old store goes, and must take nothing of the new one with it
  expect_reads(next, {{"later", "1"}});
  ASSERT_TRUE(ok(next.close()));
  next = open();
  expect_reads(next, {{"later", "1"}});
}

TEST_P(LifetimeTest, ASnapshotMayGoBeforeOrAfterAnother) {
  Db db = open();
  std::vector<Snapshot> snapshots;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(ok(db.put("k", std::to_string(i))));
    snapshots.push_back(db.snapshot().value());
    snapshots.push_back(db.snapshot().value());  // two of one moment
  }
  EXPECT_EQ(db.stats()->snapshots, 10U);
  snapshots.erase(snapshots.begin() + 4);
  snapshots.erase(snapshots.begin());
  ASSERT_TRUE(ok(db.compact()));
  for (const Snapshot& snapshot : snapshots) {
    EXPECT_EQ(look_up(db, "k", &snapshot), std::to_string(snapshot.seq() - 1));
  }
  snapshots.clear();
  EXPECT_EQ(db.stats()->snapshots, 0U);
  ASSERT_TRUE(ok(db.put("k2", "v")));
  ASSERT_TRUE(ok(db.compact()));
  EXPECT_EQ(level_sum(*db.stats(), &LevelStats::entries), 2U);
}

}  // namespace
}  // namespace nacre::test
