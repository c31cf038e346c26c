// head_tree.h - ascending 64-bit heads, laid out so that a search touches few cache lines.
//
// A static tree without pointers: its lowest level is the heads themselves, and each level above
// holds the largest head of every group of 16 of the level below, until one group is left. A group
// is two cache lines side by side; a search counts the smaller heads of one group in each level.
// 16,000 heads are four levels, the upper three of 9 KiB, which stay in the nearest cache.
//
//   level 2    [12 94]
//   level 1    [3 9 12] [51 77 94]
//   level 0    [1 2 3][5 8 9][10 11 12] [40 50 51][60 76 77][90 91 94]     (here in groups of 3)
//
// Levels lie one after the other, the lowest first; each is filled up to a whole group with the
// largest integer.
//
// MEASURED   on a 2.6 GHz x86-64 core with 16,000 heads: 29 ns, against 66 ns for a binary search.
//            Counting with AVX-512 took 27 ns and with AVX2 36 ns, so that plain code stayed: its
//            16 compares don't wait for each other.
// THREADS    immutable once built.
#pragma once

#include <cstdint>
#include <span>

#include "base/large_memory.h"

namespace nacre {

class HeadTree {
 public:
  static constexpr std::uint32_t kGroup = 16;

  HeadTree() = default;
  /// At most 2^32 - 1 heads.
  explicit HeadTree(std::span<const std::uint64_t> ascending);

  std::uint32_t count() const { return count_; }
  std::uint64_t head(std::uint32_t i) const { return words_[i]; }
  /// How many heads are smaller than `head`.
  std::uint32_t rank(std::uint64_t head) const;
  std::uint64_t memory_bytes() const { return words_.size() * sizeof(std::uint64_t); }

 private:
  static constexpr int kLevelsMax = 8;  // 16^8 = 2^32 heads

  LargeVector<std::uint64_t> words_;
  std::uint64_t level_at_[kLevelsMax] = {};  // the first word of each level, the lowest first
  int levels_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace nacre
