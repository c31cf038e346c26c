// walk_debt.h - what walks have lost in level 0, counted as merging that they have paid for.
//
// A walk looks into every table of level 0, where a get is spared nearly all by their filters. One
// table more costs it about a microsecond when the block is in memory, and a hundred when it is
// not: as long as merging takes for 0.3 or for 30 KiB. So each pays for 4 KiB, and once that is all
// that the next merge of level 0 reads, the merge is due, however few tables there are (picker.h):
// to rent until renting has cost what buying does is never much worse than the best choice.
//
// THREADS    any.
// SOURCE     The idea of counting seeks: LevelDB. Rent or buy: A. Karlin et al., Competitive snoopy
//            caching (Algorithmica 1988).
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/counters.h"

namespace nacre::engine {

class WalkDebt {
 public:
  static constexpr std::uint64_t kBytesPerTable = 4096;

  explicit WalkDebt(Counters& counters) : counters_(counters) {}

  /// A walk has been positioned in `tables` more tables than one. True now and then: when it is
  /// worth asking whether enough has been paid.
  bool add(std::uint64_t tables) {
    const std::uint64_t sum = counters_.add(Count::kTablesWalked, tables);
    return sum / kAskEvery != (sum - tables) / kAskEvery;
  }
  std::uint64_t paid_bytes() const {
    const std::uint64_t settled = settled_.load(std::memory_order_relaxed);
    const std::uint64_t total = counters_.total(Count::kTablesWalked);
    return total > settled ? (total - settled) * kBytesPerTable : 0;
  }
  /// Level 0 has been merged: walks pay for the next time from now on.
  void settle() {
    settled_.store(counters_.total(Count::kTablesWalked), std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint64_t kAskEvery = 1024;

  Counters& counters_;
  std::atomic<std::uint64_t> settled_{0};
};

}  // namespace nacre::engine
