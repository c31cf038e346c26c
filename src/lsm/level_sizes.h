// level_sizes.h - how large each level should be, seen from the largest one upward.
//
// The last level takes whatever is there; each level above has a target of 1/multiplier of the one
// below, so that all levels above the last together are about a tenth of the store, and so is the
// space lost to old versions. A small store has no levels in between at all: what leaves level 0
// goes straight to the last level, and a level is put in between only when merging into the one
// below would rewrite several times what comes down.
//
//   largest level   base   targets (base_bytes 256 MiB, multiplier 10)
//     300 MiB        L6    L6 300 MiB
//       2 GiB        L5    L5 205 MiB, L6 2 GiB
//      60 GiB        L4    L4 614 MiB, L5 6 GiB, L6 60 GiB
//
// Levels above the base should be empty: their target is 0.
#pragma once

#include <array>
#include <cstdint>

#include "lsm/version.h"

namespace nacre {

struct PickerOptions {
  std::size_t l0_trigger = 12;  // so many tables of level 0 are merged down
  std::uint64_t target_table_bytes = 64 << 20;
  std::uint64_t multiplier = 10;
  std::uint64_t base_bytes = 256 << 20;  // a level below which level 0 can be merged at once
  /// Deletes that are older are pushed down until nothing is left of them. 0: never.
  std::uint64_t delete_age_micros = std::uint64_t{24} * 3600 * 1'000'000;
};

struct LevelSizes {
  int base = kLevelCount - 1;
  std::array<std::uint64_t, kLevelCount> target{};  // 0 for level 0 and those above the base
};
LevelSizes level_sizes(const Version& version, const PickerOptions& options);

/// The first level >= 1 that has tables, or the base where that is higher: where level 0 goes.
int l0_output_level(const Version& version, const LevelSizes& sizes);

/// An estimate of the bytes that compaction has still to read until every level is within its
/// target. Grows steadily as data arrives, for pacing: no step when a trigger is reached.
std::uint64_t debt_bytes(const Version& version, const PickerOptions& options);

}  // namespace nacre
