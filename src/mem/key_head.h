// key_head.h - a key as one number, good enough to order most keys without looking at them.
//
// The head of a key is the eight bytes that follow a prefix, first byte highest, padded with zeros.
// Every node of the leaf list has a prefix, a guess at what its keys begin with. A key that does
// not begin with it sorts before or after all those that do, and gets the smallest or the largest
// head:
//
//   prefix "user"   key "user0042"  head 30 30 34 32 00 00 00 00
//                   key "admin"     head 00 00 00 00 00 00 00 00
//                   key "zebra"     head FF FF FF FF FF FF FF FF
//
// INVARIANT  a < b implies head(a) <= head(b). Different heads therefore settle the order of two
//            keys; equal heads say nothing ("a" and "a\0" share one) and the keys are compared.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/coding.h"

namespace nacre {

inline constexpr std::size_t kKeyHeadBytes = 8;
inline constexpr std::uint64_t kHeadMax = ~std::uint64_t{0};

/// The first eight bytes as a big-endian number.
inline std::uint64_t first_bytes(std::string_view key) {
  if (key.size() >= 8) return __builtin_bswap64(load<std::uint64_t>(key.data()));
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < key.size(); ++i) {
    head |= std::uint64_t{static_cast<unsigned char>(key[i])} << (56 - 8 * i);
  }
  return head;
}

inline std::uint64_t head_of(std::string_view key, std::string_view prefix) {
  if (prefix.empty()) return first_bytes(key);
  if (key.starts_with(prefix)) return first_bytes(key.substr(prefix.size()));
  return key < prefix ? 0 : kHeadMax;
}

inline std::size_t common_bytes(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t same = 0;
  while (same < most && a[same] == b[same]) ++same;
  return same;
}

}  // namespace nacre
