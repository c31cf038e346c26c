// version.h - which tables make up the store at one moment: an immutable value.
//
// A version is seven levels of tables (level.h says how each is ordered). Flushes and compactions
// never change one: next() applies an edit and yields another, which shares the levels that the
// edit leaves alone. Whoever reads holds the version it began with; a table is alive while a
// version that holds it is.
//
// THREADS    immutable; any number of readers.
// OWNS       counted references to its levels, and through them to its tables.
// INVARIANT  V1  L1, L2 and L3 of level.h hold in every level.
//            V2  a file number appears once in the whole version.
//            V3  every table satisfies check_table_meta().
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/level.h"
#include "nacre/result.h"

namespace nacre {

struct Edit;
class Version;
using VersionPtr = std::shared_ptr<const Version>;

class Version {
 public:
  /// Gives the open table for a number that an edit adds; null when it has none. An empty function
  /// stands for tables without readers, made of the metadata in the edit.
  using Resolver = std::function<TablePtr(FileNumber)>;

  /// The version without tables.
  Version();
  static VersionPtr empty() { return std::make_shared<const Version>(); }

  /// The tables of a level, 0 to kLevelCount - 1: of level 0 the newest first, else in key order.
  std::span<const TablePtr> level(int level) const { return levels_[level]->tables(); }
  std::uint64_t bytes(int level) const { return levels_[level]->bytes(); }
  std::uint64_t bytes() const;
  std::size_t table_count() const;
  std::size_t table_count(int level) const { return levels_[level]->tables().size(); }
  /// The largest seq in any table, 0 without tables.
  Seq max_seq() const;
  /// The table with this number in `level`, or null.
  TablePtr with_number(int level, FileNumber number) const {
    return levels_[level]->with_number(number);
  }

  /// The only table of a level >= 1 that may hold `key`, or null. Allocates nothing.
  const Table* find(int level, std::string_view key) const { return levels_[level]->find(key); }
  /// The index in level(level) of the first table whose largest key is at or after `key`, for
  /// levels >= 1; table_count(level) when there is none. Allocates nothing.
  std::size_t seek(int level, std::string_view key) const { return levels_[level]->seek(key); }
  /// The tables of `level` whose ranges meet [lower, upper], both inclusive, in level order.
  std::vector<TablePtr> overlapping(int level, std::string_view lower,
                                    std::string_view upper) const;
  /// True when the range of some table deeper than `level` covers `key`: a delete that leaves
  /// `level` must then go on living.
  bool may_exist_below(int level, std::string_view key) const;

  /// The version after `edit`. A table that the edit takes from one level and adds to another with
  /// the same metadata is kept as it is and not asked of `resolver`. Refuses with kCorruption,
  /// naming the files, an edit that removes what is not there, adds a number twice, or breaks V1 to
  /// V3; and with kInvalid a resolver that answers with another table or none.
  Result<VersionPtr> next(const Edit& edit, const Resolver& resolver) const;

  /// The edit that makes this version out of the empty one: its tables and nothing else.
  Edit snapshot() const;

  /// One line for each level that has tables, "L0 12:[a..c]@5-9 11:[b..d]@1-4"; "empty" without.
  std::string render() const;

 private:
  std::array<std::shared_ptr<const Level>, kLevelCount> levels_;  // none is null
};

}  // namespace nacre
