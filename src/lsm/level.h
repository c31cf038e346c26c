// level.h - the tables of one level of the tree, in the order in which they are searched.
//
// Level 0 holds what was flushed: its tables may overlap, and lie newest first. Every other level
// is one run: its tables are disjoint and lie in key order, so that at most one can hold a key.
// That one is found by a binary search over `largest_heads_`: the first 8 bytes of every largest
// key after the prefix that all of them share, as big-endian integers, side by side in memory. A
// full key is looked at only when heads tie.
//
// THREADS    immutable; any number of readers.
// OWNS       a counted reference to every table.
// INVARIANT  L1  levels >= 1: largest of a table < smallest of the next.
//            L2  level 0: max_seq never grows from one table to the next, and where the key ranges
//                of two tables meet, every seq of the earlier is above every seq of the later: a
//                get may stop at the first table that has its key.
//            L3  no number twice.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lsm/table.h"
#include "nacre/result.h"

namespace nacre {

class Level {
 public:
  /// The level without tables.
  Level() = default;
  /// Puts the tables in order and checks L1 to L3; kCorruption names the tables that break one.
  static Result<std::shared_ptr<const Level>> make(int depth, std::vector<TablePtr> tables);

  std::span<const TablePtr> tables() const { return tables_; }
  std::uint64_t bytes() const { return bytes_; }
  Seq max_seq() const { return max_seq_; }
  /// The table with this number, or null.
  TablePtr with_number(FileNumber number) const;

  /// Levels >= 1: the index of the first table whose largest key is at or after `key`; the number
  /// of tables when there is none. Allocates nothing.
  std::size_t seek(std::string_view key) const;
  /// Levels >= 1: the only table that may hold `key`, or null. Allocates nothing.
  const Table* find(std::string_view key) const;

 private:
  Status check_numbers(int depth) const;
  Status check_run(int depth) const;
  Status check_newest_first() const;
  void build_heads();

  std::vector<TablePtr> tables_;
  std::vector<std::pair<FileNumber, std::uint32_t>> numbers_;  // to index in tables_; sorted
  std::string prefix_;  // what every key in the range of the level begins with
  std::vector<std::uint64_t> largest_heads_;   // after prefix_; never falls; empty for level 0
  std::vector<std::uint64_t> smallest_heads_;  // likewise
  std::uint64_t bytes_ = 0;
  Seq max_seq_ = 0;
};

}  // namespace nacre
