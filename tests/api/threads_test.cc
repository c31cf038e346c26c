// One store, many threads. Each thread counts what it finds wrong; the tests look at the counts.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/api_world.h"
#include "base/random.h"
#include "nacre/db.h"
#include "nacre/runtime.h"

namespace nacre::test {
namespace {

constexpr int kThreads = 8;

/// What went wrong in threads: how often, and the first of it.
class Wrongs {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (count_++ == 0) first_ = what;
  }
  void check(bool right, const char* what) {
    if (!right) add(what);
  }
  void check(const Status& status) {
    if (!status.ok()) add(status.to_string());
  }
  std::string told() const {
    return count_ == 0 ? "" : std::to_string(count_) + " times, first: " + first_;
  }

 private:
  std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::string first_;
};

template <typename Work>
void in_threads(int count, Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

std::string account(int number) { return "account" + std::to_string(number); }
constexpr int kBalance = 1000;

/// The sum of all accounts, as one scan sees it. Each thread moves money between two of its own.
void check_sum(const Db& db, const Snapshot* snapshot, Wrongs& wrongs) {
  int sum = 0;
  int accounts = 0;
  Scan scan = db.scan({.range = Range::prefix("account"), .reverse = false, .snapshot = snapshot});
  for (const auto& [key, value] : scan) {
    sum += std::stoi(std::string(value));
    ++accounts;
  }
  wrongs.check(scan.status());
  wrongs.check(accounts == 2 * kThreads, "a scan misses an account");
  wrongs.check(sum == 2 * kThreads * kBalance, "a scan sees half of a transfer");
}

/// The work of one thread on a store that all share. It alone writes its accounts and its keys.
class Worker {
 public:
  Worker(Db& db, int number, Wrongs& wrongs)
      : db_(db),
        number_(number),
        wrongs_(wrongs),
        random_(static_cast<std::uint64_t>(number) + 1) {}

  void run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      transfer();
      put_own();
      look();
      switch (random_.below(40)) {
        case 0:
          check_sum(db_, nullptr, wrongs_);
          break;
        case 1:
          at_a_snapshot();
          break;
        case 2:
          walk_own();
          break;
        case 3:
          if (number_ % 4 == 0) wrongs_.check(db_.flush());
          break;
        case 4:
          if (number_ % 4 == 1) wrongs_.check(db_.compact(Range::prefix(prefix())));
          break;
        case 5:
          wrongs_.check(db_.stats().status());
          wrongs_.check(db_.approximate_size(Range::all()).status());
          break;
        default:
          break;
      }
    }
  }
  const Contents& own() const { return own_; }

 private:
  std::string prefix() const { return "thread" + std::to_string(number_) + "/"; }
  Durability level() { return random_.one_in(30) ? Durability::kDisk : Durability::kOs; }

  void transfer() {
    const int amount = static_cast<int>(random_.below(100)) - 50;
    moved_ += amount;
    Batch batch;
    wrongs_.check(batch.put(account(2 * number_), std::to_string(kBalance - moved_)));
    wrongs_.check(batch.put(account(2 * number_ + 1), std::to_string(kBalance + moved_)));
    wrongs_.check(db_.write(batch, {.durability = level()}));
  }
  void put_own() {
    const std::string key = prefix() + std::to_string(random_.below(50));
    if (random_.one_in(4)) {
      wrongs_.check(db_.remove(key, {.durability = level()}));
      own_.erase(key);
    } else {
      own_[key] = std::string(random_.below(200), static_cast<char>('a' + number_));
      wrongs_.check(db_.put(key, own_[key], {.durability = level()}));
    }
  }
  /// What a thread wrote it reads, and what others write is theirs.
  void look() {
    const std::string key = prefix() + std::to_string(random_.below(50));
    const auto found = db_.get(key);
    wrongs_.check(found.status());
    if (!found.ok()) return;
    const auto expected = own_.find(key);
    wrongs_.check(found->has_value() == (expected != own_.end()), "an own write is not seen");
    if (found->has_value() && expected != own_.end()) {
      wrongs_.check((*found)->view() == expected->second, "an own write reads wrong");
    }
    const int other = static_cast<int>(random_.below(kThreads));
    std::string value;
    const auto theirs = db_.get_into(
        "thread" + std::to_string(other) + "/" + std::to_string(random_.below(50)), value);
    wrongs_.check(theirs.status());
    if (theirs.ok() && *theirs) {
      wrongs_.check(value.find_first_not_of(static_cast<char>('a' + other)) == std::string::npos,
                    "another thread's value reads wrong");
    }
  }
  /// Every way to read at a snapshot agrees, whatever others do.
  void at_a_snapshot() {
    const auto snapshot = db_.snapshot();
    wrongs_.check(snapshot.status());
    if (!snapshot.ok()) return;
    check_sum(db_, &*snapshot, wrongs_);
    std::vector<std::string> names;
    for (int i = 0; i < 2 * kThreads; ++i) names.push_back(account(i));
    const std::vector<std::string_view> keys(names.begin(), names.end());
    const auto values = db_.multi_get(keys, {.snapshot = &*snapshot});
    wrongs_.check(values.status());
    int sum = 0;
    for (std::size_t i = 0; values.ok() && i < values->size(); ++i) {
      sum += (*values)[i].has_value() ? std::stoi((*values)[i]->to_string()) : 0;
    }
    wrongs_.check(sum == 2 * kThreads * kBalance, "a multi_get sees half of a transfer");
    check_sum(db_, &*snapshot, wrongs_);
  }
  void walk_own() {
    auto cursor = db_.cursor({.range = Range::prefix(prefix())});
    wrongs_.check(cursor.status());
    if (!cursor.ok()) return;
    auto expected = own_.rbegin();
    for (cursor->last(); cursor->valid(); cursor->prev(), ++expected) {
      if (expected == own_.rend()) break;
      wrongs_.check(cursor->key() == expected->first && cursor->value() == expected->second,
                    "a walk over own keys differs");
    }
    wrongs_.check(cursor->status());
    wrongs_.check(!cursor->valid() && expected == own_.rend(), "a walk has other keys");
  }

  Db& db_;
  const int number_;
  Wrongs& wrongs_;
  Random random_;
  Contents own_;
  int moved_ = 0;
};

void put_accounts(Db& db) {
  Batch batch;
  for (int i = 0; i < 2 * kThreads; ++i) {
    ASSERT_TRUE(ok(batch.put(account(i), std::to_string(kBalance))));
  }
  ASSERT_TRUE(ok(db.write(batch)));
}

using ApiThreadsTest = ApiTest;
INSTANTIATE_TEST_SUITE_P(Worlds, ApiThreadsTest, kWorlds, kWorldName);

TEST_P(ApiThreadsTest, ThreadsShareAStoreAndSeeWholeCommits) {
  Db db = open();
  put_accounts(db);
  Wrongs wrongs;
  std::vector<Worker> workers;
  for (int i = 0; i < kThreads; ++i) workers.emplace_back(db, i, wrongs);
  in_threads(kThreads, [&](int i) { workers[static_cast<std::size_t>(i)].run(300); });
  EXPECT_EQ(wrongs.told(), "");
  Contents expected;
  for (const Worker& worker : workers) expected.insert(worker.own().begin(), worker.own().end());
  const auto own_of = [](const Db& store) {
    Contents found;
    Scan scan = store.scan(Range::prefix("thread"));
    for (const auto& [key, value] : scan) found.emplace(key, value);
    EXPECT_TRUE(ok(scan.status()));
    return found;
  };
  EXPECT_EQ(own_of(db), expected);
  ASSERT_TRUE(ok(db.wait_idle()));
  EXPECT_TRUE(db.verify()->damage.empty());
  ASSERT_TRUE(ok(db.close()));
  db = open();
  EXPECT_EQ(own_of(db), expected);
  check_sum(db, nullptr, wrongs);
  EXPECT_EQ(wrongs.told(), "");
}

TEST_P(ApiThreadsTest, SyncedWritersShareTheirSyncs) {
  Db db = open();
  constexpr int kWrites = 30;
  Wrongs wrongs;
  in_threads(kThreads, [&](int thread) {
    for (int i = 0; i < kWrites; ++i) {
      wrongs.check(db.put(numbered_key(thread * kWrites + i), std::to_string(thread),
                          {.durability = Durability::kDisk}));
    }
  });
  EXPECT_EQ(wrongs.told(), "");
  EXPECT_EQ(db.stats()->commits, kThreads * kWrites);
  EXPECT_EQ(db.stats()->last_seq, kThreads * kWrites);
  EXPECT_GE(db.stats()->wal_syncs, 1U);
  EXPECT_LE(db.stats()->wal_syncs, kThreads * kWrites);
  EXPECT_EQ(contents_of(db).size(), kThreads * kWrites);
}

TEST(ApiThreadsCrashTest, WhatThreadsWereToldIsOnDiskIsOnDisk) {
  SimEnv world;
  Db db = open_store("/store", tiny_options(world));
  constexpr int kWrites = 40;
  Wrongs wrongs;
  std::array<std::atomic<int>, kThreads> told{};
  std::vector<std::unique_ptr<SimEnv>> images;
  std::vector<std::array<int, kThreads>> told_then;
  std::atomic<int> running{kThreads};
  in_threads(kThreads + 1, [&](int thread) {
    if (thread == kThreads) {  // cuts the power again and again
      while (running.load() > 0 && images.size() < 20) {
        std::array<int, kThreads> before{};
        for (std::size_t i = 0; i < kThreads; ++i) before[i] = told[i].load();
        told_then.push_back(before);
        images.push_back(world.crash_image(CrashProfile::kLoseUnsynced, images.size()));
        std::this_thread::yield();
      }
      return;
    }
    for (int i = 1; i <= kWrites; ++i) {
      wrongs.check(db.put("thread" + std::to_string(thread), std::to_string(i),
                          {.durability = Durability::kDisk}));
      told[static_cast<std::size_t>(thread)].store(i);
    }
    running.fetch_sub(1);
  });
  EXPECT_EQ(wrongs.told(), "");
  for (std::size_t n = 0; n < images.size(); ++n) {
    const Contents found = contents_of(open_store("/store", tiny_options(*images[n])));
    for (int thread = 0; thread < kThreads; ++thread) {
      const auto at = found.find("thread" + std::to_string(thread));
      const int last = at == found.end() ? 0 : std::stoi(at->second);
      EXPECT_GE(last, told_then[n][static_cast<std::size_t>(thread)]) << "image " << n;
    }
  }
  const auto image = world.crash_image(CrashProfile::kLoseUnsynced, 1);
  const Contents end = contents_of(open_store("/store", tiny_options(*image)));
  EXPECT_EQ(end.size(), kThreads);
  for (const auto& [key, value] : end) EXPECT_EQ(value, std::to_string(kWrites));
}

// A logged write waits until the unlogged ones before it are in tables. Another thread goes on
// without a log during that wait: what it could read before the logged write was there comes before
// it.
TEST(ApiThreadsCrashTest, ALoggedWriteIsNeverThereWithoutTheUnloggedOnesBeforeIt) {
  SimEnv world;
  Db db = open_store("/store", tiny_options(world));
  constexpr std::size_t kLogged = 60;
  Wrongs wrongs;
  std::array<int, kLogged> unlogged_before{};  // by logged write: the last one
  std::array<std::unique_ptr<SimEnv>, kLogged> images;
  std::atomic<std::size_t> logged{0};
  std::atomic<std::size_t> unlogged{0};
  in_threads(2, [&](int thread) {
    if (thread == 0) {
      for (std::size_t i = 0; i < kLogged; ++i) {
        const std::size_t then = unlogged.load();  // the other thread is in the midst of its writes
        while (unlogged.load() < then + 20) std::this_thread::yield();
        wrongs.check(db.put("logged" + std::to_string(i), "", {.durability = Durability::kDisk}));
        images[i] = world.crash_image(CrashProfile::kLoseUnsynced, i);
        logged.store(i + 1);
      }
      return;
    }
    for (int i = 1; logged.load() < kLogged; ++i) {
      const std::size_t next = logged.load();
      wrongs.check(db.put("unlogged", std::to_string(i), {.durability = Durability::kMemory}));
      unlogged.fetch_add(1);
      const auto found = db.get("logged" + std::to_string(next));
      wrongs.check(found.status());
      if (next < kLogged && found.ok() && !found->has_value()) unlogged_before[next] = i;
    }
  });
  EXPECT_EQ(wrongs.told(), "");
  int before = 0;
  for (std::size_t i = 0; i < kLogged; ++i) {
    const Contents found = contents_of(open_store("/store", tiny_options(*images[i])));
    EXPECT_TRUE(found.contains("logged" + std::to_string(i)));
    before = std::max(before, unlogged_before[i]);
    const auto last = found.find("unlogged");
    EXPECT_GE(last == found.end() ? 0 : std::stoi(last->second), before) << "image " << i;
  }
}

TEST_P(ApiThreadsTest, OneOfManyThreadsOpensTheStore) {
  Wrongs wrongs;
  std::atomic<int> inside{0};
  std::atomic<int> opens{0};
  in_threads(kThreads, [&](int) {
    for (int mine = 0; mine < 5;) {
      Result<Db> db = Db::open(path(), options());
      if (!db.ok()) {
        if (db.error().code() != Code::kLocked) wrongs.check(db.error());
        std::this_thread::yield();
        continue;
      }
      wrongs.check(inside.fetch_add(1) == 0, "two have the store open");
      const int number = opens.fetch_add(1);
      const auto last = db->get("count");
      wrongs.check(last.status());
      const int before = last.ok() && last->has_value() ? std::stoi((*last)->to_string()) : 0;
      wrongs.check(before == number, "an open misses what the last one wrote");
      wrongs.check(db->put("count", std::to_string(number + 1), {.durability = Durability::kOs}));
      inside.fetch_sub(1);
      if (mine % 2 == 0) wrongs.check(db->close());
      ++mine;
    }
  });
  EXPECT_EQ(wrongs.told(), "");
  Db db = open();
  EXPECT_EQ(look_up(db, "count"), std::to_string(5 * kThreads));
}

TEST_P(ApiThreadsTest, ThreadsOpenStoresOfTheirOwnInOneRuntime) {
  const auto runtime = Runtime::create({.env = &env(), .memory_bytes = 8 << 20}).value();
  const std::uint64_t idle = runtime->memory_used();
  Wrongs wrongs;
  in_threads(kThreads, [&](int thread) {
    Options options = this->options();
    options.env = nullptr;
    options.memory_bytes = 0;
    options.runtime = runtime;
    const std::string own = path("store" + std::to_string(thread));
    Contents expected;
    for (int round = 0; round < 5; ++round) {
      Result<Db> db = Db::open(own, options);
      wrongs.check(db.status());
      if (!db.ok()) return;
      for (int i = 0; i < 100; ++i) {
        const std::string key = numbered_key(i + round * 20);
        expected[key] = std::to_string(thread * 1000 + round) + std::string(100, 'v');
        wrongs.check(db->put(key, expected[key], {.durability = Durability::kOs}));
      }
      Contents found;
      Scan scan = db->scan(Range::all());
      for (const auto& [key, value] : scan) found.emplace(key, value);
      wrongs.check(scan.status());
      wrongs.check(found == expected, "a store has other contents");
    }
    wrongs.check(Db::destroy(own, [&] {
      Options where;
      where.env = &env();
      return where;
    }()));
  });
  EXPECT_EQ(wrongs.told(), "");
  EXPECT_LE(runtime->memory_used(), idle + (64 << 10));
}

TEST_P(ApiThreadsTest, ManyTablesAreLoadedByManyThreads) {
  Db db = open();
  const Contents contents = fill(db, 3000, 200, {.durability = Durability::kOs});
  ASSERT_TRUE(ok(db.flush()));
  ASSERT_TRUE(ok(db.wait_idle()));
  ASSERT_GT(level_sum(*db.stats(), &LevelStats::tables), 30U);
  ASSERT_TRUE(ok(db.close()));
  db = open();
  Wrongs wrongs;
  in_threads(kThreads, [&](int) {
    for (const auto& [key, value] : contents) {
      const auto got = db.get(key);
      wrongs.check(got.status());
      wrongs.check(got.ok() && got->has_value() && (*got)->view() == value, "a value differs");
    }
  });
  EXPECT_EQ(wrongs.told(), "");
}

TEST_P(ApiThreadsTest, HandlesGoInOtherThreadsThanTheyCameFrom) {
  Wrongs wrongs;
  for (int round = 0; round < 5; ++round) {
    Db db = open();
    fill(db, 100, 100, {.durability = Durability::kOs});
    std::vector<Value> values;
    std::vector<Snapshot> snapshots;
    std::vector<Cursor> cursors;
    ASSERT_TRUE(ok(db.flush()));
    for (int i = 0; i < kThreads; ++i) {
      values.push_back(db.get(numbered_key(i)).value().value());
      snapshots.push_back(db.snapshot().value());
      cursors.push_back(db.cursor().value());
    }
    ASSERT_TRUE(ok(db.close()));
    db = Db();
    in_threads(kThreads, [&](int thread) {
      const auto i = static_cast<std::size_t>(thread);
      wrongs.check(values[i].view().starts_with(std::to_string(thread)), "a value differs");
      Cursor cursor = std::move(cursors[i]);
      int count = 0;
      for (cursor.first(); cursor.valid(); cursor.next()) ++count;
      wrongs.check(count == 100, "a cursor misses keys");
      wrongs.check(cursor.status());
      const Snapshot gone = std::move(snapshots[i]);
      const Value dropped = std::move(values[i]);
    });
    EXPECT_EQ(wrongs.told(), "");
  }
}

}  // namespace
}  // namespace nacre::test
