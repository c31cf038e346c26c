#include "harness/workloads.h"

#include <functional>

#include "base/random.h"
#include "harness/stores.h"

namespace nacre::test {

namespace {

/// Drives one store and keeps its history right.
class Driver {
 public:
  Driver(Life& life, std::uint64_t seed) : life_(life), random_(seed) {}

  bool open() {
    auto opened = Db::open(kStoreDir, workload_options(life_.env));
    if (!opened.ok()) {
      failed(opened.error());
      return false;
    }
    db_ = std::move(*opened);
    return true;
  }
  void close() {
    if (!db_.is_open()) return;
    const Status status = db_.close();
    if (status.ok()) {
      life_.history.all_durable();
    } else {
      failed(status);
    }
  }

  /// Does the background work that is due.
  void work() {
    while (life_.env.executor().run_one()) {
    }
  }

  Random& random() { return random_; }
  Db& db() { return db_; }
  std::string key(std::uint64_t keys) { return "key" + std::to_string(random_.below(keys)); }
  std::string value(std::uint64_t size) {
    return std::to_string(random_.next()) + std::string(random_.below(size), 'v');
  }

  void commit(Commit changes, Durability durability) {
    Batch batch;
    for (const Change& change : changes) {
      const Status added = change.value.has_value() ? batch.put(change.key, *change.value)
                                                    : batch.remove(change.key);
      if (!added.ok()) life_.broken = added.to_string();
    }
    life_.history.begin(std::move(changes));
    const Status status = db_.write(batch, {.durability = durability});
    if (status.ok()) return life_.history.acknowledge(durability);
    failed(status);
    if (status.code() == Code::kNoSpace || status.code() == Code::kReadOnly) {
      life_.history.refused();  // these promise that nothing happened
      look();
    } else if (!life_.history.settle(contents())) {
      broken("a failed write left neither the state before nor the one after");
    }
  }
  void put(std::uint64_t keys, std::uint64_t size, Durability durability) {
    commit({{key(keys), value(size)}}, durability);
  }
  void remove(std::uint64_t keys, Durability durability) {
    commit({{key(keys), std::nullopt}}, durability);
  }

  /// A call that makes all durable when it succeeds.
  void settle_all(const char* what, Status (Db::*call)()) {
    const Status status = (db_.*call)();
    if (status.ok()) {
      life_.history.all_durable();
    } else {
      failed(status);
      look();
    }
    (void)what;
  }
  void compact() {
    const Status status = db_.compact();
    if (status.ok()) {
      life_.history.all_durable();
    } else {
      failed(status);
      look();
    }
  }

  /// Reads must be right at any time.
  void look() {
    if (life_.broken.empty() && contents() != life_.history.now()) {
      broken("reads differ from what was acknowledged: " +
             difference(life_.history.now(), contents()));
    }
  }

 private:
  /// What the store shows. An error of a read is not a wrong answer: then what it should show.
  Contents contents() {
    Contents seen;
    Scan scan = db_.scan(Range::all());
    for (const auto& [k, v] : scan) seen.emplace(k, v);
    if (scan.status().ok()) return seen;
    failed(scan.status());
    return life_.history.now();
  }
  void failed(const Status& status) {
    if (life_.failure.empty()) life_.failure = status.to_string();
  }
  void broken(std::string what) {
    if (life_.broken.empty()) life_.broken = std::move(what) + "; after: " + life_.failure;
  }

  Life& life_;
  Random random_;
  Db db_;
};

/// Synced puts and removes over few keys, through several flushes and compactions.
void synced_puts(Life& life) {
  Driver driver(life, 1);
  if (!driver.open()) return;
  for (int i = 0; i < 160; ++i) {
    if (driver.random().one_in(4)) {
      driver.remove(40, Durability::kDisk);
    } else {
      driver.put(40, 600, Durability::kDisk);
    }
  }
  driver.look();
  driver.close();
}

/// Batches at all levels of durability, with syncs in between.
void mixed_durability(Life& life) {
  Driver driver(life, 2);
  if (!driver.open()) return;
  for (int i = 0; i < 120; ++i) {
    Commit batch;
    for (std::uint64_t n = driver.random().below(6) + 1; n > 0; --n) {
      batch.push_back({driver.key(60), driver.random().one_in(3)
                                           ? std::nullopt
                                           : std::optional(driver.value(400))});
    }
    const std::uint64_t roll = driver.random().below(12);
    driver.commit(std::move(batch), roll == 0   ? Durability::kDisk
                                    : roll == 1 ? Durability::kMemory
                                                : Durability::kOs);
    if (i % 40 == 25) driver.settle_all("sync", &Db::sync);
  }
  driver.look();
  driver.close();
}

/// Values larger than memtables, flushes and full compactions, with a snapshot that holds on to
/// old versions.
void flush_and_compact(Life& life) {
  Driver driver(life, 3);
  if (!driver.open()) return;
  for (int round = 0; round < 5; ++round) {
    Result<Snapshot> snapshot = driver.db().snapshot();
    for (int i = 0; i < 12; ++i) driver.put(25, 2500, Durability::kOs);
    for (int i = 0; i < 4; ++i) driver.remove(25, Durability::kOs);
    driver.settle_all("flush", &Db::flush);
    if (round % 2 == 1) driver.compact();
    driver.look();
  }
  driver.close();
}

/// Opens and closes, so that recovery and the start of a store are cut too.
void reopen_often(Life& life) {
  Driver driver(life, 4);
  for (int round = 0; round < 6; ++round) {
    if (!driver.open()) return;
    for (int i = 0; i < 10; ++i)
      driver.put(30, 900, i % 3 == 0 ? Durability::kDisk : Durability::kOs);
    driver.look();
    driver.close();
  }
}

/// Background work is done at once, in between: so it finds the next wal segment made ahead, and
/// segments that were begun and have nothing synced yet.
void switch_often(Life& life) {
  Driver driver(life, 5);
  if (!driver.open()) return;
  for (int i = 0; i < 90; ++i) {
    driver.put(30, 1500, i % 8 == 7 ? Durability::kDisk : Durability::kOs);
    if (i % 3 == 0) driver.work();
    if (i == 50) driver.put(1, 30'000, Durability::kOs);
    if (i == 60) driver.settle_all("flush", &Db::flush);
  }
  driver.look();
  driver.close();
}

}  // namespace

Options workload_options(Env& env) { return tiny_options(env); }

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all = {{"SyncedPuts", synced_puts},
                                            {"MixedDurability", mixed_durability},
                                            {"FlushAndCompact", flush_and_compact},
                                            {"ReopenOften", reopen_often},
                                            {"SwitchOften", switch_often}};
  return all;
}

}  // namespace nacre::test
