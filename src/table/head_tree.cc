#include "table/head_tree.h"

#include <algorithm>
#include <limits>

namespace nacre {
namespace {

constexpr std::uint64_t kFill = std::numeric_limits<std::uint64_t>::max();

constexpr std::uint64_t groups_of(std::uint64_t count) {
  return (count + HeadTree::kGroup - 1) / HeadTree::kGroup;
}

}  // namespace

HeadTree::HeadTree(std::span<const std::uint64_t> ascending)
    : count_(static_cast<std::uint32_t>(ascending.size())) {
  if (count_ == 0) return;
  std::uint64_t words = 0;
  for (std::uint64_t size = count_;; size = groups_of(size)) {
    level_at_[levels_++] = words;
    words += groups_of(size) * kGroup;
    if (size <= kGroup) break;
  }
  words_.assign(words, kFill);
  std::copy(ascending.begin(), ascending.end(), words_.begin());
  for (int level = 1; level < levels_; ++level) {
    const std::uint64_t below = level_at_[level - 1];
    const std::uint64_t at = level_at_[level];
    for (std::uint64_t group = 0; group < (at - below) / kGroup; ++group) {
      words_[at + group] = words_[below + group * kGroup + kGroup - 1];
    }
  }
}

std::uint32_t HeadTree::rank(std::uint64_t head) const {
  // From here on no group that the search enters lacks a head at or above the one sought, and a
  // fill word is never below it: the count stays under kGroup.
  if (count_ == 0 || words_[count_ - 1] < head) return count_;
  std::uint64_t i = 0;  // the group of the level that holds the answer; in the end the answer
  for (int level = levels_ - 1; level >= 0; --level) {
    const std::uint64_t* group = words_.data() + level_at_[level] + i * kGroup;
    std::uint64_t below = 0;
    for (std::uint32_t k = 0; k < kGroup; ++k) below += group[k] < head ? 1 : 0;
    i = i * kGroup + below;
  }
  return static_cast<std::uint32_t>(i);
}

}  // namespace nacre
