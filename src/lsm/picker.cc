#include "lsm/picker.h"

#include <algorithm>
#include <limits>

#include "lsm/plan_builder.h"

namespace nacre {

namespace {

/// So many tables of a level are tried before the level counts as busy.
constexpr std::size_t kTriesPerLevel = 32;

/// A level that should be empty comes before one that is a little too full, and before level 0 as
/// long as reads don't suffer.
constexpr double kDrainScore = 1.5;

/// Level 0 at twice its trigger and no way down: it is merged within itself.
constexpr double kBacklogScore = 4;

/// Idle time is free, but disks wear out: a merge may write so many times what it takes from level
/// 0.
constexpr double kIdleCostMax = 9;
constexpr double kAnyCost = std::numeric_limits<double>::infinity();

/// Walks pay for a merge of level 0 when it has one in so many of the tables that make it full.
constexpr std::size_t kWalkedPart = 3;

/// Deletes in level 0 alone don't justify a merge that reads so many times their bytes.
constexpr std::uint64_t kTombstoneFactor = 16;

class Picker {
 public:
  Picker(const Version& version, const PickerInput& input)
      : version_(version),
        input_(input),
        builder_(version, input),
        sizes_(level_sizes(version, input.options)),
        l0_output_(l0_output_level(version, sizes_)) {}

  std::optional<Plan> by_size() const;
  std::optional<Plan> free_move() const;
  std::optional<Plan> tombstones() const;
  std::optional<Plan> old_deletes() const;
  std::optional<Plan> walked() const;
  std::optional<Plan> idle() const { return from_l0(PlanReason::kIdle, kIdleCostMax); }
  std::optional<Plan> range(const KeyRange& range) const;

 private:
  struct Candidate {
    double score;
    int level;
  };
  struct Choice {
    double cost;
    TablePtr table;
  };

  double score(int level) const;
  int next_level(int level) const;
  std::optional<Plan> from_l0(PlanReason reason, double cost_max) const;
  std::optional<Plan> from_level(int level) const;
  std::vector<Choice> choices(int level, int output) const;

  std::optional<Plan> get_rid_of_deletes(int level, const TablePtr& table, PlanReason reason) const;
  std::optional<Plan> l0_with(PlanReason reason, bool (Picker::*wanted)(const Table&) const) const;
  std::optional<Plan> deeper_with(PlanReason reason,
                                  bool (Picker::*wanted)(const Table&) const) const;
  bool is_tombstone_heavy(const Table& table) const;
  bool has_old_deletes(const Table& table) const;

  std::optional<Plan> range_from_l0(const KeyRange& range, int bottom) const;
  std::optional<Plan> range_rewrite(const KeyRange& range, int level) const;
  int first_level_met(int above, const KeyRange& range, int otherwise) const;

  const Version& version_;
  const PickerInput& input_;
  const PlanBuilder builder_;
  const LevelSizes sizes_;
  const int l0_output_;
};

/// 1 and more: the level has to give something away. What is on its way out doesn't count.
double Picker::score(int level) const {
  std::uint64_t bytes = 0;
  std::size_t count = 0;
  for (const TablePtr& table : version_.level(level)) {
    if (builder_.busy(*table)) continue;
    bytes += table->meta.bytes;
    ++count;
  }
  const auto bytes_here = static_cast<double>(bytes);
  if (level == 0) {
    // Squared, for every get looks into every table of level 0: its excess is worse than others'.
    const double by_count =
        static_cast<double>(count) / static_cast<double>(input_.options.l0_trigger);
    const double by_bytes = bytes_here / static_cast<double>(input_.options.base_bytes);
    return count < 2 ? by_count : std::max(by_count * by_count, by_bytes);
  }
  if (count == 0) return 0;
  if (level < sizes_.base) return kDrainScore;
  return bytes_here / static_cast<double>(sizes_.target[level]);
}

int Picker::next_level(int level) const {
  int next = level + 1;
  while (next < sizes_.base && version_.bytes(next) == 0) ++next;
  return next;
}

std::optional<Plan> Picker::by_size() const {
  std::vector<Candidate> candidates;
  for (int level = 0; level + 1 < kLevelCount; ++level) {
    if (const double now = score(level); now >= 1) candidates.push_back({now, level});
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  for (const Candidate& candidate : candidates) {
    std::optional<Plan> plan =
        candidate.level == 0 ? from_l0(PlanReason::kL0Full, kAnyCost) : from_level(candidate.level);
    if (plan.has_value()) return plan;
    if (candidate.level == 0 && candidate.score >= kBacklogScore) plan = builder_.within_l0();
    if (plan.has_value()) return plan;
  }
  return std::nullopt;
}

/// Of the groups of level 0 the one that rewrites the least for each byte it takes away.
std::optional<Plan> Picker::from_l0(PlanReason reason, double cost_max) const {
  std::optional<Plan> best;
  double best_cost = 0;
  for (const std::vector<TablePtr>& group : builder_.l0_groups()) {
    std::vector<TablePtr> portion = builder_.l0_portion(group);
    const auto bytes = static_cast<double>(bytes_of(portion));
    std::optional<Plan> plan = builder_.down(0, std::move(portion), l0_output_, reason);
    if (!plan.has_value()) continue;
    const double cost = plan->kind == PlanKind::kMerge
                            ? static_cast<double>(plan->input_bytes()) / std::max(bytes, 1.0)
                            : 0;
    if (cost > cost_max || (best.has_value() && cost >= best_cost)) continue;
    best = std::move(plan);
    best_cost = cost;
  }
  return best;
}

/// Cheapest first: by the bytes rewritten below per byte that goes down.
std::vector<Picker::Choice> Picker::choices(int level, int output) const {
  std::vector<Choice> choices;
  for (const TablePtr& table : version_.level(level)) {
    if (builder_.busy(*table)) continue;
    const TableMeta& meta = table->meta;
    const auto met =
        static_cast<double>(bytes_of(version_.overlapping(output, meta.smallest, meta.largest)));
    double cost = met / static_cast<double>(std::max<std::uint64_t>(meta.bytes, 1));
    if (is_mostly_deletes(*table)) cost /= 4;
    choices.push_back({cost, table});
  }
  std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    if (a.cost != b.cost) return a.cost < b.cost;
    if (a.table->meta.max_seq != b.table->meta.max_seq) {
      return a.table->meta.max_seq < b.table->meta.max_seq;
    }
    return raw(a.table->meta.number) < raw(b.table->meta.number);
  });
  return choices;
}

std::optional<Plan> Picker::from_level(int level) const {
  const int output = next_level(level);
  const PlanReason reason = level < sizes_.base ? PlanReason::kDrain : PlanReason::kLevelFull;
  const std::vector<Choice> sorted = choices(level, output);
  for (std::size_t i = 0; i < std::min(kTriesPerLevel, sorted.size()); ++i) {
    std::optional<Plan> plan =
        builder_.down_with_neighbours(level, sorted[i].table, output, reason);
    if (plan.has_value()) return plan;
  }
  return std::nullopt;
}

std::optional<Plan> Picker::free_move() const {
  for (std::vector<TablePtr>& group : builder_.l0_groups()) {
    if (group.size() > 1) continue;
    std::optional<Plan> plan =
        builder_.down(0, std::move(group), l0_output_, PlanReason::kFreeMove);
    if (plan.has_value() && plan->kind == PlanKind::kMove) return plan;
  }
  return std::nullopt;
}

bool Picker::is_tombstone_heavy(const Table& table) const {
  return is_mostly_deletes(table) && builder_.settled(table);
}

bool Picker::has_old_deletes(const Table& table) const {
  const std::uint64_t age = input_.options.delete_age_micros;
  return age != 0 && table.meta.deletes > 0 && builder_.settled(table) &&
         input_.now_micros >= table.meta.created_micros &&
         input_.now_micros - table.meta.created_micros >= age;
}

/// The next step for a table of a level >= 1 that should lose its deletes: alone where nothing lies
/// below, else one level down.
std::optional<Plan> Picker::get_rid_of_deletes(int level, const TablePtr& table,
                                               PlanReason reason) const {
  if (builder_.nothing_below(level, range_of(*table))) {
    return builder_.rewrite(level, table, reason);
  }
  return builder_.down_with_neighbours(level, table, next_level(level), reason);
}

std::optional<Plan> Picker::l0_with(PlanReason reason,
                                    bool (Picker::*wanted)(const Table&) const) const {
  for (const std::vector<TablePtr>& group : builder_.l0_groups()) {
    std::vector<TablePtr> portion = builder_.l0_portion(group);
    const auto is_wanted = [&](const TablePtr& table) { return (this->*wanted)(*table); };
    if (std::none_of(portion.begin(), portion.end(), is_wanted)) continue;
    const std::uint64_t bytes = bytes_of(portion);
    std::optional<Plan> plan = builder_.down(0, std::move(portion), l0_output_, reason);
    if (!plan.has_value()) continue;
    const bool bearable = plan->input_bytes() <= kTombstoneFactor * bytes;
    if (bearable || reason == PlanReason::kOldDeletes) return plan;
  }
  return std::nullopt;
}

std::optional<Plan> Picker::deeper_with(PlanReason reason,
                                        bool (Picker::*wanted)(const Table&) const) const {
  std::optional<Plan> best;
  double best_density = 0;
  Seq best_seq = 0;
  for (int level = 1; level < kLevelCount; ++level) {
    for (const TablePtr& table : version_.level(level)) {
      const TableMeta& meta = table->meta;
      if (builder_.busy(*table) || !(this->*wanted)(*table)) continue;
      const double density = static_cast<double>(meta.deletes) / static_cast<double>(meta.entries);
      const bool better =
          density > best_density || (density == best_density && meta.max_seq < best_seq);
      if (best.has_value() && !better) continue;
      std::optional<Plan> plan = get_rid_of_deletes(level, table, reason);
      if (!plan.has_value()) continue;
      best = std::move(plan);
      best_density = density;
      best_seq = meta.max_seq;
    }
  }
  return best;
}

std::optional<Plan> Picker::tombstones() const {
  if (auto plan = l0_with(PlanReason::kTombstones, &Picker::is_tombstone_heavy)) return plan;
  if (auto plan = deeper_with(PlanReason::kTombstones, &Picker::is_tombstone_heavy)) return plan;
  // At the bottom nothing but a rewrite of its own will ever free what deletes occupy.
  const int bottom = kLevelCount - 1;
  for (const TablePtr& table : version_.level(bottom)) {
    if (!has_many_deletes(*table) || !builder_.settled(*table)) continue;
    if (auto plan = builder_.rewrite(bottom, table, PlanReason::kTombstones)) return plan;
  }
  return std::nullopt;
}

std::optional<Plan> Picker::old_deletes() const {
  if (auto plan = l0_with(PlanReason::kOldDeletes, &Picker::has_old_deletes)) return plan;
  return deeper_with(PlanReason::kOldDeletes, &Picker::has_old_deletes);
}

std::optional<Plan> Picker::walked() const {
  if (version_.table_count(0) * kWalkedPart < input_.options.l0_trigger) return std::nullopt;
  std::optional<Plan> plan = from_l0(PlanReason::kWalked, kAnyCost);
  if (!plan.has_value() || plan->input_bytes() > input_.paid_by_walks) return std::nullopt;
  return plan;
}

int Picker::first_level_met(int above, const KeyRange& range, int otherwise) const {
  for (int level = above + 1; level < kLevelCount; ++level) {
    if (!version_.overlapping(level, range.smallest, range.largest).empty()) return level;
  }
  return otherwise;
}

std::optional<Plan> Picker::range_from_l0(const KeyRange& range, int bottom) const {
  for (const std::vector<TablePtr>& group : builder_.l0_groups()) {
    const auto meets = [&](const TablePtr& table) { return range.meets(range_of(*table)); };
    if (std::none_of(group.begin(), group.end(), meets)) continue;
    std::vector<TablePtr> portion = builder_.l0_portion(group);
    const int otherwise = std::max(l0_output_, bottom);
    const int output = first_level_met(0, hull_of(portion), otherwise);
    if (auto plan = builder_.down(0, std::move(portion), output, PlanReason::kManual)) return plan;
  }
  return std::nullopt;
}

/// A table that a merge wrote at the bottom has seq 0 everywhere (retention.h); any other may hold
/// old versions.
std::optional<Plan> Picker::range_rewrite(const KeyRange& range, int level) const {
  for (const TablePtr& table : version_.overlapping(level, range.smallest, range.largest)) {
    const bool as_merged = table->meta.max_seq == 0 && table->meta.deletes == 0;
    if (as_merged || !builder_.settled(*table)) continue;
    if (!builder_.nothing_below(level, range_of(*table))) continue;
    if (auto plan = builder_.rewrite(level, table, PlanReason::kManual)) return plan;
  }
  return std::nullopt;
}

std::optional<Plan> Picker::range(const KeyRange& range) const {
  const int top = first_level_met(-1, range, kLevelCount);
  if (top == kLevelCount) return std::nullopt;
  int bottom = top;
  for (int level = top + 1; level < kLevelCount; ++level) {
    if (!version_.overlapping(level, range.smallest, range.largest).empty()) bottom = level;
  }
  if (top == 0) return range_from_l0(range, bottom);
  if (top == bottom) return range_rewrite(range, bottom);
  for (const TablePtr& table : version_.overlapping(top, range.smallest, range.largest)) {
    const int output = first_level_met(top, range_of(*table), bottom);
    auto plan = builder_.down_with_neighbours(top, table, output, PlanReason::kManual);
    if (plan.has_value()) return plan;
  }
  return std::nullopt;
}

}  // namespace

RunningCompaction running(const Plan& plan) {
  return {plan.input_numbers(), plan.input_level, plan.output_level, plan.smallest, plan.largest};
}

std::optional<Plan> pick(const Version& version, const PickerInput& input) {
  const Picker picker(version, input);
  if (auto plan = picker.by_size()) return plan;
  if (auto plan = picker.free_move()) return plan;
  if (auto plan = picker.tombstones()) return plan;
  if (auto plan = picker.old_deletes()) return plan;
  if (input.paid_by_walks > 0) {
    if (auto plan = picker.walked()) return plan;
  }
  return input.idle ? picker.idle() : std::nullopt;
}

std::optional<Plan> pick_range(const Version& version, std::string_view lower,
                               std::optional<std::string_view> upper, const PickerInput& input) {
  std::string_view last = upper.value_or(lower);
  if (!upper.has_value()) {
    for (int level = 0; level < kLevelCount; ++level) {
      for (const TablePtr& table : version.level(level)) {
        last = std::max<std::string_view>(last, table->meta.largest);
      }
    }
  }
  return Picker(version, input).range({lower, last});
}

}  // namespace nacre
