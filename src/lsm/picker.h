// picker.h - what to compact next: a pure function of the version. Leveled, level 0 to level 6.
//
// In the order of urgency:
//
//   1. The level that is most over its target (level 0: by count and bytes) gives tables to the
//      next. Among its tables those go first that rewrite the fewest bytes below per byte; tables
//      full of deletes count as cheaper, and of equals the oldest goes.
//   2. Level 0 tables with nothing in their way move down at once: a sequential load is written
//   once.
//   3. Tables that are mostly deletes go down, and at the bottom are rewritten alone, once no
//      snapshot needs what they hide.
//   4. So do tables whose deletes have waited long.
//   5. So does level 0 once walks, which look into each of its tables, have paid for that merge, if
//      it has a third of the tables that make it full.
//   6. While nobody writes, level 0 goes down before it is full, unless that rewrites very much for
//      little: every get and every walk looks into each of its tables.
//
// Two compactions may run at once: a plan never takes a table that is busy, nor puts one where a
// running compaction may write.
//
// THREADS    pure functions.
// INVARIANT  P1  for each key, what a plan leaves above its output is newer than what it puts
// there.
//            P2  at the bottom every step makes progress: pick() until nullopt ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/level_sizes.h"
#include "lsm/plan.h"

namespace nacre {

/// A compaction that has begun and is not installed.
struct RunningCompaction {
  std::vector<FileNumber> inputs;
  int input_level = 0;
  int output_level = 0;
  std::string smallest;  // the range that it writes
  std::string largest;
};
RunningCompaction running(const Plan& plan);

struct PickerInput {
  PickerOptions options;
  std::vector<RunningCompaction> running;
  /// No reader looks at an older state: the oldest snapshot, or what is visible now without one.
  Seq oldest_snapshot = 0;
  std::uint64_t now_micros = 0;  // wall clock; only for the age of deletes
  bool idle = false;             // nobody has written for a while
  /// So many bytes may be read by a merge of level 0 that walks have paid for.
  std::uint64_t paid_by_walks = 0;
};

/// The most useful step, or nullopt when there is none, or none that can run beside what is
/// running.
std::optional<Plan> pick(const Version& version, const PickerInput& input);

/// The next step towards one sorted run in [lower, upper] (inclusive; nullopt: to the end): down
/// level by level, then the bottom rewritten where it holds deletes or may hold old versions.
/// nullopt: done, or, when something is running, perhaps to be asked again after it.
std::optional<Plan> pick_range(const Version& version, std::string_view lower,
                               std::optional<std::string_view> upper, const PickerInput& input);

}  // namespace nacre
