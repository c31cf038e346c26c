// wal_chain.h - which of the wal segments on disk are the wal.
//
// The header of a segment names the one before it. Going back from the newest to the floor gives
// the wal; what lies beside it was given up:
//
//   7 <- 8 <- 9           a crash tore 8; an open dropped 9 with the rest of 8 and began 11
//        ^----- 11        the wal: 7 8 11
//   12 (follows nothing)  a resume that was cut short: it must be empty
//
// A segment that was made ahead and not begun is no part of it, unless another follows it: a crash
// has then taken its beginning.
//
// A header is on stable storage before its segment has a record, and before another may follow it:
// one that says where it follows is to be believed, whatever else is there.
//
// THREADS    a pure function.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/ids.h"

namespace nacre::engine {

/// A segment file as its header tells it.
struct ChainLink {
  FileNumber number{};
  bool has_header = false;
  bool begun = false;     // false with a header: made ahead, and does not say where it follows
  FileNumber previous{};  // 0: begins a chain
};

/// By index. What is in neither list was given up by an earlier recovery, or never finished.
struct WalChain {
  std::vector<std::size_t> members;  // oldest first; the first segment is always there
  std::vector<std::size_t> fresh;    // in chains that begin after the first segment
  /// Newer than all members, and follows a segment that is missing: the wal is damaged.
  std::optional<std::size_t> stray;
};

/// `links` ascending by number, not empty; the first is the segment that the manifest needs.
WalChain find_chain(const std::vector<ChainLink>& links);

}  // namespace nacre::engine
