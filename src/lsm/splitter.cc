#include "lsm/splitter.h"

#include <utility>

#include "base/check.h"

namespace nacre {

std::string_view split_reason_name(SplitReason reason) {
  switch (reason) {
    case SplitReason::kSize:
      return "size";
    case SplitReason::kOverlap:
      return "overlap";
    case SplitReason::kBoundary:
      return "boundary";
    case SplitReason::kNone:
      break;
  }
  return "none";
}

Splitter::Splitter(std::uint64_t target_bytes, std::vector<Grandparent> grandparents)
    : target_bytes_(target_bytes), grandparents_(std::move(grandparents)) {
  NACRE_CHECK(target_bytes_ > 0);
  for (std::size_t i = 0; i < grandparents_.size(); ++i) {
    NACRE_DCHECK(grandparents_[i].smallest <= grandparents_[i].largest);
    NACRE_DCHECK(i == 0 || grandparents_[i - 1].largest < grandparents_[i].smallest);
  }
}

SplitReason Splitter::before(std::string_view key, std::uint64_t table_bytes) {
  if (begun_ && key == key_) return SplitReason::kNone;
  NACRE_DCHECK(!begun_ || key_ < key);
  const std::uint64_t overlap_before = overlap_;
  const bool crosses = advance(key);
  key_.assign(key);
  if (!begun_) {
    begun_ = true;
    begin_table();
    return SplitReason::kNone;
  }

  SplitReason reason = SplitReason::kNone;
  if (table_bytes >= target_bytes_) {
    reason = SplitReason::kSize;
  } else if (overlap_ > kOverlapFactor * target_bytes_ && overlap_ > overlap_before) {
    // Only where a grandparent begins: to end a table in the middle of one would save nothing.
    reason = SplitReason::kOverlap;
  } else if (crosses && table_bytes >= target_bytes_ / 2) {
    reason = SplitReason::kBoundary;
  }
  if (reason != SplitReason::kNone) begin_table();
  return reason;
}

/// Moves to `key` and returns whether an edge of a grandparent lies between it and the key before.
/// Grandparents on the way count as met: the range of the table spans them.
bool Splitter::advance(std::string_view key) {
  const std::size_t edges_before = reached_ + passed_;
  while (reached_ < grandparents_.size() && grandparents_[reached_].smallest <= key) {
    overlap_ += grandparents_[reached_++].bytes;
  }
  while (passed_ < reached_ && grandparents_[passed_].largest < key) ++passed_;
  return reached_ + passed_ != edges_before;
}

/// The table that begins at the current key meets the grandparent that the key is inside, if any.
void Splitter::begin_table() { overlap_ = passed_ < reached_ ? grandparents_[passed_].bytes : 0; }

}  // namespace nacre
