// head_window.h - keys as 8-byte integers that compare like them, in the neighbourhood of a walk.
//
// The first 8 bytes of keys such as "user/000123" are all the same and tell nothing. A window
// leaves out a prefix: a key that begins with it is mapped to its next 8 bytes, a smaller key to
// the smallest integer, a larger one to the largest. Whatever the prefix is,
//
//   head(a) < head(b)  implies  a < b
//
// and equal heads mean that the keys must be looked at. The prefix is a guess that makes them rare.
//
// EXAMPLE  prefix "user/00":  head("user/000123") = "0123\0\0\0\0", head("user/1") = the largest
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/coding.h"

namespace nacre {

/// How many bytes two keys share before they differ.
inline std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  std::size_t common = 0;
  while (common < size && a[common] == b[common]) ++common;
  return common;
}

class HeadWindow {
 public:
  std::uint64_t head(std::string_view key) const {
    if (prefix_.empty() || key.starts_with(prefix_)) {
      return leading_bytes(key.substr(prefix_.size()));
    }
    return key < prefix_ ? 0 : ~std::uint64_t{0};
  }

  /// Moves the window to the neighbourhood of `key` in which keys share its first `shared` bytes.
  /// Heads from before are void when it returns true.
  bool move_to(std::string_view key, std::size_t shared) {
    // Half of the head for shared bytes: keys somewhat farther away then fall in the window too.
    const std::string_view prefix = key.substr(0, shared - std::min(shared, kMargin));
    if (prefix == prefix_) return false;
    prefix_ = prefix;
    return true;
  }

 private:
  static constexpr std::size_t kMargin = 4;

  /// Zero padded, the first byte the most significant.
  static std::uint64_t leading_bytes(std::string_view key) {
    if (key.size() >= 8) return __builtin_bswap64(load<std::uint64_t>(key.data()));
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < key.size(); ++i) {
      head |= std::uint64_t{static_cast<unsigned char>(key[i])} << (56 - 8 * i);
    }
    return head;
  }

  std::string prefix_;
};

}  // namespace nacre
