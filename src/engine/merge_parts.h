// merge_parts.h - where a large merge is cut so that its parts can run side by side.
//
// The parts are ranges of keys of about the same size. What a key becomes depends on the versions
// of that key alone, so that the parts together give what the whole would, but for where tables
// end.
//
// THREADS    a pure function of immutable tables, all of them loaded; reads nothing from disk.
// COST       a few dozen separators per table are copied and sorted.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lsm/plan.h"

namespace nacre::engine {

/// At most `parts` - 1 keys, ascending: part i are the keys from cut i - 1 on and before cut i, the
/// first and the last part being open at their outer ends.
std::vector<std::string> cut_keys(const Plan& plan, std::size_t parts);

}  // namespace nacre::engine
