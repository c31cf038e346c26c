// replay_room.h - how much of the wal an open keeps in memory, and how it is cut into memtables.
//
// What stays in memory is flushed later, beside the first reads and writes; what does not fit must
// become tables before the open is done. The newest part stays, since memtables are flushed from
// the oldest on. A memtable begins where a segment begins: its segments can then go when it is
// flushed.
//
//   segments    | 1 | 2 | 3 |4|5|     6     | 7 |        by size
//   groups      | 0 | 1 | 2   |     3     | 4 |          each becomes a memtable
//               too much: flushed  | room for these
//
// THREADS    any number of loaders of different groups at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/guarded.h"
#include "engine/view.h"

namespace nacre::engine {

/// A group of neighbouring segments, [begin, end).
struct SegmentGroup {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Neighbours come together while they stay near `target` bytes.
std::vector<SegmentGroup> group_segments(std::span<const std::uint64_t> bytes,
                                         std::uint64_t target);

/// Where the memtables of the groups are kept while they are loaded, newest group first.
class ReplayRoom {
 public:
  explicit ReplayRoom(std::uint64_t limit) : limit_(limit) {}

  /// The memtable of `group` takes `bytes` by now. When all of them take more than the limit, the
  /// oldest are given up: false when this is one of these, and what it holds must go.
  bool charge(std::size_t group, std::uint64_t bytes);
  /// It is whole. Does nothing when its group was given up.
  void keep(std::size_t group, MemtablePtr memtable);
  /// Null when the group was given up, or is empty.
  MemtablePtr find(std::size_t group);
  /// All groups below this one were given up.
  std::size_t first_kept();

 private:
  struct Held {
    std::uint64_t bytes = 0;
    MemtablePtr memtable;
  };
  struct State {
    std::map<std::size_t, Held> held;
    std::uint64_t bytes = 0;  // of all that is held
    std::size_t first_kept = 0;
  };
  const std::uint64_t limit_;
  Guarded<State> state_;
};

}  // namespace nacre::engine
