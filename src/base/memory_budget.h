// memory_budget.h - the one number that bounds what a store keeps in memory.
//
// Memtables, cached blocks, table indexes and filters, and buffers charge what they hold. A charge
// never fails: what must be in memory is; when the sum passes the limit, the relief hook (the block
// cache) gives memory back before charge() returns. Only the cache can give back at once; the
// engine keeps the rest small by flushing.
//
// What nobody uses but is kept for the next user (page_pool.h) is spare: it is not counted as used,
// and the first to go when used and spare together pass the limit.
//
// THREADS    any; counters are relaxed atomics, the hook must be safe from any thread.
// INVARIANT  every charge is released by whoever made it, with the same use and size.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>

namespace nacre {

enum class MemoryUse : std::uint8_t { kMemtable, kCache, kTable, kBuffer };
inline constexpr std::size_t kMemoryUseCount = 4;

class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Called with the excess in bytes when a charge of anything but kCache passes the limit. Set
  /// once, before the first charge, by the cache; cleared with nullptr before the cache goes.
  void set_relief(std::function<void(std::uint64_t excess)> relief) { relief_ = std::move(relief); }

  /// Called with the excess in bytes when used and spare together pass the limit. Set and cleared
  /// by the owner of what is spare, like the relief.
  void set_spare_relief(std::function<void(std::uint64_t excess)> relief) {
    spare_relief_ = std::move(relief);
  }
  void add_spare(std::uint64_t bytes) { spare_.fetch_add(bytes, std::memory_order_relaxed); }
  void take_spare(std::uint64_t bytes) { spare_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t spare() const { return spare_.load(std::memory_order_relaxed); }

  void charge(MemoryUse use, std::uint64_t bytes) {
    uses_[index(use)].fetch_add(bytes, std::memory_order_relaxed);
    if (const std::uint64_t held = used() + spare(); held > limit_ && spare() > 0) {
      spare_relief_(held - limit_);
    }
    if (use == MemoryUse::kCache || !relief_) return;
    if (const std::uint64_t sum = used(); sum > limit_) relief_(sum - limit_);
  }
  void release(MemoryUse use, std::uint64_t bytes) {
    uses_[index(use)].fetch_sub(bytes, std::memory_order_relaxed);
  }

  std::uint64_t limit() const { return limit_; }
  std::uint64_t used(MemoryUse use) const {
    return uses_[index(use)].load(std::memory_order_relaxed);
  }
  std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const auto& use : uses_) sum += use.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static std::size_t index(MemoryUse use) { return static_cast<std::size_t>(use); }

  const std::uint64_t limit_;
  std::function<void(std::uint64_t)> relief_;
  std::function<void(std::uint64_t)> spare_relief_;
  std::atomic<std::uint64_t> spare_{0};
  std::array<std::atomic<std::uint64_t>, kMemoryUseCount> uses_{};
};

}  // namespace nacre
