// A store without files: tables are lists of entries in memory, compactions are sorts. Whatever the
// picker plans is carried out, two plans at a time and in any order, and every key must read right
// after each step.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "lsm/edit.h"
#include "lsm/picker.h"

namespace nacre {
namespace {

constexpr std::uint64_t kEntryBytes = 1000;

struct Item {
  std::string key;
  Seq seq;
  bool deleted;
};

class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) {
    input_.options.l0_trigger = 4;
    input_.options.target_table_bytes = 20 * kEntryBytes;
    input_.options.multiplier = 4;
    input_.options.base_bytes = 60 * kEntryBytes;
    input_.options.delete_age_micros = 300;
  }

  std::uint64_t random(std::uint64_t below) { return random_() % below; }
  std::size_t l0_count() const { return version_->table_count(0); }
  const Version& version() const { return *version_; }
  std::uint64_t written() const { return written_; }
  std::uint64_t live_bytes() const {
    return kEntryBytes * std::count_if(now_.begin(), now_.end(),
                                       [](const auto& entry) { return !entry.second.deleted; });
  }

  void take_snapshot() {
    snapshot_seq_ = seq_;
    snapshot_ = now_;
  }
  void release_snapshot() { snapshot_seq_.reset(); }

  void write(std::vector<std::pair<std::uint64_t, bool>> writes) {
    std::vector<Item> items;
    for (const auto& [number, deleted] : writes) {
      std::string key = std::to_string(100'000'000 + number);
      items.push_back({key, ++seq_, deleted});
      now_[key] = items.back();
    }
    Edit edit;
    add(edit, 0, std::move(items));
    install(edit);
    flushes_ += kEntryBytes * writes.size();
  }

  std::uint64_t user_bytes() const { return flushes_; }

  /// False when there is nothing to do.
  bool begin(bool manual) {
    input_.oldest_snapshot = snapshot_seq_.value_or(seq_);
    input_.now_micros = ++clock_;
    std::optional<Plan> plan =
        manual ? pick_range(*version_, "100000020", "100000200", input_) : pick(*version_, input_);
    if (!plan.has_value()) return false;
    for (const FileNumber number : plan->input_numbers()) {
      for (const RunningCompaction& other : input_.running) {
        EXPECT_EQ(std::count(other.inputs.begin(), other.inputs.end(), number), 0) << render(*plan);
      }
    }
    input_.running.push_back(running(*plan));
    Running begun{*plan, {}, {seq_}};
    if (snapshot_seq_.has_value()) begun.readers.insert(begun.readers.begin(), *snapshot_seq_);
    begun.result = plan->kind == PlanKind::kMerge ? merge(begun) : std::vector<Item>();
    plans_.push_back(std::move(begun));
    return true;
  }
  std::size_t running_count() const { return plans_.size(); }

  void finish(std::size_t which) {
    const Running done = std::move(plans_[which]);
    plans_.erase(plans_.begin() + static_cast<std::ptrdiff_t>(which));
    input_.running.erase(input_.running.begin() + static_cast<std::ptrdiff_t>(which));
    SCOPED_TRACE(render(done.plan));
    Edit edit;
    for (const PlanInput& input : done.plan.inputs) {
      for (const TablePtr& table : input.tables) {
        edit.removed.push_back({input.level, table->meta.number});
        if (done.plan.kind != PlanKind::kMove) continue;
        edit.added.push_back({done.plan.output_level, table->meta});
      }
    }
    std::vector<Item> piece;
    for (const Item& item : done.result) {
      const bool full = piece.size() >= 20 && piece.back().key != item.key;
      if (full && done.plan.output_level > 0) add(edit, done.plan.output_level, std::move(piece));
      if (full && done.plan.output_level > 0) piece.clear();
      piece.push_back(item);
    }
    if (!piece.empty()) add(edit, done.plan.output_level, std::move(piece));
    install(edit);
  }

  void check_reads() const {
    for (const auto& [key, item] : now_) ASSERT_EQ(read(key, seq_), value_of(item)) << key;
    if (!snapshot_seq_.has_value()) return;
    for (const auto& [key, item] : now_) {
      const auto then = snapshot_.find(key);
      ASSERT_EQ(read(key, *snapshot_seq_), then == snapshot_.end() ? "" : value_of(then->second));
    }
  }

  PickerOptions options() const { return input_.options; }

 private:
  struct Running {
    Plan plan;
    std::vector<Item> result;
    std::vector<Seq> readers;
  };

  /// The values are the seqs at which the keys were written; a table at the bottom forgets them, so
  /// each key keeps its own.
  std::string value_of(const Item& item) const {
    return item.deleted ? "" : values_.at({item.key, item.seq});
  }

  void add(Edit& edit, int level, std::vector<Item> items) {
    std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
      return a.key != b.key ? a.key < b.key : a.seq > b.seq;
    });
    TableMeta meta;
    meta.number = FileNumber{++next_number_};
    meta.bytes = kEntryBytes * items.size();
    meta.smallest = items.front().key;
    meta.largest = items.back().key;
    meta.min_seq = kSeqMax;
    for (const Item& item : items) {
      meta.min_seq = std::min(meta.min_seq, item.seq);
      meta.max_seq = std::max(meta.max_seq, item.seq);
      meta.deletes += item.deleted;
      if (item.seq > 0) values_[{item.key, item.seq}] = std::to_string(item.seq);
    }
    meta.entries = items.size();
    meta.created_micros = clock_;
    written_ += meta.bytes;
    contents_[meta.number] = std::move(items);
    edit.added.push_back({level, meta});
  }

  void install(const Edit& edit) {
    auto next = version_->next(edit, nullptr);
    ASSERT_TRUE(next.ok()) << next.error().to_string() << "\n" << render(edit);
    version_ = next.value();
  }

  /// The rule of retention.h for at most two readers.
  std::vector<Item> merge(const Running& begun) {
    std::vector<Item> all;
    for (const PlanInput& input : begun.plan.inputs) {
      for (const TablePtr& table : input.tables) {
        const std::vector<Item>& items = contents_.at(table->meta.number);
        all.insert(all.end(), items.begin(), items.end());
      }
    }
    std::sort(all.begin(), all.end(), [](const Item& a, const Item& b) {
      return a.key != b.key ? a.key < b.key : a.seq > b.seq;
    });
    std::vector<Item> kept;
    std::string key;
    std::size_t last_stripe = 0;
    for (const Item& item : all) {
      const std::size_t stripe = static_cast<std::size_t>(
          std::lower_bound(begun.readers.begin(), begun.readers.end(), item.seq) -
          begun.readers.begin());
      const bool hidden = key == item.key && stripe == last_stripe;
      key = item.key;
      last_stripe = stripe;
      if (hidden) continue;
      const bool oldest = stripe == 0 && begun.plan.bottommost;
      if (oldest && item.deleted) continue;
      kept.push_back(item);
      if (oldest && item.seq > 0) {
        kept.back().seq = 0;
        values_[{item.key, 0}] = values_.at({item.key, item.seq});
      }
    }
    return kept;
  }

  std::string read(const std::string& key, Seq at) const {
    for (int level = 0; level < kLevelCount; ++level) {
      for (const TablePtr& table : version_->level(level)) {
        if (key < table->meta.smallest || key > table->meta.largest) continue;
        for (const Item& item : contents_.at(table->meta.number)) {
          if (item.key == key && item.seq <= at) return value_of(item);
        }
      }
    }
    return "";
  }

  std::mt19937_64 random_;
  VersionPtr version_ = Version::empty();
  PickerInput input_;
  std::map<FileNumber, std::vector<Item>> contents_;
  std::map<std::string, Item> now_;
  std::map<std::string, Item> snapshot_;
  std::map<std::pair<std::string, Seq>, std::string> values_;
  std::optional<Seq> snapshot_seq_;
  std::vector<Running> plans_;
  std::uint64_t next_number_ = 0;
  std::uint64_t clock_ = 1;
  std::uint64_t written_ = 0;
  std::uint64_t flushes_ = 0;
  Seq seq_ = 0;
};

enum class Workload { kUniform, kSequential, kQueue, kMixed };

std::vector<std::pair<std::uint64_t, bool>> next_writes(Model& model, Workload workload,
                                                        std::uint64_t step) {
  std::map<std::uint64_t, bool> writes;
  const std::uint64_t from = step * 15;
  for (std::uint64_t i = 0; i < 20; ++i) {
    if (workload == Workload::kUniform) writes[model.random(600)] = false;
    if (workload == Workload::kSequential) writes[step * 20 + i] = false;
    if (workload == Workload::kMixed) {
      const std::uint64_t base = model.random(3) == 0 ? 0 : model.random(500);
      writes[base + model.random(100)] = model.random(3) == 0;
    }
    if (workload == Workload::kQueue) {
      writes[from + i] = false;
      if (from > 100) writes[from - 100 + i] = true;
    }
  }
  return {writes.begin(), writes.end()};
}

void settle(Model& model) {
  while (model.running_count() > 0) model.finish(0);
  for (int steps = 0; model.begin(false); ++steps) {
    ASSERT_LT(steps, 2000) << "no end: " << model.version().render();
    model.finish(0);
  }
}

void expect_in_shape(const Model& model) {
  const LevelSizes sizes = level_sizes(model.version(), model.options());
  EXPECT_LT(model.l0_count(), 4u);
  for (int level = 1; level + 1 < kLevelCount; ++level) {
    EXPECT_LE(model.version().bytes(level), sizes.target[level]) << model.version().render();
  }
  EXPECT_EQ(debt_bytes(model.version(), model.options()), 0u);
}

class PickerModel : public testing::TestWithParam<std::tuple<Workload, unsigned>> {};

TEST_P(PickerModel, EveryKeyReadsRightAfterEveryStep) {
  const auto [workload, seed] = GetParam();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Model model(seed);
  std::uint64_t flushes = 0;
  for (int step = 0; step < 600 && !testing::Test::HasFatalFailure(); ++step) {
    const std::uint64_t dice = model.random(10);
    if (dice < 3 && model.l0_count() < 16) {
      model.write(next_writes(model, workload, flushes++));
    } else if (dice < 7) {
      if (model.running_count() < 2) model.begin(model.random(8) == 0);
    } else if (model.running_count() > 0) {
      model.finish(model.random(model.running_count()));
    }
    if (model.random(50) == 0) model.take_snapshot();
    if (model.random(50) == 0) model.release_snapshot();
    if (step % 5 == 0) model.check_reads();
  }
  model.release_snapshot();
  settle(model);
  model.check_reads();
  expect_in_shape(model);
  // The whole by hand: one run, without deletes or old versions.
  for (int steps = 0; model.begin(true); ++steps) {
    ASSERT_LT(steps, 2000);
    model.finish(0);
    model.check_reads();
  }
}

INSTANTIATE_TEST_SUITE_P(All, PickerModel,
                         testing::Combine(testing::Values(Workload::kUniform, Workload::kSequential,
                                                          Workload::kQueue, Workload::kMixed),
                                          testing::Values(1U, 2U, 3U)));

TEST(PickerCost, SequentialLoadIsWrittenOnce) {
  Model model(1);
  for (std::uint64_t i = 0; i < 200; ++i) {
    model.write(next_writes(model, Workload::kSequential, i));
    settle(model);
  }
  EXPECT_EQ(model.written(), model.user_bytes());
  EXPECT_EQ(model.l0_count(), 0u);
}

TEST(PickerCost, UniformOverwritesStayWithinBounds) {
  Model model(1);
  for (std::uint64_t i = 0; i < 600; ++i) {
    model.write(next_writes(model, Workload::kUniform, i));
    settle(model);
    // Ten times the live data would be a leak of old versions; half as much again is the levels.
    if (i < 300) continue;
    ASSERT_LE(model.version().bytes(), model.live_bytes() * 3 / 2);
  }
  EXPECT_LE(model.written(), 10 * model.user_bytes());
}

TEST(PickerCost, QueueLeavesNothingBehind) {
  Model model(1);
  for (std::uint64_t i = 0; i < 400; ++i) {
    model.write(next_writes(model, Workload::kQueue, i));
    settle(model);
    ASSERT_LE(model.version().bytes(), std::uint64_t{600} * kEntryBytes) << i;
  }
}

}  // namespace
}  // namespace nacre
