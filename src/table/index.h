// index.h - which block of a table may hold a key.
//
// Every block has a separator: a short key at or after its last key and before the first key of the
// next block. The block of a key is the first whose separator is at or after it. The first 8 bytes
// of the separators, after the prefix that all of them share, lie in a HeadTree as big-endian
// integers; whole separators are looked at only when such a head is the same as the key's.
//
// The versions of one user key lie in one block, unless they are so many that the block would grow
// without bound: then a block "spills", its separator is that key, and the next block goes on.
//
// FORMAT     count varint | prefix, length varint before it | for each block
//            { stored bytes with trailer varint, entries * 2 + spills varint, separator after the
//            prefix with length varint before it }
//
//   two blocks of 100 and 300 bytes with 3 and 5 entries, separators "kb" and "kx":
//   02  01 6B  64 06 01 62  AC 02 0A 01 78
//
// The blocks lie back to back from offset 0, so that offsets are sums.
//
// THREADS    a loaded TableIndex is immutable.
// INVARIANT  separators ascend strictly, except that those of a spilled key are equal; the blocks
//            fill the file up to its first section.
// MEMORY     about 25 bytes per block and the separators.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/large_memory.h"
#include "nacre/result.h"
#include "table/head_tree.h"

namespace nacre {

/// The shortest key that is at or after `last` and before `next`; last < next.
std::string shortest_separator(std::string_view last, std::string_view next);

class IndexBuilder {
 public:
  /// `separator` of a block that spills is its last key.
  void add(std::uint64_t stored_bytes, std::uint64_t entries, bool spills,
           std::string_view separator);
  std::uint32_t count() const { return static_cast<std::uint32_t>(blocks_.size()); }
  /// Not below the size of the section, if it were finished now.
  std::uint64_t bytes_estimate() const { return separators_.size() + 20 * blocks_.size() + 20; }
  /// Appends the section to `out`.
  void finish(LargeString& out) const;
  /// As new, in the same memory.
  void clear();
  std::uint64_t memory_bytes() const {
    return blocks_.capacity() * sizeof(Row) + separators_.capacity();
  }

 private:
  struct Row {
    std::uint64_t stored_bytes;
    std::uint64_t entries_and_spills;
    std::uint64_t separator_end;
  };
  std::string_view separator(std::size_t i) const {
    const std::uint64_t begin = i == 0 ? 0 : blocks_[i - 1].separator_end;
    return std::string_view(separators_).substr(begin, blocks_[i].separator_end - begin);
  }

  LargeVector<Row> blocks_;
  LargeString separators_;
};

class TableIndex {
 public:
  TableIndex() = default;
  /// The index of a table whose blocks take `data_bytes`. Errors carry no place.
  static Result<TableIndex> decode(std::string_view section, std::uint64_t data_bytes);

  std::uint32_t count() const { return tree_.count(); }
  /// The first block whose separator is at or after `key`: the only one that may hold it, apart
  /// from those it spills into. count() when there is none.
  std::uint32_t find(std::string_view key) const;

  std::uint64_t offset(std::uint32_t i) const { return offsets_[i]; }
  std::uint64_t stored_bytes(std::uint32_t i) const { return offsets_[i + 1] - offsets_[i]; }
  std::uint64_t data_bytes() const { return offsets_.back(); }
  std::uint64_t entries(std::uint32_t i) const { return entries_[i] >> 1; }
  /// True when the versions of the last key of block `i` go on in the next block.
  bool spills(std::uint32_t i) const { return (entries_[i] & 1) != 0; }
  /// What a separator is after prefix().
  std::string_view separator_suffix(std::uint32_t i) const {
    return std::string_view(separators_).substr(ends_[i], ends_[i + 1] - ends_[i]);
  }
  std::string_view prefix() const { return prefix_; }
  /// Negative, zero or positive as the separator of `i` is before, at or after `key`.
  int compare_separator(std::uint32_t i, std::string_view key) const;
  std::uint64_t memory_bytes() const;

 private:
  bool separator_below(std::uint32_t i, std::uint64_t head, std::string_view suffix) const {
    if (tree_.head(i) != head) return tree_.head(i) < head;
    return separator_suffix(i) < suffix;
  }
  std::uint32_t find_in_tie(std::uint32_t first, std::uint64_t head, std::string_view suffix) const;

  std::string prefix_;
  HeadTree tree_;
  LargeVector<std::uint64_t> offsets_;  // count + 1
  LargeVector<std::uint32_t> entries_;  // entries * 2 + spills
  LargeVector<std::uint32_t> ends_;     // count + 1; separator i ends at ends_[i + 1]
  LargeString separators_;
};

}  // namespace nacre
