// keys.h - the keys of the benchmarks, made at the cost of a few nanoseconds.
//
//   Keys keys(KeyKind::kDecimal);
//   keys.text(42)                          "0000000000000042", valid until the next call
//   Order order(num, 1);
//   for (i < num) use(order.next());       every number below num once, in an order without order
//
// THREADS  one at a time: each thread has its own.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace nacre::bench {

enum class KeyKind {
  kDecimal,  // 16 decimal digits; their order is that of the numbers
  kHashed,   // 16 decimal digits, neighbours of which are numbers far apart
  kBinary,   // 16 bytes: 8 that look random, then the number
  kUrl,      // 84 bytes, of which neighbours share most; their order is that of the numbers
};

class Keys {
 public:
  explicit Keys(KeyKind kind) : kind_(kind) {
    if (kind == KeyKind::kUrl) std::memcpy(buffer_, kUrlForm, sizeof kUrlForm);
  }

  /// `number` is below 10^10.
  std::string_view text(std::uint64_t number) {
    switch (kind_) {
      case KeyKind::kDecimal:
        return decimal(number);
      case KeyKind::kHashed: {
        // An odd factor that 5 does not divide: different numbers stay different modulo 10^16.
        __extension__ using Wide = unsigned __int128;
        return decimal(static_cast<std::uint64_t>(static_cast<Wide>(number) * kFactor % kDecimals));
      }
      case KeyKind::kBinary:
        put_big_endian(0, number * 0x9E3779B97F4A7C15ULL ^ 0x5851F42D4C957F2DULL);
        put_big_endian(8, number);
        return {buffer_, 16};
      case KeyKind::kUrl:
        put_digits(kCategoryAt, 6, number / 10'000);
        put_digits(kItemAt, 4, number % 10'000);
        return {buffer_, sizeof kUrlForm - 1};
    }
    return {};
  }

 private:
  static constexpr std::uint64_t kDecimals = 10'000'000'000'000'000;  // 16 digits
  static constexpr std::uint64_t kFactor = 6'364'136'223'846'793;
  static constexpr char kUrlForm[] =
      "https://www.example.com/shop/en-gb/category-000000/products/item-0000/reviews/latest";
  static constexpr std::size_t kCategoryAt = 44;
  static constexpr std::size_t kItemAt = 65;

  std::string_view decimal(std::uint64_t number) {
    put_digits(0, 16, number);
    return {buffer_, 16};
  }
  void put_digits(std::size_t at, std::size_t digits, std::uint64_t number) {
    for (std::size_t i = at + digits; i > at; i -= 2) {
      const std::uint64_t pair = number % 100;
      number /= 100;
      buffer_[i - 1] = static_cast<char>('0' + pair % 10);
      buffer_[i - 2] = static_cast<char>('0' + pair / 10);
    }
  }
  void put_big_endian(std::size_t at, std::uint64_t number) {
    if constexpr (std::endian::native == std::endian::little) number = __builtin_bswap64(number);
    std::memcpy(buffer_ + at, &number, sizeof number);
  }

  const KeyKind kind_;
  char buffer_[96];
};

/// A permutation of the numbers below `num` that needs no table: a full-period generator over a
/// power of two, scrambled, values beyond num passed over. Another seed: another order.
class Order {
 public:
  Order(std::uint64_t num, std::uint64_t seed) : num_(num), state_(seed * 12345) {
    while (bound_ < num_) bound_ <<= 1;
    shift_ = static_cast<int>(std::bit_width(bound_ - 1)) / 2 + 1;
    state_ &= bound_ - 1;
  }
  std::uint64_t next() {
    std::uint64_t number = 0;
    do {
      state_ = (state_ * 5 + 0x9E3779B97F4A7C15ULL) & (bound_ - 1);
      number = scramble(state_);
    } while (number >= num_);
    return number;
  }

 private:
  /// A bijection on [0, bound): odd multiplication and xor with a shift, twice.
  std::uint64_t scramble(std::uint64_t x) const {
    const std::uint64_t mask = bound_ - 1;
    x = (x * 0xD6E8FEB86659FD93ULL) & mask;
    x ^= x >> shift_;
    x = (x * 0xA0761D6478BD642FULL) & mask;
    return x ^ (x >> shift_);
  }

  const std::uint64_t num_;
  std::uint64_t bound_ = 1;
  int shift_ = 1;
  std::uint64_t state_;
};

}  // namespace nacre::bench
