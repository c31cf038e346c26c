// A store against an ordered map: more than a million random operations in each run.
//
// Every operation is drawn from a seed and applied to a store on a simulated disk and to a model.
// Snapshots and cursors keep the state they were made at. Background work runs only when the draw
// says so, and in a drawn order. Reopens and power cuts come in between. To look at a failure run
// the test named with it; the seed is in its name.

#include <gtest/gtest.h>

#include <memory>

#include "base/random.h"
#include "base/text.h"
#include "env/sim_env.h"
#include "harness/history.h"
#include "harness/stores.h"
#include "nacre/db.h"

namespace nacre::test {
namespace {

/// One set of options and habits.
struct Setup {
  const char* name = "";
  std::uint64_t seed = 1;
  std::uint64_t operations = 0;
  void (*adjust)(Options&) = nullptr;
  int keys = 400;
  bool memory_writes = false;
  std::uint64_t background_one_in = 1;  // of the draws that would run background work
};

using Frozen = std::shared_ptr<const Contents>;
struct HeldSnapshot {
  Snapshot snapshot;
  Frozen state;
};
struct HeldCursor {
  Cursor cursor;
  Frozen state;
  Contents::const_iterator at;  // where it must stand; state->end() for nowhere
};

class ModelRun {
 public:
  explicit ModelRun(const Setup& setup)
      : setup_(setup),
        random_(setup.seed),
        world_(std::make_unique<SimEnv>(
            SimOptions{.seed = setup.seed, .order_seed = setup.seed + 1})) {}

  void run() {
    open();
    for (std::uint64_t i = 0; i < setup_.operations && !failed(); ++i) {
      SCOPED_TRACE("operation " + std::to_string(i));
      step();
    }
    if (failed()) return;
    check_all();
    drop_handles();
    EXPECT_TRUE(db_.close().ok());
  }

 private:
  static bool failed() { return ::testing::Test::HasFailure(); }

  Options options() const {
    Options options = tiny_options(*world_);
    if (setup_.adjust != nullptr) setup_.adjust(options);
    return options;
  }
  void open() {
    auto opened = Db::open(kStoreDir, options());
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    db_ = std::move(*opened);
  }
  void drop_handles() {
    cursors_.clear();
    snapshots_.clear();
  }
  Frozen frozen() const { return std::make_shared<const Contents>(history_.now()); }

  std::string key() {
    // Keys with long shared prefixes, prefixes of one another, zeros and 0xff.
    const std::uint64_t n = random_.below(static_cast<std::uint64_t>(setup_.keys));
    switch (n % 8) {
      case 0:
        return std::string(n / 8 % 40, 'a');
      case 1:
        return "user/" + std::string(30, 'x') + std::to_string(n);
      case 2:
        return std::string("\xff\xff", 2) + std::to_string(n);
      case 3:
        return std::string("\0\0", 2) + static_cast<char>(n);
      default:
        return std::to_string(1000000 + n);
    }
  }
  std::string value() {
    const std::uint64_t size = random_.one_in(200) ? random_.below(9000) : random_.below(120);
    return std::string(size, static_cast<char>('a' + random_.below(26))) +
           std::to_string(random_.next());
  }
  Durability durability() {
    const std::uint64_t roll = random_.below(20);
    if (roll == 0) return Durability::kDisk;
    if (roll == 1 && setup_.memory_writes) return Durability::kMemory;
    return Durability::kOs;
  }

  void step() {
    const std::uint64_t roll = random_.below(1000);
    if (roll < 420) return write_one();
    if (roll < 470) return write_batch();
    if (roll < 640) return read_one();
    if (roll < 660) return read_many();
    if (roll < 680) return take_snapshot();
    if (roll < 740) return read_snapshot();
    if (roll < 755) return make_cursor();
    if (roll < 920) return move_cursor();
    if (roll < 985) return run_background();
    if (roll < 990) return check_range();
    if (roll < 993) return flush_or_sync();
    if (roll < 995) return compact();
    if (roll < 997) return check_all();
    if (roll < 998) return reopen();
    return crash();
  }

  void write_one() {
    const std::string k = key();
    const Durability level = durability();
    Status status;
    if (random_.one_in(4)) {
      history_.begin({{k, std::nullopt}});
      status = db_.remove(k, {.durability = level});
    } else {
      const std::string v = value();
      history_.begin({{k, v}});
      status = db_.put(k, v, {.durability = level});
    }
    ASSERT_TRUE(status.ok()) << status.to_string();
    history_.acknowledge(level);
  }

  void write_batch() {
    Batch batch;
    Commit commit;
    for (std::uint64_t n = random_.below(12); n > 0; --n) {
      const std::string k = key();
      if (random_.one_in(4)) {
        ASSERT_TRUE(batch.remove(k).ok());
        commit.push_back({k, std::nullopt});
      } else {
        const std::string v = value();
        ASSERT_TRUE(batch.put(k, v).ok());
        commit.push_back({k, v});
      }
    }
    const Durability level = durability();
    const bool empty = commit.empty();
    if (!empty) history_.begin(std::move(commit));
    const Status status = db_.write(batch, {.durability = level});
    ASSERT_TRUE(status.ok()) << status.to_string();
    if (!empty) history_.acknowledge(level);
  }

  void expect_value(const Contents& state, const std::string& k, bool found,
                    std::string_view found_value) {
    const auto expected = state.find(k);
    ASSERT_EQ(expected != state.end(), found) << "key '" << escape(k) << "'";
    if (found) {
      ASSERT_EQ(expected->second, found_value) << "key '" << escape(k) << "'";
    }
  }

  void read_one() {
    const std::string k = key();
    if (random_.one_in(2)) {
      std::string out;
      const auto found = db_.get_into(k, out);
      ASSERT_TRUE(found.ok()) << found.error().to_string();
      return expect_value(history_.now(), k, *found, out);
    }
    const auto found = db_.get(k);
    ASSERT_TRUE(found.ok()) << found.error().to_string();
    expect_value(history_.now(), k, found->has_value(),
                 found->has_value() ? (*found)->view() : std::string_view());
  }

  void read_many() {
    std::vector<std::string> keys;
    for (std::uint64_t n = random_.below(20); n > 0; --n) keys.push_back(key());
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    const auto found = db_.multi_get(views);
    ASSERT_TRUE(found.ok()) << found.error().to_string();
    ASSERT_EQ(found->size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto& one = (*found)[i];
      expect_value(history_.now(), keys[i], one.has_value(),
                   one.has_value() ? one->view() : std::string_view());
    }
  }

  void take_snapshot() {
    if (snapshots_.size() >= 5) {
      snapshots_.erase(snapshots_.begin() +
                       static_cast<std::ptrdiff_t>(random_.below(snapshots_.size())));
    }
    snapshots_.push_back({db_.snapshot().value(), frozen()});
  }

  void read_snapshot() {
    if (snapshots_.empty()) return;
    const HeldSnapshot& held = snapshots_[random_.below(snapshots_.size())];
    if (random_.one_in(50)) {
      Scan scan = db_.scan({.range = {}, .reverse = false, .snapshot = &held.snapshot});
      Contents seen;
      for (const auto& [k, v] : scan) seen.emplace(k, v);
      ASSERT_TRUE(scan.status().ok());
      ASSERT_EQ(difference(*held.state, seen), "no difference");
      return;
    }
    const std::string k = key();
    std::string out;
    const auto found = db_.get_into(k, out, {.snapshot = &held.snapshot});
    ASSERT_TRUE(found.ok()) << found.error().to_string();
    expect_value(*held.state, k, *found, out);
  }

  /// A random range of keys, often open on one side.
  Range random_range() {
    Range range;
    if (!random_.one_in(3)) range.lower = key();
    if (!random_.one_in(3)) range.upper = key();
    return range;
  }
  static Contents within(const Contents& all, const Range& range) {
    Contents part;
    for (const auto& [k, v] : all) {
      if (range.lower.has_value() && k < *range.lower) continue;
      if (range.upper.has_value() && k >= *range.upper) continue;
      part.emplace(k, v);
    }
    return part;
  }

  void make_cursor() {
    if (cursors_.size() >= 4) cursors_.erase(cursors_.begin());
    const Range range = random_.one_in(2) ? Range::all() : random_range();
    auto state = std::make_shared<const Contents>(within(history_.now(), range));
    auto cursor = db_.cursor({.range = range, .snapshot = nullptr});
    ASSERT_TRUE(cursor.ok()) << cursor.error().to_string();
    const auto nowhere = state->end();
    cursors_.push_back({std::move(*cursor), std::move(state), nowhere});
  }

  void move_cursor() {
    if (cursors_.empty()) return;
    HeldCursor& held = cursors_[random_.below(cursors_.size())];
    const Contents& state = *held.state;
    std::uint64_t move = random_.below(10);
    if (move >= 4 && held.at == state.end()) move = random_.below(4);
    if (move == 0) {
      held.cursor.first();
      held.at = state.begin();
    } else if (move == 1) {
      held.cursor.last();
      held.at = state.empty() ? state.end() : std::prev(state.end());
    } else if (move == 2) {
      const std::string k = key();
      held.cursor.seek(k);
      held.at = state.lower_bound(k);
    } else if (move == 3) {
      const std::string k = key();
      held.cursor.seek_for_prev(k);
      held.at = state.upper_bound(k);
      held.at = held.at == state.begin() ? state.end() : std::prev(held.at);
    } else if (move < 7) {
      held.cursor.next();
      ++held.at;
    } else {
      held.cursor.prev();
      held.at = held.at == state.begin() ? state.end() : std::prev(held.at);
    }
    ASSERT_TRUE(held.cursor.status().ok()) << held.cursor.status().to_string();
    ASSERT_EQ(held.cursor.valid(), held.at != state.end()) << "move " << move;
    if (held.at == state.end()) return;
    ASSERT_EQ(escape(held.cursor.key()), escape(held.at->first)) << "move " << move;
    ASSERT_EQ(held.cursor.value(), held.at->second) << "move " << move;
  }

  void run_background() {
    if (!random_.one_in(setup_.background_one_in)) return;
    for (std::uint64_t n = random_.below(4); n > 0; --n) world_->executor().run_one();
  }

  void check_range() {
    const Range range = random_range();
    const bool reverse = random_.one_in(2);
    Scan scan = db_.scan({.range = range, .reverse = reverse, .snapshot = nullptr});
    Contents seen;
    for (const auto& [k, v] : scan) seen.emplace(k, v);
    ASSERT_TRUE(scan.status().ok()) << scan.status().to_string();
    ASSERT_EQ(difference(within(history_.now(), range), seen), "no difference");
  }

  void flush_or_sync() {
    const Status status = random_.one_in(2) ? db_.flush() : db_.sync();
    ASSERT_TRUE(status.ok()) << status.to_string();
    history_.all_durable();
  }

  void compact() {
    const Status status = db_.compact(random_.one_in(2) ? Range::all() : random_range());
    ASSERT_TRUE(status.ok()) << status.to_string();
    history_.all_durable();
  }

  void check_all() {
    ASSERT_EQ(difference(history_.now(), contents_of(db_)), "no difference");
    ASSERT_EQ(difference(history_.now(), contents_backwards(db_)), "no difference");
  }

  void reopen() {
    drop_handles();
    const Status status = db_.close();
    ASSERT_TRUE(status.ok()) << status.to_string();
    history_.all_durable();
    if (random_.one_in(2)) world_ = world_->crash_image(CrashProfile::kLoseUnsynced, 1);
    open();
    if (!failed()) check_all();
  }

  void crash() {
    const CrashProfile profile = kAllCrashProfiles[random_.below(kAllCrashProfiles.size())];
    auto after = world_->crash_image(profile, random_.next());
    drop_handles();
    db_ = Db();
    world_ = std::move(after);
    open();
    if (failed()) return;
    const auto wrong = history_.recover_to(contents_of(db_), profile != CrashProfile::kProcess);
    ASSERT_FALSE(wrong.has_value()) << crash_profile_name(profile) << ": " << *wrong;
  }

  const Setup setup_;
  Random random_;
  std::unique_ptr<SimEnv> world_;
  Db db_;
  History history_;
  std::vector<HeldSnapshot> snapshots_;
  std::vector<HeldCursor> cursors_;
};

class ModelTest : public ::testing::TestWithParam<Setup> {};

TEST_P(ModelTest, StoreEqualsMap) { ModelRun(GetParam()).run(); }

// Sanitizer builds run the same operations for a tenth of the time.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kOperations = 15'000;
#else
constexpr std::uint64_t kOperations = 150'000;
#endif

const Setup kSetups[] = {
    {"Tiny", 1, kOperations, nullptr},
    {"TinyAgain", 2, kOperations, nullptr, 3000},
    {"FewKeys", 3, kOperations, [](Options& o) { o.level0_tables = 1; }, 24},
    {"MemoryWrites", 4, kOperations, nullptr, 400, true},
    {"NoFilterNoCompression", 5, kOperations,
     [](Options& o) {
       o.filter_bits = 0;
       o.compression = Compression::kNone;
       o.log_mode = LogMode::kPwrite;
     }},
    {"ZstdWideBlocks", 6, kOperations,
     [](Options& o) {
       o.compression = Compression::kZstd;
       o.block_bytes = 1 << 20;
       o.level0_tables = 8;
       o.level_multiplier = 100;
     }},
    {"OneThreadManyTables", 7, kOperations,
     [](Options& o) {
       o.background_threads = 1;
       o.last_level_compression = Compression::kZstd;
       o.level_multiplier = 3;
     },
     2000},
    {"LazyBackground", 9, kOperations, nullptr, 400, true, 12},
    {"RoomyMemtable", 8, kOperations,
     [](Options& o) {
       o.memory_bytes = 8 << 20;
       o.memtable_bytes = 256 << 10;
       o.background_threads = 8;
     },
     2000},
};

INSTANTIATE_TEST_SUITE_P(Setups, ModelTest, ::testing::ValuesIn(kSetups),
                         [](const auto& setup) { return std::string(setup.param.name); });

}  // namespace
}  // namespace nacre::test
