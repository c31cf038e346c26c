// plan.h - one step of compaction, decided but not begun.
//
// A plan names the tables that go and the level where their entries arrive:
//
//   move   the tables change their level as they are; nothing is read or written
//   merge  the entries of all inputs are merged into new tables of the output level
//   drop   the tables go, for they hold nothing but deletes that hide nothing
//
// THREADS    a value; its tables are immutable and stay open while it lives.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/version.h"

namespace nacre {

enum class PlanKind : std::uint8_t { kMove, kMerge, kDrop };
/// "move", "merge", "drop".
std::string_view plan_kind_name(PlanKind kind);

/// Why a plan was made, for people.
enum class PlanReason : std::uint8_t {
  kL0Full,      // so many tables in level 0 that reads suffer
  kL0Backlog,   // the same while the way down is taken: merged among themselves
  kLevelFull,   // a level is larger than its target
  kDrain,       // a level that the tree is too small for
  kFreeMove,    // nothing is in the way down
  kTombstones,  // a large part of a table is deletes
  kOldDeletes,  // deletes have waited long
  kWalked,      // walks have paid for it
  kIdle,        // nobody writes: time to make reads cheaper
  kManual,      // asked for
};
/// "l0 full", "l0 backlog", "level full", "drain", "free move", "tombstones", "old deletes",
/// "walked", "idle", "manual".
std::string_view plan_reason_name(PlanReason reason);

struct PlanInput {
  int level = 0;
  std::vector<TablePtr> tables;  // in the order of the version
};

struct Plan {
  PlanKind kind = PlanKind::kMerge;
  PlanReason reason = PlanReason::kManual;
  int input_level = 0;
  int output_level = 0;
  std::vector<PlanInput> inputs;  // the input level, then the output level where it takes part
  std::vector<TablePtr>
      grandparents;         // of the level below the output that meet its range: splitter
  bool bottommost = false;  // deeper than the output, no table meets the range of the plan
  std::string smallest;     // the range of all inputs, user keys, both inclusive
  std::string largest;

  std::uint64_t input_bytes() const;
  /// What a merge reads as one sorted sequence each: every table of level 0 for itself, and any
  /// other level as a whole. Newer before older. Lives as long as the plan.
  std::vector<std::span<const TablePtr>> runs() const;
  std::vector<FileNumber> input_numbers() const;
};

/// One line: "merge L0 9 8 + L6 3 -> L6 [a..k] 70.0 MiB, l0 full, bottommost".
std::string render(const Plan& plan);

}  // namespace nacre
