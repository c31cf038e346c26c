// histogram.h - how values (mostly nanoseconds) are spread, in a bounded and small space.
//
// Values fall into buckets whose width grows with the value: every power of two is cut into 128
// equal buckets, a row, and values below 256 have one each. A percentile is then off by at most
// 1/256 of the value (the middle of its bucket is told), whatever the values are.
//
//   value 1000 = 11111010 00b: top bit 9, next 7 bits 1111010b -> row 9 - 6, bucket 122 of it,
//   which holds 1000 .. 1003.
//
// THREADS    record() from any number at once, without a lock: three relaxed atomic adds, and a
//            write to max only when it grows. Everything else may run beside it and sees some
//            recent state.
// MEMORY     1 KiB for each row that a value ever fell into, made by the first of them and kept:
//            half a KiB when empty, some 10 KiB for the times of one kind of call, at most 58 KiB.
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
  ~Histogram();

  void record(std::uint64_t value) {
    const Place place = place_of(value);
    Row* row = rows_[place.row].load(std::memory_order_acquire);
    if (row == nullptr) row = &make_row(place.row);
    (*row)[place.bucket].fetch_add(1, std::memory_order_relaxed);
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
  static constexpr std::size_t kRows = 64 - kStepBits + 1;
  using Row = std::array<std::atomic<std::uint64_t>, kSteps>;

  struct Place {
    std::size_t row;
    std::size_t bucket;  // of the row
  };
  static constexpr Place place_of(std::uint64_t value) {
    if (value < kSteps) return {0, value};
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - kStepBits;
    return {static_cast<std::size_t>(shift + 1), (value >> shift) - kSteps};
  }
  static std::uint64_t middle_of(Place place);

  /// The row, made by this call unless another thread is faster.
  Row& make_row(std::size_t index);
  const Row* row_at(std::size_t index) const {
    return rows_[index].load(std::memory_order_acquire);
  }
  void raise_max(std::uint64_t value);

  std::array<std::atomic<Row*>, kRows> rows_{};  // owned; null until a value falls into it
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> sum_{0};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace nacre
