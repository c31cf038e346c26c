// Every byte of every file of a store is damaged, one at a time, and every file is cut, extended,
// removed, swapped and replaced. Each time the store must open and show what it held, or say which
// file is bad. It must never show anything else.
//
// The store has every kind of file: CURRENT, a manifest, tables on level 0 and deeper, a wal with
// synced and unsynced records, and the lock; it was left by a process that died. What may be
// missing in the end are writes that nobody was promised: those behind the damage in the unsynced
// part of the wal, and then the recovery must say so.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>

#include "base/random.h"
#include "env/sim_env.h"
#include "harness/history.h"
#include "harness/stores.h"
#include "harness/workloads.h"
#include "lsm/file_name.h"
#include "nacre/db.h"
#include "wal/wal_reader.h"

namespace nacre::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kDamageEvery = 31;  // places from one that is tried to the next; a prime
#else
constexpr std::uint64_t kDamageEvery = 1;
#endif

Options sweep_options(Env& env) {
  Options options = tiny_options(env);
  options.level0_tables = 8;  // level 0 keeps its tables
  return options;
}

/// What became of one damage.
enum class Fate { kRefused, kFoundByRead, kFoundByVerify, kReported, kHarmless };

struct Tally {
  std::map<Fate, std::uint64_t> counts;
  std::vector<std::string> harmless;

  void add(Fate fate, const std::string& what) {
    ++counts[fate];
    if (fate == Fate::kHarmless) harmless.push_back(what);
  }
  std::string line() {
    return std::to_string(counts[Fate::kRefused]) + " refused at open, " +
           std::to_string(counts[Fate::kFoundByRead]) + " found by reads, " +
           std::to_string(counts[Fate::kFoundByVerify]) + " by verify alone, " +
           std::to_string(counts[Fate::kReported]) + " reported by the recovery, " +
           std::to_string(counts[Fate::kHarmless]) + " harmless";
  }
};

/// The store as the sweep found it.
struct Subject {
  std::unique_ptr<SimEnv> image;
  Contents contents;
  /// What it held after so many records of the wal; the last is `contents`.
  std::vector<Contents> after_record;
  std::vector<std::uint64_t> record_ends;  // in the wal
  std::uint64_t synced_end = 0;            // everything before it in the wal was synced
  std::map<FileType, std::vector<std::string>> paths;

  const std::string& wal() const { return paths.at(FileType::kWal).front(); }
  const std::vector<std::string>& tables() const { return paths.at(FileType::kTable); }
  std::string bytes(const std::string& path) const { return image->disk().read_file(path).value(); }
};

class DamageSweepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    build();
    if (!HasFatalFailure()) describe_files();
  }

  using Damager = std::function<void(SimDisk&)>;
  /// Damages a copy of the store and looks at it. `wal_from`: the first byte of the wal that is not
  /// as it was, or nothing when the wal is whole.
  Fate look(const std::string& what, std::optional<std::uint64_t> wal_from, const Damager& damage);

  Subject subject_;
  std::uint64_t cases_ = 0;

 private:
  void put(Db& db, const std::string& key, const std::string& value, Durability durability) {
    ASSERT_TRUE(db.put(key, value, {.durability = durability}).ok());
    subject_.contents[key] = value;
  }
  void remove(Db& db, const std::string& key, Durability durability) {
    ASSERT_TRUE(db.remove(key, {.durability = durability}).ok());
    subject_.contents.erase(key);
  }
  void put_range(Db& db, int from, int to, int step, const std::string& value) {
    for (int i = from; i < to; i += step) {
      put(db, "key" + std::to_string(i), value + std::to_string(i), Durability::kOs);
    }
  }
  void build();
  void write_tables(Db& db);
  void write_wal(Db& db);
  void describe_files();

  void check_error(const Status& status, const std::string& what);
  void check_contents(const Db& db, const Contents& expected, const std::string& what,
                      bool* failed);
  void check_gets(const Db& db, const Contents& expected, const std::string& what, bool* failed);
  const Contents* expected_state(const Db& db, std::optional<std::uint64_t> wal_from,
                                 const RecoveryInfo& info, const std::string& what);
};

void DamageSweepTest::write_tables(Db& db) {
  put_range(db, 10, 34, 1, "deep");
  ASSERT_TRUE(db.compact().ok());
  put_range(db, 50, 58, 1, "beside");  // meets no other table: sinks as it is
  ASSERT_TRUE(db.flush().ok());
  ASSERT_TRUE(db.wait_idle().ok());
  put_range(db, 8, 60, 5, "newer");
  remove(db, "key12", Durability::kOs);
  ASSERT_TRUE(db.flush().ok());
  put_range(db, 9, 60, 7, "newest");
  remove(db, "key14", Durability::kOs);
  remove(db, "key55", Durability::kOs);
  ASSERT_TRUE(db.flush().ok());
}

void DamageSweepTest::write_wal(Db& db) {
  subject_.after_record.push_back(subject_.contents);
  for (int i = 0; i < 8; ++i) {
    const Durability durability = i < 4 ? Durability::kDisk : Durability::kOs;
    if (i % 4 == 2) {
      remove(db, "key" + std::to_string(10 + i), durability);
    } else {
      put(db, "key" + std::to_string(18 + 3 * i),
          "logged" + std::string(static_cast<std::size_t>(i) * 5, 'w'), durability);
    }
    subject_.after_record.push_back(subject_.contents);
  }
}

void DamageSweepTest::build() {
  SimEnv world(SimOptions{.seed = 11, .order_seed = {}});
  auto opened = Db::open(kStoreDir, sweep_options(world));
  ASSERT_TRUE(opened.ok()) << opened.error().to_string();
  write_tables(*opened);
  write_wal(*opened);
  const Stats stats = opened->stats().value();
  ASSERT_EQ(stats.levels[0].tables, 2U) << opened->levels_text().value();
  ASSERT_EQ(stats.levels[6].tables, 2U) << opened->levels_text().value();
  subject_.image = world.crash_image(CrashProfile::kProcess, 1);
}

void DamageSweepTest::describe_files() {
  for (const std::string& path : subject_.image->disk().files()) {
    const auto file = parse_file_name(path.substr(path.rfind('/') + 1));
    ASSERT_TRUE(file.has_value()) << path;
    subject_.paths[file->type].push_back(path);
  }
  ASSERT_EQ(subject_.tables().size(), 4U);
  for (const FileType type :
       {FileType::kCurrent, FileType::kManifest, FileType::kWal, FileType::kLock}) {
    ASSERT_EQ(subject_.paths[type].size(), 1U);
  }
  auto reader = WalReader::open(subject_.image->fs(), subject_.wal(), std::nullopt).value();
  for (;;) {
    const auto record = reader->next();
    ASSERT_TRUE(record.ok());
    if (!record->has_value()) break;
    subject_.record_ends.push_back((*record)->offset + wal_record_bytes((*record)->payload.size()));
  }
  ASSERT_EQ(subject_.record_ends.size() + 1, subject_.after_record.size());
  subject_.synced_end = reader->synced_to();
  ASSERT_EQ(subject_.synced_end, subject_.record_ends[3]);
}

/// An error must say which file is meant.
void DamageSweepTest::check_error(const Status& status, const std::string& what) {
  EXPECT_NE(status.message().find(std::string(kStoreDir) + "/"), std::string::npos)
      << what << ": " << status.to_string();
}

/// Full scans both ways: all of it, or the right beginning and an error.
void DamageSweepTest::check_contents(const Db& db, const Contents& expected,
                                     const std::string& what, bool* failed) {
  for (const bool reverse : {false, true}) {
    Scan scan = db.scan(ScanOptions{.range = {}, .reverse = reverse, .snapshot = nullptr});
    std::vector<std::pair<std::string, std::string>> wanted(expected.begin(), expected.end());
    if (reverse) std::reverse(wanted.begin(), wanted.end());
    std::size_t seen = 0;
    bool right = true;
    for (const auto& [key, value] : scan) {
      right = right && seen < wanted.size() && key == wanted[seen].first &&
              value == wanted[seen].second;
      ++seen;
    }
    if (!scan.status().ok()) {
      *failed = true;
      check_error(scan.status(), what);
    } else {
      right = right && seen == wanted.size();
    }
    EXPECT_TRUE(right) << what << ": the scan shows something else, reverse " << reverse;
  }
}

void DamageSweepTest::check_gets(const Db& db, const Contents& expected, const std::string& what,
                                 bool* failed) {
  for (int i = 8; i < 62; ++i) {
    const std::string key = "key" + std::to_string(i);
    std::string value;
    const auto found = db.get_into(key, value);
    if (!found.ok()) {
      *failed = true;
      check_error(found.error(), what);
      continue;
    }
    const auto wanted = expected.find(key);
    const bool right =
        *found ? wanted != expected.end() && wanted->second == value : wanted == expected.end();
    EXPECT_TRUE(right) << what << ": get of " << key << " is wrong";
  }
}

/// Which state the store may show. With damage in the unsynced part of the wal that is the one
/// before the record it hits, and then only if the recovery has said so.
const Contents* DamageSweepTest::expected_state(const Db& db, std::optional<std::uint64_t> wal_from,
                                                const RecoveryInfo& info, const std::string& what) {
  if (!wal_from.has_value() || *wal_from >= subject_.record_ends.back()) {
    return &subject_.contents;
  }
  EXPECT_GE(*wal_from, subject_.synced_end) << what << ": synced bytes are bad, and nobody objects";
  if (contents_of(db) == subject_.contents) return &subject_.contents;
  const auto hit =
      std::upper_bound(subject_.record_ends.begin(), subject_.record_ends.end(), *wal_from);
  EXPECT_FALSE(info.clean) << what;
  EXPECT_GT(info.bytes_dropped, 0U) << what;
  EXPECT_NE(info.detail.find(subject_.wal()), std::string::npos) << what << ": " << info.detail;
  return &subject_.after_record[static_cast<std::size_t>(hit - subject_.record_ends.begin())];
}

Fate DamageSweepTest::look(const std::string& what, std::optional<std::uint64_t> wal_from,
                           const Damager& damage) {
  ++cases_;
  const auto world = subject_.image->clone();
  damage(world->disk());
  auto opened = Db::open(kStoreDir, sweep_options(*world));
  if (!opened.ok()) {
    check_error(opened.error(), what);
    return Fate::kRefused;
  }
  const RecoveryInfo info = opened->recovery_info().value();
  const Contents* expected = expected_state(*opened, wal_from, info, what);
  bool read_failed = false;
  check_contents(*opened, *expected, what, &read_failed);
  check_gets(*opened, *expected, what, &read_failed);
  const auto report = opened->verify();
  EXPECT_TRUE(report.ok()) << what;
  for (const Damage& found : report->damage) check_error(found.error, what);
  const Status closed = opened->close();
  if (!closed.ok()) check_error(closed, what);
  if (read_failed) {
    EXPECT_FALSE(report->damage.empty()) << what << ": a read fails, but verify finds nothing";
    return Fate::kFoundByRead;
  }
  if (!report->damage.empty()) return Fate::kFoundByVerify;
  return info.bytes_dropped > 0 ? Fate::kReported : Fate::kHarmless;
}

TEST_F(DamageSweepTest, OneBitOfEveryByte) {
  std::map<FileType, Tally> tallies;
  for (const auto& [type, paths] : subject_.paths) {
    for (const std::string& path : paths) {
      const std::string bytes = subject_.bytes(path);
      for (std::uint64_t at = 0; at < bytes.size(); at += kDamageEvery) {
        const char flipped =
            static_cast<char>(bytes[at] ^ (1 << Random(at * 31 + bytes.size()).below(8)));
        const std::string what = path + ": bit of byte " + std::to_string(at);
        const auto wal_from = type == FileType::kWal ? std::optional(at) : std::nullopt;
        const Fate fate = look(what, wal_from, [&](SimDisk& disk) {
          ASSERT_TRUE(disk.overwrite(path, at, std::string_view(&flipped, 1)).ok());
        });
        tallies[type].add(fate, what);
        if (HasFailure()) return;
      }
    }
  }
  for (const FileType type : {FileType::kTable, FileType::kManifest, FileType::kCurrent}) {
    EXPECT_EQ(tallies[type].harmless, std::vector<std::string>()) << "bytes under no checksum";
  }
  EXPECT_GT(tallies[FileType::kTable].counts[Fate::kFoundByRead], 0U);
  EXPECT_GT(tallies[FileType::kWal].counts[Fate::kRefused], 0U);
  EXPECT_GT(tallies[FileType::kWal].counts[Fate::kReported], 0U);
  std::printf("bits of tables:   %s\n", tallies[FileType::kTable].line().c_str());
  std::printf("bits of manifest: %s\n", tallies[FileType::kManifest].line().c_str());
  std::printf("bits of CURRENT:  %s\n", tallies[FileType::kCurrent].line().c_str());
  std::printf("bits of the wal:  %s\n", tallies[FileType::kWal].line().c_str());
}

TEST_F(DamageSweepTest, EveryLength) {
  Tally tally;
  for (const auto& [type, paths] : subject_.paths) {
    for (const std::string& path : paths) {
      const std::uint64_t size = subject_.bytes(path).size();
      for (std::uint64_t length = 0; length < size; length += kDamageEvery) {
        const std::string what = path + ": cut to " + std::to_string(length);
        const auto wal_from = type == FileType::kWal ? std::optional(length) : std::nullopt;
        tally.add(look(what, wal_from,
                       [&](SimDisk& disk) { ASSERT_TRUE(disk.truncate(path, length).ok()); }),
                  what);
        if (HasFailure()) return;
      }
    }
  }
  std::printf("cut: %s\n", tally.line().c_str());
}

TEST_F(DamageSweepTest, EveryFileWithMoreBytes) {
  Tally tally;
  for (const auto& [type, paths] : subject_.paths) {
    for (const std::string& path : paths) {
      const std::string bytes = subject_.bytes(path);
      for (const std::size_t more : {1U, 7U, 8U, 24U, 64U, 513U, 5000U}) {
        Random random(bytes.size() + more);
        std::string garbage(more, '\0');
        for (char& byte : garbage) byte = static_cast<char>(random.below(256));
        for (const std::string& tail : {garbage, std::string(more, '\0'), bytes.substr(0, more)}) {
          const std::string what = path + ": with " + std::to_string(more) + " more bytes";
          const auto wal_from =
              type == FileType::kWal ? std::optional<std::uint64_t>(bytes.size()) : std::nullopt;
          tally.add(
              look(what, wal_from,
                   [&](SimDisk& disk) { ASSERT_TRUE(disk.write_file(path, bytes + tail).ok()); }),
              what);
          if (HasFailure()) return;
        }
      }
    }
  }
  std::printf("extended: %s\n", tally.line().c_str());
}

TEST_F(DamageSweepTest, EveryFileRemoved) {
  for (const auto& [type, paths] : subject_.paths) {
    for (const std::string& path : paths) {
      const Fate fate = look(path + ": removed", std::nullopt,
                             [&](SimDisk& disk) { ASSERT_TRUE(disk.remove(path).ok()); });
      EXPECT_EQ(fate, type == FileType::kLock ? Fate::kHarmless : Fate::kRefused) << path;
    }
  }
}

TEST_F(DamageSweepTest, TablesSwappedOrReplaced) {
  for (const std::string& one : subject_.tables()) {
    for (const std::string& other : subject_.tables()) {
      if (one == other) continue;
      const std::string bytes = subject_.bytes(one);
      const std::string other_bytes = subject_.bytes(other);
      EXPECT_EQ(look(one + ": has the bytes of " + other, std::nullopt,
                     [&](SimDisk& disk) { ASSERT_TRUE(disk.write_file(one, other_bytes).ok()); }),
                Fate::kRefused);
      EXPECT_EQ(look(one + ": swapped with " + other, std::nullopt,
                     [&](SimDisk& disk) {
                       ASSERT_TRUE(disk.write_file(one, other_bytes).ok());
                       ASSERT_TRUE(disk.write_file(other, bytes).ok());
                     }),
                Fate::kRefused);
    }
  }
}

/// Files with the right names and the wrong kind of bytes.
TEST_F(DamageSweepTest, FilesOfTheWrongKind) {
  for (const auto& [type, paths] : subject_.paths) {
    if (type == FileType::kLock) continue;
    for (const auto& [other_type, other_paths] : subject_.paths) {
      if (other_type == type) continue;
      const std::string bytes = subject_.bytes(other_paths.front());
      EXPECT_EQ(
          look(paths.front() + ": has the bytes of " + other_paths.front(), 0,
               [&](SimDisk& disk) { ASSERT_TRUE(disk.write_file(paths.front(), bytes).ok()); }),
          Fate::kRefused);
    }
  }
}

}  // namespace
}  // namespace nacre::test
