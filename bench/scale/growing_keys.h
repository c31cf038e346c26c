// growing_keys.h - the keys of a store that grows: number 0, 1, 2, ... in an order without order.
//
//   store.put(keys.present(i), ...);                      for i = 0, 1, 2, ...
//   store.get(keys.present(random.below(n)), value);      there, once 0 .. n - 1 were put
//   store.get(keys.absent(random.below(n)), value);       never there, and among the keys that are
//
// A key is 16 decimal digits of an even number below 2^(kBits + 1). The order is scrambled by a
// bijection on kBits bits, so that it needs no table and no word about how large the store will
// be. Odd numbers are never put; they fall between the others.
//
// THREADS  one at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "compare/keys.h"

namespace nacre::bench {

class GrowingKeys {
 public:
  static constexpr int kBits = 30;  // a billion keys
  static constexpr std::uint64_t kMax = std::uint64_t{1} << kBits;

  /// Valid until the next call.
  std::string_view present(std::uint64_t i) { return keys_.text(scramble(i) * 2); }
  std::string_view absent(std::uint64_t i) { return keys_.text(scramble(i) * 2 + 1); }

 private:
  /// Odd multiplication and xor with a shift, twice: each can be undone.
  static std::uint64_t scramble(std::uint64_t x) {
    x = (x * 0xD6E8FEB86659FD93ULL) & (kMax - 1);
    x ^= x >> (kBits / 2 + 1);
    x = (x * 0xA0761D6478BD642FULL) & (kMax - 1);
    return x ^ (x >> (kBits / 2 + 1));
  }

  Keys keys_{KeyKind::kDecimal};
};

}  // namespace nacre::bench
