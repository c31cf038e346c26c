// A store that lost files, or that a newer Nacre has written: refused with the file named, and
// nothing modified.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/api_world.h"
#include "base/coding.h"
#include "base/hash.h"
#include "env/fault_env.h"
#include "lsm/manifest_format.h"
#include "nacre/db.h"
#include "table/table_format.h"
#include "wal/wal_format.h"

namespace nacre::test {
namespace {

/// A store that was closed, and one that crashed: tables and unflushed writes in several segments.
class DamageTest : public ::testing::Test {
 protected:
  DamageTest() {
    Db db = build(closed_);
    crashed_ = closed_.crash_image(CrashProfile::kProcess, 1);
    EXPECT_TRUE(ok(db.close()));
  }

  Db build(SimEnv& world) {
    Db db = open_store(kStoreDir, tiny_options(world));
    contents_ = fill(db, 300, 100, {.durability = Durability::kOs});
    EXPECT_TRUE(ok(db.wait_idle()));
    while (files_ending(world.disk(), ".wal").size() < 3) {  // nobody flushes meanwhile
      const std::string key = numbered_key(static_cast<int>(contents_.size()));
      EXPECT_TRUE(ok(db.put(key, "v", {.durability = Durability::kDisk})));
      contents_[key] = "v";
    }
    return db;
  }

  /// Both stores, one after the other, each on a disk of its own to be damaged.
  void for_both(const std::function<void(SimDisk&, SimEnv&)>& damage) {
    for (const SimEnv* world : {&closed_, crashed_.get()}) {
      SCOPED_TRACE(world == &closed_ ? "closed" : "crashed");
      const auto copy = world->clone();
      damage(copy->disk(), *copy);
    }
  }
  /// Opening in every way fails so, and leaves every byte as it is.
  static void expect_refused(SimEnv& world, Code code, const std::vector<std::string>& parts) {
    const Contents before = disk_contents(world.disk());
    Options options = tiny_options(world);
    EXPECT_TRUE(fails(Db::open(kStoreDir, options), code, parts));
    options.create_if_missing = false;
    EXPECT_TRUE(fails(Db::open(kStoreDir, options), code, parts));
    options.read_only = true;
    EXPECT_TRUE(fails(Db::open(kStoreDir, options), code, parts));
    EXPECT_EQ(first_change(before, disk_contents(world.disk())), "");
  }
  /// The store opens. Whatever needs the table at `path` fails so, every time, and names it; all
  /// else is served. Nothing is lost: the return of its `good` bytes mends everything.
  void expect_unreadable(SimEnv& world, const std::string& path, const std::string& good, Code code,
                         const std::vector<std::string>& parts) {
    const auto copy = world.clone();
    {
      Db db = open_store(kStoreDir, tiny_options(*copy));
      int failed = 0;
      std::vector<std::string_view> keys;
      for (const auto& [key, value] : contents_) {
        keys.push_back(key);
        const auto got = db.get(key);
        if (got.ok()) {
          EXPECT_EQ((*got)->view(), value);
        } else {
          EXPECT_TRUE(fails(got, code, parts));
          ++failed;
        }
      }
      EXPECT_GT(failed, 0);
      EXPECT_LT(failed, static_cast<int>(contents_.size()));
      EXPECT_TRUE(fails(db.multi_get(keys), code, parts));
      Scan scan = db.scan(Range::all());
      for (const auto& entry : scan) EXPECT_EQ(contents_.at(std::string(entry.key)), entry.value);
      EXPECT_TRUE(fails(scan.status(), code, parts));
      const auto report = db.verify();
      ASSERT_TRUE(ok(report.status()));
      ASSERT_EQ(report->damage.size(), 1U);
      EXPECT_TRUE(fails(report->damage.front().error, code, parts));
      EXPECT_TRUE(ok(db.wait_idle())) << "work on the other tables goes on";
      EXPECT_TRUE(ok(db.close()));
    }
    for (SimEnv* mended : {&world, copy.get()}) {
      ASSERT_TRUE(ok(mended->disk().write_file(path, good)));
    }
    EXPECT_EQ(contents_of(open_store(kStoreDir, tiny_options(*copy))), contents_);
  }
  /// Takes the file away, expects the refusal, and shows that its return mends everything.
  void expect_missed(SimDisk& disk, SimEnv& world, const std::string& path) {
    const std::string bytes = disk.read_file(path).value();
    ASSERT_TRUE(ok(disk.remove(path)));
    expect_refused(world, Code::kCorruption, {path, "missing"});
    ASSERT_TRUE(ok(disk.write_file(path, bytes)));
    EXPECT_EQ(contents_of(open_store(kStoreDir, tiny_options(world))), contents_);
  }
  static std::string manifest_of(const SimDisk& disk) {
    for (const std::string& path : disk.files()) {
      if (path.find("MANIFEST-") != std::string::npos) return path;
    }
    ADD_FAILURE() << "no manifest";
    return {};
  }

  SimEnv closed_;
  std::unique_ptr<SimEnv> crashed_;
  Contents contents_;
};

TEST_F(DamageTest, UndamagedBothOpen) {
  for_both([&](SimDisk&, SimEnv& world) {
    Db db = open_store(kStoreDir, tiny_options(world));
    EXPECT_EQ(contents_of(db), contents_);
  });
}

TEST_F(DamageTest, AMissingTable) {
  for_both([&](SimDisk& disk, SimEnv& world) {
    const auto tables = files_ending(disk, ".tbl");
    ASSERT_GE(tables.size(), 2U);
    expect_missed(disk, world, tables.front());
  });
}

TEST_F(DamageTest, AMissingWal) {
  for_both([&](SimDisk& disk, SimEnv& world) {
    expect_missed(disk, world, files_ending(disk, ".wal").front());
  });
  // One from the middle is missed by the one after it.
  const auto wals = files_ending(crashed_->disk(), ".wal");
  ASSERT_GE(wals.size(), 3U);
  ASSERT_TRUE(ok(crashed_->disk().remove(wals[1])));
  expect_refused(*crashed_, Code::kCorruption, {wals[1].substr(wals[1].rfind('/') + 1), "missing"});
}

TEST_F(DamageTest, AMissingManifest) {
  for_both([&](SimDisk& disk, SimEnv& world) { expect_missed(disk, world, manifest_of(disk)); });
}

TEST_F(DamageTest, AMissingCurrent) {
  for_both([&](SimDisk& disk, SimEnv& world) { expect_missed(disk, world, "/store/CURRENT"); });
}

TEST_F(DamageTest, ACurrentThatIsNoCurrent) {
  for_both([&](SimDisk& disk, SimEnv& world) {
    const std::string good = disk.read_file("/store/CURRENT").value();
    std::string flipped = good;
    flipped[good.size() / 2] ^= 1;
    for (const std::string& bad : {std::string(), good.substr(0, good.size() - 1), good + "\n",
                                   flipped, std::string(100'000, 'x')}) {
      ASSERT_TRUE(ok(disk.write_file("/store/CURRENT", bad)));
      expect_refused(world, Code::kCorruption, {"/store/CURRENT"});
    }
  });
}

TEST_F(DamageTest, ATableOfAnotherSize) {
  for_both([&](SimDisk& disk, SimEnv& world) {
    const std::string table = files_ending(disk, ".tbl").front();
    const std::string good = disk.read_file(table).value();
    for (const std::string& bad : {std::string(), good.substr(0, good.size() - 1), good + "x"}) {
      ASSERT_TRUE(ok(disk.write_file(table, bad)));
      expect_refused(world, Code::kCorruption, {table, std::to_string(good.size())});
    }
  });
}

TEST_F(DamageTest, ATableOfAnotherStore) {
  SimEnv other(SimOptions{.seed = 99, .order_seed = {}});
  build(other);
  const std::string table = files_ending(other.disk(), ".tbl").front();
  const std::string foreign = other.disk().read_file(table).value();
  for_both([&](SimDisk& disk, SimEnv& world) {
    const std::string good = disk.read_file(table).value();
    ASSERT_EQ(good.size(), foreign.size()) << "told by its size";
    ASSERT_TRUE(ok(disk.write_file(table, foreign)));
    expect_unreadable(world, table, good, Code::kCorruption, {table, "another store"});
  });
}

TEST_F(DamageTest, SyncedBytesOfTheWal) {
  const auto wals = files_ending(crashed_->disk(), ".wal");
  const std::string bytes = crashed_->disk().read_file(wals[0]).value();
  const std::string flipped(1, static_cast<char>(bytes[kWalHeaderBytes + 30] ^ 1));
  ASSERT_TRUE(ok(crashed_->disk().overwrite(wals[0], kWalHeaderBytes + 30, flipped)));
  expect_refused(*crashed_, Code::kCorruption, {wals[0], "offset"});
}

/// Writes `number` into the file and makes the checksum of `covered` right again.
template <typename T>
void patch(SimDisk& disk, const std::string& path, std::uint64_t at, T number,
           const std::function<void(std::string&)>& fix_checksum) {
  std::string bytes = disk.read_file(path).value();
  store(bytes.data() + at, number);
  fix_checksum(bytes);
  ASSERT_TRUE(ok(disk.write_file(path, bytes)));
}

TEST_F(DamageTest, AManifestOfANewerNacre) {
  const auto fix = [](std::string& bytes) {
    const auto salt = load<std::uint64_t>(bytes.data() + 24);
    const auto number = load<std::uint64_t>(bytes.data() + 48);
    store(bytes.data() + 56, hash64(std::string_view(bytes).substr(0, 56), mix_seed(salt, number)));
  };
  for_both([&](SimDisk& disk, SimEnv& world) {
    const std::string path = manifest_of(disk);
    const std::string good = disk.read_file(path).value();
    patch(disk, path, 8, kManifestFormat + 1, fix);
    expect_refused(world, Code::kUnsupported, {path, "newer Nacre"});
    ASSERT_TRUE(ok(disk.write_file(path, good)));
    patch(disk, path, 16, std::uint64_t{1} << 63, fix);
    expect_refused(world, Code::kUnsupported, {path, "newer Nacre"});
    ASSERT_TRUE(ok(disk.write_file(path, good)));
    // A flipped bit is damage, not a newer version.
    patch(disk, path, 8, kManifestFormat + 1, [](std::string&) {});
    expect_refused(world, Code::kCorruption, {path});
  });
}

TEST_F(DamageTest, ATableOfANewerNacre) {
  const auto fix = [](std::string& bytes) {
    const std::string_view footer = std::string_view(bytes).substr(bytes.size() - kFooterBytes);
    store(bytes.data() + bytes.size() - 16, hash64(footer.substr(0, 48), 0));
  };
  for_both([&](SimDisk& disk, SimEnv& world) {
    const std::string path = files_ending(disk, ".tbl").back();
    const std::string good = disk.read_file(path).value();
    const std::uint64_t footer = good.size() - kFooterBytes;
    patch(disk, path, footer + 12, kTableVersion + 1, fix);
    expect_unreadable(world, path, good, Code::kUnsupported, {path, "newer Nacre"});
    patch(disk, path, footer + 16, std::uint64_t{1}, fix);
    expect_unreadable(world, path, good, Code::kUnsupported, {path, "newer Nacre"});
    patch(disk, path, footer + 12, kTableVersion + 1, [](std::string&) {});
    expect_unreadable(world, path, good, Code::kCorruption, {path});
  });
}

TEST_F(DamageTest, AWalOfANewerNacre) {
  const auto fix = [](std::string& bytes) {
    const WalIdentity identity{load<std::uint64_t>(bytes.data() + 16),
                               FileNumber{load<std::uint64_t>(bytes.data() + 24)}};
    store(bytes.data() + 56,
          hash64(std::string_view(bytes).substr(0, 56), wal_segment_seed(identity)));
  };
  for_both([&](SimDisk& disk, SimEnv& world) {
    const std::string path = files_ending(disk, ".wal").front();
    const std::string good = disk.read_file(path).value();
    patch(disk, path, 8, kWalFormatVersion + 1, fix);
    expect_refused(world, Code::kUnsupported, {path, "version 2"});
    ASSERT_TRUE(ok(disk.write_file(path, good)));
    patch(disk, path, 12, std::uint32_t{2}, fix);
    expect_refused(world, Code::kUnsupported, {path, "feature bits 2"});
  });
}

/// Opening and reading a store without the right to change it.
class ReadOnlyTest : public DamageTest {
 protected:
  static Options read_only(Env& env) {
    Options options = tiny_options(env);
    options.read_only = true;
    return options;
  }
  /// Everything can be read, nothing can be changed, and nothing does change.
  void check(SimEnv& world) {
    const Contents before = disk_contents(world.disk());
    const std::uint64_t mutations = world.disk().mutations();
    {
      Db db = open_store(kStoreDir, read_only(world));
      expect_reads(db, contents_);
      EXPECT_EQ(contents_of(db), contents_backwards(db));
      const Snapshot snapshot = db.snapshot().value();
      expect_reads(db, contents_, &snapshot);
      expect_refuses_changes(db);
      EXPECT_TRUE(ok(db.wait_idle()));
      EXPECT_TRUE(ok(db.health()));
      EXPECT_TRUE(ok(db.stats()));
      EXPECT_TRUE(ok(db.levels_text()));
      EXPECT_TRUE(ok(db.approximate_size(Range::all())));
      EXPECT_TRUE(db.verify()->damage.empty());
      world.sim_executor().run_all();
      expect_reads(db, contents_);
      EXPECT_TRUE(ok(db.close()));
    }
    world.sim_executor().run_all();
    EXPECT_EQ(first_change(before, disk_contents(world.disk())), "");
    EXPECT_EQ(world.disk().mutations(), mutations);
  }
  static void expect_refuses_changes(Db& db) {
    Batch batch;
    ASSERT_TRUE(ok(batch.put("k", "v")));
    EXPECT_TRUE(fails(db.put("k", "v"), Code::kReadOnly, {kStoreDir, "read-only"}));
    EXPECT_TRUE(fails(db.remove("k"), Code::kReadOnly));
    EXPECT_TRUE(fails(db.write(batch), Code::kReadOnly));
    EXPECT_TRUE(fails(db.sync(), Code::kReadOnly));
    EXPECT_TRUE(fails(db.flush(), Code::kReadOnly));
    EXPECT_TRUE(fails(db.compact(), Code::kReadOnly));
    EXPECT_TRUE(fails(db.resume(), Code::kReadOnly));
  }
};

TEST_F(ReadOnlyTest, OfAClosedStoreChangesNothing) { check(closed_); }

TEST_F(ReadOnlyTest, OfACrashedStoreSeesEverythingAndChangesNothing) {
  check(*crashed_);
  Db db = open_store(kStoreDir, read_only(*crashed_));
  EXPECT_FALSE(db.recovery_info()->clean);
  EXPECT_GT(db.recovery_info()->records_replayed, 0U);
  // A store that can be written still finds it all.
  EXPECT_EQ(contents_of(open_store(kStoreDir, tiny_options(*crashed_))), contents_);
}

TEST_F(ReadOnlyTest, OfALiveStoreSeesTheMomentOfItsOpen) {
  Db live = open_store(kStoreDir, tiny_options(closed_));
  ASSERT_TRUE(ok(live.put("new", "v", {.durability = Durability::kOs})));
  contents_["new"] = "v";
  closed_.sim_executor().run_all();  // what changes from here on is not of its making
  check(closed_);
  Db reader = open_store(kStoreDir, read_only(closed_));
  Db second = open_store(kStoreDir, read_only(closed_));
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(ok(live.remove(numbered_key(i), {.durability = Durability::kOs})));
  }
  ASSERT_TRUE(ok(live.compact()));
  EXPECT_EQ(contents_of(reader), contents_);
  EXPECT_EQ(contents_of(second), contents_);
}

TEST_F(ReadOnlyTest, OfNothingIsNotFound) {
  SimEnv world;
  EXPECT_TRUE(fails(Db::open(kStoreDir, read_only(world)), Code::kNotFound, {kStoreDir}));
  ASSERT_TRUE(ok(world.disk().create_dir(kStoreDir)));
  EXPECT_TRUE(fails(Db::open(kStoreDir, read_only(world)), Code::kNotFound, {kStoreDir}));
  EXPECT_TRUE(world.disk().files().empty());
}

TEST_F(ReadOnlyTest, NeedsNoPermissionToWrite) {
  for_both([&](SimDisk&, SimEnv& world) {
    FaultEnv faulty(world);
    FaultPlan denied{.ops = FaultOpSet::changes(), .sticky = true, .error_number = EROFS};
    faulty.injector().arm(denied);
    Db db = open_store(kStoreDir, read_only(faulty));
    EXPECT_EQ(contents_of(db), contents_);
    EXPECT_TRUE(ok(db.close()));
    EXPECT_EQ(faulty.injector().hits(), 0U) << faulty.injector().hit();
  });
}

}  // namespace
}  // namespace nacre::test
