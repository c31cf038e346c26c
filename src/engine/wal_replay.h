// wal_replay.h - the wal segments of a store, read and judged.
//
// Applies the rules drawn in recovery.h. Changes no file. The segments are read side by side, by
// this thread and those of the executor that are free, and then judged in their order.
//
// THREADS    one at a time.
#pragma once

#include <limits>
#include <vector>

#include "engine/context.h"
#include "engine/view.h"
#include "engine/wal_load.h"
#include "nacre/db.h"

namespace nacre::engine {

inline constexpr std::uint64_t kRoomForAll = std::numeric_limits<std::uint64_t>::max();

/// What the manifest says of the wal.
struct ReplayStart {
  FileNumber floor{};      // the first segment that is needed
  Seq last_seq = 0;        // the largest in any table
  std::uint64_t room = 0;  // bytes that memtables may take
};

struct Replayed {
  Seq last_seq = 0;
  /// What the wal is: the segments up to where it ends, oldest first.
  std::vector<JudgedSegment> segments;
  /// So many of them found no room: they must become tables before the store is used.
  std::size_t to_flush = 0;
  /// What the others hold. Oldest first, none empty.
  std::vector<MemtablePtr> memtables;
};

/// `numbers` ascending, all at or above the floor.
Result<Replayed> replay_wal(Context& context, const std::vector<FileNumber>& numbers,
                            const ReplayStart& start, RecoveryInfo& info);

}  // namespace nacre::engine
