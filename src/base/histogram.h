// histogram.h - how values (mostly nanoseconds) are spread, in a fixed and small space.
//
// Values fall into buckets whose width grows with the value: every power of two is cut into 128
// equal buckets, and values below 256 have one each. A percentile is then off by at most 1/256 of
// the value (the middle of its bucket is told), whatever the values are.
//
//   value 1000 = 11111010 00b: top bit 9, next 7 bits 1111010b -> bucket (9 - 6) * 128 + 122,
//   which holds 1000 .. 1003.
//
// THREADS    record() from any number at once: three relaxed atomic adds, and a write to max only
//            when it grows. Everything else may run beside it and sees some recent state.
// MEMORY     7,424 buckets of 8 bytes, 58 KiB; fixed.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <string>

namespace nacre {

class Histogram {
 public:
  Histogram() = default;
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void record(std::uint64_t value) {
    buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
    raise_max(value);
  }
  /// Adds what `other` holds.
  void merge(const Histogram& other);
  /// Forgets everything. A record() at the same time may be half forgotten.
  void clear();

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }  // modulo 2^64
  std::uint64_t max() const { return max_.load(std::memory_order_relaxed); }  // exact
  /// 0 without values.
  double mean() const;
  /// The value that `percent` of all values are at or below, within 1/256 of it; 100 gives max().
  /// 0 without values.
  std::uint64_t percentile(double percent) const;

  /// "count 1000 mean 12.3 us p50 11.0 us p90 ... p99 ... p99.9 ... max 2.0 ms", values as times.
  std::string render_nanos() const;

 private:
  static constexpr int kStepBits = 7;  // 128 buckets for each power of two
  static constexpr std::uint64_t kSteps = 1 << kStepBits;
  static constexpr std::size_t kBuckets = (64 - kStepBits + 1) * kSteps;

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < kSteps) return value;
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - kStepBits;
    return static_cast<std::size_t>(shift + 1) * kSteps + ((value >> shift) - kSteps);
  }
  static std::uint64_t middle_of(std::size_t bucket);
  void raise_max(std::uint64_t value);

  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> sum_{0};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace nacre
