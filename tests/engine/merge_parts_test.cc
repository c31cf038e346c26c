// A merge cut into parts gives, entry for entry, what it gives as a whole.

#include "engine/merge_parts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "base/text.h"
#include "engine/compaction.h"
#include "engine/engine_world.h"
#include "engine/level_cursor.h"
#include "engine/table_output.h"
#include "key/vector_cursor.h"

namespace nacre::engine {
namespace {

using test::OwnedEntry;

/// Three tables of level 0 over one of level 1, with keys in several of them, and a merge of all.
class MergeWorld {
 public:
  explicit MergeWorld(std::uint64_t seed) {
    Random random(seed);
    plan_.output_level = 1;
    plan_.bottommost = true;
    plan_.inputs = {{.level = 0, .tables = {}}, {.level = 1, .tables = {}}};
    for (Seq run = 0; run < 4; ++run) {
      std::vector<OwnedEntry> entries;
      for (std::uint64_t number = 0; number < kKeys; ++number) {
        if (random.one_in(3)) continue;
        const Kind kind = random.one_in(4) ? Kind::kDelete : Kind::kPut;
        entries.push_back({std::to_string(10'000 + number),
                           make_trailer(run * kKeys + number + 1, kind),
                           kind == Kind::kPut ? std::string(random.below(80), 'v') : ""});
      }
      plan_.inputs[run == 0 ? 1 : 0].tables.push_back(table(entries));
    }
    std::reverse(plan_.inputs[0].tables.begin(), plan_.inputs[0].tables.end());  // newest first
  }

  const Plan& plan() const { return plan_; }

  /// What the merge leaves, as text, when `threads` may work on it; `starts` are the first keys
  /// of its tables.
  std::string merged(std::uint32_t threads, std::vector<std::string>* starts) {
    Settings settings = ground_.context.settings;
    settings.options.background_threads = threads;
    Context context(test::kStoreDir, settings, roomy_->state());
    context.salt = ground_.context.salt;
    context.visible.store(2 * kKeys, std::memory_order_release);
    context.snapshots.take(context.visible);  // with versions on both sides of it
    context.visible.store(4 * kKeys, std::memory_order_release);
    const std::atomic<bool> cancelled{false};
    auto result = run_compaction(context, numbers_, Version(), plan_, cancelled);
    if (!result.ok()) return result.error().to_string();
    starts->clear();
    for (const TablePtr& table : result->added) starts->push_back(table->meta.smallest);
    std::string text;
    const auto cursor = make_level_cursor(result->added, CursorUse::kRead);
    for (cursor->first(); cursor->valid(); cursor->next()) {
      const Entry& entry = cursor->entry();
      text += std::string(entry.key) + ' ' + std::to_string(raw(entry.trailer)) + ' ' +
              std::to_string(entry.value.size()) + '\n';
    }
    return text + cursor->status().to_string();
  }

 private:
  static constexpr std::uint64_t kKeys = 4000;

  TablePtr table(const std::vector<OwnedEntry>& entries) {
    auto output = TableOutput::create(ground_.context, numbers_.take(), OutputKind::kMerge);
    for (const OwnedEntry& entry : entries) {
      EXPECT_TRUE((*output)->add({entry.key, entry.trailer, entry.value}).ok());
    }
    return (*output)->finish().value();
  }

  EngineWorld ground_;
  // Parts are not for a store that has no memory for their buffers.
  std::shared_ptr<Runtime> roomy_ =
      Runtime::create({.env = &ground_.world, .memory_bytes = 16 << 20}).value();
  FileNumbers numbers_;
  Plan plan_;
};

TEST(MergeParts, GiveTheEntriesOfTheWhole) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MergeWorld world(seed);
    std::vector<std::string> starts;
    const std::string whole = world.merged(1, &starts);
    ASSERT_TRUE(whole.ends_with("ok")) << whole;
    ASSERT_GT(std::count(whole.begin(), whole.end(), '\n'), 3000);
    for (const std::uint32_t threads : {2, 3, 4}) {
      std::vector<std::string> cut_starts;
      EXPECT_EQ(world.merged(threads, &cut_starts), whole) << threads << " threads";
      EXPECT_NE(cut_starts, starts) << "it was not cut";
    }
  }
}

TEST(MergeParts, AreOfAboutTheSameSize) {
  const MergeWorld world(7);
  for (const std::size_t parts : {2, 3, 5}) {
    const std::vector<std::string> cuts = cut_keys(world.plan(), parts);
    ASSERT_EQ(cuts.size(), parts - 1);
    ASSERT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
    std::uint64_t total = 0;
    std::vector<std::uint64_t> bytes(parts);
    for (const PlanInput& input : world.plan().inputs) {
      for (const TablePtr& table : input.tables) {
        total += table->reader()->stored().index.data_bytes();
        for (std::size_t i = 0; i < parts; ++i) {
          const std::string lower = i == 0 ? "" : cuts[i - 1];
          const std::string upper = i + 1 == parts ? "~" : cuts[i];
          bytes[i] += table->reader()->approximate_bytes(lower, upper);
        }
      }
    }
    for (const std::uint64_t each : bytes) {
      EXPECT_GT(each, total / parts * 8 / 10);
      EXPECT_LT(each, total / parts * 12 / 10);
    }
  }
}

TEST(MergeParts, OneKeyIsNotCut) {
  EngineWorld ground;
  auto output = TableOutput::create(ground.context, FileNumber{1}, OutputKind::kMerge);
  for (Seq seq = 5000; seq > 0; --seq) {
    ASSERT_TRUE((*output)->add({"k", make_trailer(seq, Kind::kPut), std::string(50, 'v')}).ok());
  }
  Plan plan;
  plan.inputs = {{.level = 0, .tables = {(*output)->finish().value()}}};
  EXPECT_EQ(cut_keys(plan, 4).size(), 1U);  // before and after that key: one part has it all
  EXPECT_EQ(cut_keys(plan, 1).size(), 0U);
}

}  // namespace
}  // namespace nacre::engine
