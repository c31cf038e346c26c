// counters.h - counts that cost the counting thread nothing that others see.
//
// Each thread counts in a stripe of its own, so that a get writes no cache line that another core
// reads. Readers of statistics add the stripes up.
//
// THREADS    any. A total read while others count may lag behind.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace nacre::engine {

enum class Count : std::uint8_t {
  kPuts,
  kRemoves,
  kCommits,
  kUserBytes,
  kGets,
  kGetsFound,
  kMemtableHits,
  kTablesAsked,
  kFilterSkips,
  kBlockHits,
  kBlockReads,
  kCursors,
  kTablesWalked,  // of level 0, by walks, beyond the first
};
inline constexpr std::size_t kCountKinds = 13;

class Counters {
 public:
  /// Returns what the stripe of this thread has counted so far, `n` included.
  std::uint64_t add(Count kind, std::uint64_t n = 1) {
    auto& cell = stripes_[stripe()].cells[static_cast<std::size_t>(kind)];
    return cell.fetch_add(n, std::memory_order_relaxed) + n;
  }
  std::uint64_t total(Count kind) const {
    std::uint64_t sum = 0;
    for (const Stripe& stripe : stripes_) {
      sum += stripe.cells[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
    }
    return sum;
  }
  /// True for about one call in `1 << shift` of this thread: which operations are timed.
  static bool sample(int shift) {
    thread_local std::uint32_t calls = 0;
    return (++calls & ((1U << shift) - 1)) == 0;
  }

 private:
  static constexpr std::size_t kStripes = 16;
  struct alignas(128) Stripe {
    std::array<std::atomic<std::uint64_t>, kCountKinds> cells{};
  };
  static std::size_t stripe() {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }

  std::array<Stripe, kStripes> stripes_;
};

}  // namespace nacre::engine
