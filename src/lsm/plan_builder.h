// plan_builder.h - turns tables to be compacted into a plan, or says that they can't be now.
//
// The rules that keep a plan correct are here; which tables are worth it is the picker's business.
//
// THREADS    one at a time; lives within one call of the picker.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lsm/picker.h"

namespace nacre {

struct KeyRange {
  std::string_view smallest;  // inclusive, both
  std::string_view largest;
  bool meets(const KeyRange& other) const {
    return smallest <= other.largest && other.smallest <= largest;
  }
};
inline KeyRange range_of(const Table& table) { return {table.meta.smallest, table.meta.largest}; }
/// The smallest range around all. `tables` is not empty.
KeyRange hull_of(const std::vector<TablePtr>& tables);
std::uint64_t bytes_of(const std::vector<TablePtr>& tables);

/// A fifth of the entries: worth a rewrite where the deletes can be dropped.
inline bool has_many_deletes(const Table& table) {
  return table.meta.deletes * 5 >= table.meta.entries;
}
/// Half of the entries or more.
inline bool is_mostly_deletes(const Table& table) {
  return table.meta.deletes * 2 >= table.meta.entries;
}

class PlanBuilder {
 public:
  /// A plan takes about so many target tables of level 0 at most.
  static constexpr std::uint64_t kTablesPerPlan = 16;

  PlanBuilder(const Version& version, const PickerInput& input);

  bool busy(const Table& table) const { return busy_.contains(raw(table.meta.number)); }
  /// Every entry is visible to all readers, so that whatever one hides can go.
  bool settled(const Table& table) const { return table.meta.max_seq <= input_.oldest_snapshot; }
  /// Whether a level deeper than `level` has a table that meets the range.
  bool nothing_below(int level, const KeyRange& range) const;

  /// Tables of level 0, oldest first, in groups: no table of one meets a table of another. Left out
  /// are busy tables and all that meet an older one left out: they must wait (P1).
  std::vector<std::vector<TablePtr>> l0_groups() const;
  /// The longest beginning of a group that is not too much for one plan.
  std::vector<TablePtr> l0_portion(const std::vector<TablePtr>& group) const;

  /// Takes `tables` of one level down to `output`, with what they meet there. For level 0, `tables`
  /// must hold every older table that one of them meets. nullopt when something is in the way: a
  /// busy table, a running compaction, or older entries at a level in between.
  std::optional<Plan> down(int level, std::vector<TablePtr> tables, int output,
                           PlanReason reason) const;
  /// The same for one table of a level >= 1, joined by others of its level that meet nothing more.
  std::optional<Plan> down_with_neighbours(int level, const TablePtr& table, int output,
                                           PlanReason reason) const;
  /// Rewrites one table of a level >= 1 where it is, or drops it.
  std::optional<Plan> rewrite(int level, const TablePtr& table, PlanReason reason) const;
  /// Merges tables of level 0, neighbours in age, into one.
  std::optional<Plan> within_l0() const;

 private:
  bool writes_meet(int level, const KeyRange& range) const;
  bool any_busy(const std::vector<TablePtr>& tables) const;
  bool is_garbage(const std::vector<TablePtr>& tables) const;
  PlanKind kind_of(const Plan& plan, bool alone) const;
  std::optional<Plan> finish(Plan plan) const;

  const Version& version_;
  const PickerInput& input_;
  std::unordered_set<std::uint64_t> busy_;
};

}  // namespace nacre
