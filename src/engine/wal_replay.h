// wal_replay.h - the wal segments of a store, read in order into memtables.
//
// Applies the rules drawn in recovery.h. Changes no file.
//
// THREADS    one at a time.
#pragma once

#include <vector>

#include "engine/context.h"
#include "engine/view.h"
#include "nacre/db.h"

namespace nacre::engine {

struct Replayed {
  Seq last_seq = 0;
  std::vector<MemtablePtr> memtables;  // oldest first, none empty
};

/// `segments` ascending, all at or above `floor`. `last_seq` is the largest seq in any table.
Result<Replayed> replay_wal(Context& context, const std::vector<FileNumber>& segments,
                            FileNumber floor, Seq last_seq, RecoveryInfo& info);

}  // namespace nacre::engine
