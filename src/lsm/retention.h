// retention.h - the drop rule: which entries of a merge still matter. Here data is thrown away.
//
// Readers exist at a few seqs only: the open snapshots, the reads in flight, and now. A reader at
// seq S sees of each key the newest version whose seq is at most S. The sorted reader seqs cut the
// history of a key into stripes; versions in one stripe are seen by the same readers, who see only
// the newest of them.
//
//   readers at 3, 7 and 9 (now); nothing older lies below the output:
//
//   seq      12   11    9     8       6    5      3     2     1
//   key a    put  del   put   put     del  put    put   del   put
//            `-------'  `-------'     `------'    `-------------'
//   stripe   future     (7, 9]        (3, 7]      [0, 3]
//   verdict  keep keep  keep  drop    keep drop   zero  drop  drop
//
//   12, 11  No reader yet, but one may come at 11 before 12 becomes visible. All of these stay.
//   9       Seen by the reader at 9. It hides 8 from everybody.
//   6       Seen by the reader at 7, as "no value". It must stay, or that reader would find 3.
//   3       Seen by the readers at 3 and beyond. No reader is older and nothing lies below, so it
//           may say that it was always there: seq 0. A block of which all seqs are 0 stores none.
//   2, 1    Hidden by 3.
//
//   A delete where 3 is would be dropped: below it is nothing to hide, and no entry says the same.
//
// K1  Of each stripe the newest version of a key is kept, all else dropped.
// K2  In the oldest stripe, where no older version may exist below the output, a delete is dropped
//     and a put is kept with seq 0.
// K3  Above the newest reader everything is kept as it is.
//
// THREADS    one at a time.
// COST       one compare and one copy of the key per entry; a search of the readers above the
//            oldest. `may_exist_below` is asked at most once per user key.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "key/entry.h"

namespace nacre {

enum class Verdict : std::uint8_t {
  kDrop,
  kKeep,
  kKeepZeroed,  // keep, with seq 0 in place of its own
};

class Retention {
 public:
  /// Whether a version of `key` older than those in the merge may exist beneath its output, in the
  /// output level or deeper. When in doubt, true.
  using BelowFn = std::function<bool(std::string_view key)>;

  /// `readers`, ascending and never empty: every seq that is or may be read at. The last is now:
  /// readers to come are at it or later.
  Retention(std::vector<Seq> readers, BelowFn may_exist_below);

  /// Called for every entry of the merge in the order of entry.h.
  Verdict decide(const Entry& entry);

 private:
  std::size_t stripe_of(Seq seq) const;

  const std::vector<Seq> readers_;
  const BelowFn may_exist_below_;
  bool begun_ = false;
  std::string key_;         // of the entry before
  std::size_t stripe_ = 0;  // of the entry before, which was of key_
};

}  // namespace nacre
