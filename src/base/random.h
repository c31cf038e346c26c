// random.h - a small generator of numbers that look random and come again for the same seed.
//
// For tests, sampling and tie-breaking; never for secrets (Env::entropy gives those).
//
// THREADS    one thread at a time.
// SOURCE     xoshiro256** by D. Blackman and S. Vigna (2018), seeded by splitmix64 (S. Vigna,
// 2015).
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace nacre {

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) {
    // splitmix64 spreads any seed, 0 too, over a state that is never all zeros.
    for (std::uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15ULL;
      std::uint64_t x = seed;
      x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
      x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
      word = x ^ (x >> 31);
    }
  }

  /// 64 random bits.
  constexpr std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// One of 0 .. n - 1, for n > 0, each as likely. Takes the upper half of a product instead of a
  /// remainder (D. Lemire, 2019), and draws again where that would favour some numbers.
  constexpr std::uint64_t below(std::uint64_t n) {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * n;
    if (static_cast<std::uint64_t>(product) < n) {
      const std::uint64_t unfair = (0 - n) % n;
      while (static_cast<std::uint64_t>(product) < unfair) product = static_cast<Wide>(next()) * n;
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  /// True once in n times on average, for n > 0.
  constexpr bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace nacre
