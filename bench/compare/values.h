// values.h - values of which LZ4 saves about half: half noise, half a run of one byte.
//
// The value of a key follows from its number and version, so that a read can be checked.
//
// THREADS  one at a time: each thread has its own; the noise is shared and never changes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"

namespace nacre::bench {

class Values {
 public:
  explicit Values(std::size_t bytes) : half_(bytes / 2), noise_(noise()), value_(bytes, 'a') {}

  std::size_t bytes() const { return value_.size(); }
  /// Valid until the next call.
  std::string_view of(std::uint64_t number, std::uint64_t version) {
    const std::uint64_t mixed = (number * 2 + version + 1) * 0x9E3779B97F4A7C15ULL;
    noise_.copy(value_.data(), half_, (mixed >> 32) % (kNoise - kLargestHalf));
    return value_;
  }

 private:
  static constexpr std::size_t kNoise = 1 << 20;  // lies in a cache of the processor
  static constexpr std::size_t kLargestHalf = 32 << 10;

  static const std::string& noise() {
    static const std::string bytes = [] {
      Random random(7);
      std::string text(kNoise, '\0');
      for (char& byte : text) byte = static_cast<char>(random.next());
      return text;
    }();
    return bytes;
  }

  const std::size_t half_;
  const std::string& noise_;
  std::string value_;
};

}  // namespace nacre::bench
