// compaction.h - a plan becomes an edit.
//
// run_compaction() reads the inputs of a plan as one sorted stream, lets the drop rule
// (lsm/retention) decide entry by entry, ends tables where the splitter says, and returns what to
// install. It changes nothing that anybody sees. A large merge is cut into ranges of keys that run
// side by side.
//
// THREADS    any; holds no lock.
#pragma once

#include <atomic>
#include <vector>

#include "engine/context.h"
#include "engine/file_numbers.h"
#include "engine/rewarming.h"
#include "lsm/edit.h"
#include "lsm/picker.h"
#include "lsm/version.h"
#include "nacre/listener.h"

namespace nacre::engine {

struct CompactionResult {
  Edit edit;
  std::vector<TablePtr> added;
  ColdBlocks cold;  // to be read once the inputs are gone
  CompactionEvent event;
};

/// `version` is the one the plan was picked from. Ends early with kClosed once `cancelled` is set.
Result<CompactionResult> run_compaction(Context& context, FileNumbers& numbers,
                                        const Version& version, const Plan& plan,
                                        const std::atomic<bool>& cancelled);

}  // namespace nacre::engine
