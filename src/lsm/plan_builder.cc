#include "lsm/plan_builder.h"

#include <algorithm>

#include "base/check.h"
#include "lsm/splitter.h"

namespace nacre {

namespace {

bool disjoint(const std::vector<TablePtr>& tables) {
  for (std::size_t i = 0; i < tables.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (range_of(*tables[i]).meets(range_of(*tables[j]))) return false;
    }
  }
  return true;
}

}  // namespace

KeyRange hull_of(const std::vector<TablePtr>& tables) {
  KeyRange hull = range_of(*tables.front());
  for (const TablePtr& table : tables) {
    hull.smallest = std::min<std::string_view>(hull.smallest, table->meta.smallest);
    hull.largest = std::max<std::string_view>(hull.largest, table->meta.largest);
  }
  return hull;
}

std::uint64_t bytes_of(const std::vector<TablePtr>& tables) {
  std::uint64_t bytes = 0;
  for (const TablePtr& table : tables) bytes += table->meta.bytes;
  return bytes;
}

PlanBuilder::PlanBuilder(const Version& version, const PickerInput& input)
    : version_(version), input_(input) {
  for (const RunningCompaction& compaction : input.running) {
    for (const FileNumber number : compaction.inputs) busy_.insert(raw(number));
  }
}

bool PlanBuilder::writes_meet(int level, const KeyRange& range) const {
  return std::any_of(input_.running.begin(), input_.running.end(), [&](const auto& compaction) {
    return compaction.output_level == level &&
           range.meets({compaction.smallest, compaction.largest});
  });
}

bool PlanBuilder::any_busy(const std::vector<TablePtr>& tables) const {
  return std::any_of(tables.begin(), tables.end(),
                     [this](const TablePtr& table) { return busy(*table); });
}

bool PlanBuilder::nothing_below(int level, const KeyRange& range) const {
  for (int deeper = level + 1; deeper < kLevelCount; ++deeper) {
    if (!version_.overlapping(deeper, range.smallest, range.largest).empty()) return false;
  }
  return true;
}

std::vector<std::vector<TablePtr>> PlanBuilder::l0_groups() const {
  const std::span<const TablePtr> newest_first = version_.level(0);
  std::vector<TablePtr> waiting;
  std::vector<std::vector<TablePtr>> groups;
  for (auto table = newest_first.rbegin(); table != newest_first.rend(); ++table) {
    const KeyRange range = range_of(**table);
    const auto met = [&](const TablePtr& other) { return range.meets(range_of(*other)); };
    if (busy(**table) || std::any_of(waiting.begin(), waiting.end(), met)) {
      waiting.push_back(*table);
      continue;
    }
    // The table joins all groups that it meets into one; sorting by age comes after.
    std::vector<TablePtr> joined;
    std::erase_if(groups, [&](std::vector<TablePtr>& group) {
      if (std::none_of(group.begin(), group.end(), met)) return false;
      joined.insert(joined.end(), group.begin(), group.end());
      return true;
    });
    joined.push_back(*table);
    groups.push_back(std::move(joined));
  }
  const auto place = [&](const TablePtr& table) {
    return std::find(newest_first.begin(), newest_first.end(), table);
  };
  const auto older = [&](const TablePtr& a, const TablePtr& b) { return place(a) > place(b); };
  for (std::vector<TablePtr>& group : groups) std::sort(group.begin(), group.end(), older);
  return groups;
}

std::vector<TablePtr> PlanBuilder::l0_portion(const std::vector<TablePtr>& group) const {
  const std::uint64_t limit = kTablesPerPlan * input_.options.target_table_bytes;
  std::vector<TablePtr> portion;
  for (const TablePtr& table : group) {
    if (!portion.empty() && bytes_of(portion) + table->meta.bytes > limit) break;
    portion.push_back(table);
  }
  return portion;
}

/// True when the tables hold nothing but deletes that everybody sees.
bool PlanBuilder::is_garbage(const std::vector<TablePtr>& tables) const {
  return std::all_of(tables.begin(), tables.end(), [this](const TablePtr& table) {
    return table->meta.deletes == table->meta.entries && settled(*table);
  });
}

/// `alone`: no table of the output level takes part.
PlanKind PlanBuilder::kind_of(const Plan& plan, bool alone) const {
  const std::vector<TablePtr>& tables = plan.inputs.front().tables;
  if (!alone) return PlanKind::kMerge;
  if (plan.bottommost && is_garbage(tables)) return PlanKind::kDrop;
  if (plan.input_level == plan.output_level) return PlanKind::kMerge;
  // Deletes that can be dropped now would need a rewrite of their own after a move.
  const bool rewrite_pays =
      plan.bottommost && std::any_of(tables.begin(), tables.end(), [this](const TablePtr& table) {
        return has_many_deletes(*table) && settled(*table);
      });
  const std::uint64_t bearable = Splitter::kOverlapFactor * input_.options.target_table_bytes;
  if (rewrite_pays || !disjoint(tables) || bytes_of(plan.grandparents) > bearable) {
    return PlanKind::kMerge;
  }
  return PlanKind::kMove;
}

/// Fills in what follows from the inputs; nullopt where a running compaction writes.
std::optional<Plan> PlanBuilder::finish(Plan plan) const {
  KeyRange hull = hull_of(plan.inputs.front().tables);
  // A newer entry must not slip below one that is on its way to a level in between.
  for (int level = plan.input_level; level < plan.output_level; ++level) {
    if (level > 0 && writes_meet(level, hull)) return std::nullopt;
  }
  if (plan.inputs.size() > 1) {
    const KeyRange below = hull_of(plan.inputs.back().tables);
    hull.smallest = std::min(hull.smallest, below.smallest);
    hull.largest = std::max(hull.largest, below.largest);
  }
  if (plan.output_level > 0 && writes_meet(plan.output_level, hull)) return std::nullopt;
  plan.smallest = hull.smallest;
  plan.largest = hull.largest;
  if (plan.output_level > 0 && plan.output_level + 1 < kLevelCount) {
    plan.grandparents = version_.overlapping(plan.output_level + 1, hull.smallest, hull.largest);
  }
  plan.bottommost = plan.output_level > 0 && nothing_below(plan.output_level, hull);
  plan.kind = kind_of(plan, plan.inputs.size() == 1);
  return plan;
}

std::optional<Plan> PlanBuilder::down(int level, std::vector<TablePtr> tables, int output,
                                      PlanReason reason) const {
  NACRE_DCHECK(level < output && !tables.empty());
  if (any_busy(tables)) return std::nullopt;
  const KeyRange hull = hull_of(tables);
  for (int between = level + 1; between < output; ++between) {
    if (!version_.overlapping(between, hull.smallest, hull.largest).empty()) return std::nullopt;
  }
  Plan plan;
  plan.reason = reason;
  plan.input_level = level;
  plan.output_level = output;
  plan.inputs.push_back({level, std::move(tables)});
  std::vector<TablePtr> met = version_.overlapping(output, hull.smallest, hull.largest);
  if (any_busy(met)) return std::nullopt;
  if (!met.empty()) plan.inputs.push_back({output, std::move(met)});
  return finish(std::move(plan));
}

std::optional<Plan> PlanBuilder::down_with_neighbours(int level, const TablePtr& table, int output,
                                                      PlanReason reason) const {
  NACRE_DCHECK(level > 0);
  std::optional<Plan> plan = down(level, {table}, output, reason);
  if (!plan.has_value() || plan->kind != PlanKind::kMerge) return plan;
  // Tables within the range that is rewritten anyway come along at no cost.
  const KeyRange rewritten{plan->smallest, plan->largest};
  std::vector<TablePtr> all;
  for (const TablePtr& other : version_.overlapping(level, rewritten.smallest, rewritten.largest)) {
    const bool inside = other->meta.smallest >= rewritten.smallest &&
                        other->meta.largest <= rewritten.largest && !busy(*other);
    if (inside) all.push_back(other);
  }
  if (all.size() < 2) return plan;
  std::optional<Plan> larger = down(level, std::move(all), output, reason);
  return larger.has_value() ? larger : plan;
}

std::optional<Plan> PlanBuilder::rewrite(int level, const TablePtr& table,
                                         PlanReason reason) const {
  NACRE_DCHECK(level > 0);
  if (busy(*table)) return std::nullopt;
  Plan plan;
  plan.reason = reason;
  plan.input_level = level;
  plan.output_level = level;
  plan.inputs.push_back({level, {table}});
  return finish(std::move(plan));
}

/// From the newest table on, so that what was merged so already is older and not taken again.
/// Tables may be left out that lie between the merged ones in seq, but none that meets their range.
std::optional<Plan> PlanBuilder::within_l0() const {
  const std::span<const TablePtr> tables = version_.level(0);
  const std::uint64_t limit = kTablesPerPlan * input_.options.target_table_bytes;
  std::vector<TablePtr> run;
  for (const TablePtr& table : tables) {
    const bool large = table->meta.bytes > 2 * input_.options.target_table_bytes;
    if (busy(*table) || large || bytes_of(run) + table->meta.bytes > limit) {
      if (run.size() >= input_.options.l0_trigger) break;
      run.clear();
      if (busy(*table) || large) continue;
    }
    run.push_back(table);
  }
  if (run.size() < std::max<std::size_t>(input_.options.l0_trigger, 2)) return std::nullopt;
  const KeyRange hull = hull_of(run);
  Seq oldest = run.front()->meta.min_seq;
  for (const TablePtr& table : run) oldest = std::min(oldest, table->meta.min_seq);
  const Seq newest = run.front()->meta.max_seq;
  for (const TablePtr& other : tables) {
    if (std::find(run.begin(), run.end(), other) != run.end()) continue;
    const bool seqs_meet = other->meta.min_seq <= newest && other->meta.max_seq >= oldest;
    if (seqs_meet && range_of(*other).meets(hull)) return std::nullopt;
  }
  Plan plan;
  plan.reason = PlanReason::kL0Backlog;
  plan.inputs.push_back({0, std::move(run)});
  return finish(std::move(plan));
}

}  // namespace nacre
