// zipf.h - numbers as skewed as what people ask for: few very often, most hardly ever.
//
// The k-th most frequent of `num` comes in proportion to 1 / k^0.99, as in YCSB (after J. Gray and
// others, "Quickly generating billion-record synthetic databases", 1994).
//
// THREADS  draws of one object: one thread at a time.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace nacre::bench {

class Zipf {
 public:
  explicit Zipf(std::uint64_t num, std::uint64_t seed) : num_(num), random_(seed) {
    for (std::uint64_t i = 1; i <= num; ++i) zeta_ += std::pow(static_cast<double>(i), -kTheta);
    const double two = 1 + std::pow(0.5, kTheta);
    eta_ = (1 - std::pow(2.0 / static_cast<double>(num), 1 - kTheta)) / (1 - two / zeta_);
  }

  /// 0 is the most frequent.
  std::uint64_t rank() {
    const double u = static_cast<double>(random_.next() >> 11) * 0x1p-53;
    if (u * zeta_ < 1) return 0;
    if (u * zeta_ < 1 + std::pow(0.5, kTheta)) return 1;
    const double position = std::pow(eta_ * u - eta_ + 1, 1 / (1 - kTheta));
    const auto rank = static_cast<std::uint64_t>(static_cast<double>(num_) * position);
    return rank < num_ ? rank : num_ - 1;
  }
  /// The rank scattered over all numbers, so that frequent ones are no neighbours.
  std::uint64_t scattered() {
    const std::uint64_t mixed = (rank() + 1) * 0x9E3779B97F4A7C15ULL;
    return (mixed ^ mixed >> 29) % num_;
  }

  /// Drawn beforehand: a draw costs as much as a fast read.
  std::vector<std::uint32_t> draw_scattered(std::uint64_t count) {
    std::vector<std::uint32_t> numbers(count);
    for (std::uint32_t& number : numbers) number = static_cast<std::uint32_t>(scattered());
    return numbers;
  }

 private:
  static constexpr double kTheta = 0.99;

  const std::uint64_t num_;
  double zeta_ = 0;
  double eta_ = 0;
  Random random_;
};

}  // namespace nacre::bench
