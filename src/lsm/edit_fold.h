// edit_fold.h - many edits made one: what a store is after all of them.
//
// Recovery folds the manifest before it builds a version, so that a manifest of many edits costs
// their sum and not a new version for each.
//
// THREADS    one thread at a time.
// INVARIANT  no counter ever goes back, and what edits add lies below the counters.
#pragma once

#include <map>

#include "lsm/edit.h"
#include "nacre/status.h"

namespace nacre {

/// What edits state beside tables.
struct Counters {
  bool states_order = false;
  FileNumber next_file{1};
  Seq last_seq = 0;
  FileNumber wal_floor{0};
  std::uint64_t applied_index = 0;

  /// Takes over what `edit` states. kCorruption, and no change, when a counter would go back or
  /// when a table of the edit has a number or a seq above what is stated by then.
  Status apply(const Edit& edit);
  bool operator==(const Counters&) const = default;
};

class EditFold {
 public:
  /// kCorruption names what does not fit: a counter that goes back, a table that is removed where
  /// it is not, or added twice. After a failure the fold is of no use.
  Status apply(const Edit& edit);

  const Counters& counters() const { return counters_; }
  /// One edit that says it all: every counter, and the tables by level and number.
  Edit result() const;

 private:
  struct Place {
    int level = 0;
    TableMeta meta;
  };
  Counters counters_;
  std::map<FileNumber, Place> tables_;
};

}  // namespace nacre
