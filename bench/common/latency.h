// latency.h - how long single operations took, at a cost that does not change what is measured.
//
//   Latency latency(Latency::kSampled);
//   for (...) { latency.begin(); store.put(...); latency.end(); }
//
// Reading the clock costs about as much as a fast read. kSampled therefore times every 16th
// operation alone (its percentiles are those of the sample), and the stretch between two samples as
// a whole: no pause goes unseen, `max` is the longest stretch or operation, exact to within the
// other operations of its stretch. kEvery times each one: for operations that take microseconds.
//
// THREADS  one at a time; merge() brings those of several threads together.
// MEMORY   58 KiB.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>

#include "base/histogram.h"

namespace nacre::bench {

class Latency {
 public:
  enum Timing : std::uint32_t { kEvery = 1, kSampled = 16 };

  explicit Latency(Timing timing) : every_(timing), histogram_(std::make_unique<Histogram>()) {}

  void begin() {
    if (count_ % every_ != 0) return;
    start_ = now();
    // The stretch that ends here held every_ - 1 operations and the caller's own work.
    if (every_ != 1 && end_ != 0) longest_ = std::max(longest_, start_ - end_);
  }
  void end() {
    if (count_++ % every_ != 0) return;
    end_ = now();
    histogram_->record(end_ - start_);
  }

  /// From now on, so many seconds: then late() says so, within the operations of a sample.
  void end_after(double seconds) { deadline_ = now() + static_cast<std::uint64_t>(seconds * 1e9); }
  bool late() const { return end_ > deadline_; }

  /// Adds what `other` holds. Both are timed alike.
  void merge(const Latency& other) {
    histogram_->merge(*other.histogram_);
    longest_ = std::max(longest_, other.longest_);
    count_ += other.count_;
  }

  std::uint64_t operations() const { return count_; }
  std::uint32_t sampled_every() const { return every_; }
  double p_us(double percent) const {
    return static_cast<double>(histogram_->percentile(percent)) / 1e3;
  }
  double max_us() const { return static_cast<double>(std::max(longest_, histogram_->max())) / 1e3; }

 private:
  static std::uint64_t now() {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                      std::chrono::nanoseconds(1));
  }

  const std::uint32_t every_;
  std::unique_ptr<Histogram> histogram_;
  std::uint64_t count_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t longest_ = 0;  // stretch without a sample
  std::uint64_t deadline_ = ~std::uint64_t{0};
};

}  // namespace nacre::bench
