// merging_cursor.h - many sorted runs of entries walked as one.
//
// A loser tree over the children: each inner node remembers the child that lost the match there,
// the root the winner, which is the entry that the merge stands on. When the winner has moved, it
// is compared with the second of all; only when it no longer wins, the matches between its leaf and
// the root are played again, without a branch to mispredict. Matches compare 8-byte heads
// (head_window.h) and look at keys on ties.
//
// THREADS    one thread at a time.
// OWNS       its children.
// LIFETIME   entry() lies in the winning child. A key that is sought must not.
// INVARIANT  walking forward, every child stands on its first entry at or after that of the merge;
//            backward, on its last entry at or before it.
// ERRORS     the error of any child is the error of the merge, at once and for good: going on
//            without it would show old versions and deleted keys.
#pragma once

#include <memory>
#include <vector>

#include "key/entry_cursor.h"

namespace nacre {

/// The children's entries in one order. No two children may hold the same key with the same
/// trailer. Stands on nothing until it is moved. Zero children: an empty cursor; one: that child.
std::unique_ptr<EntryCursor> make_merging_cursor(
    std::vector<std::unique_ptr<EntryCursor>> children);

}  // namespace nacre
