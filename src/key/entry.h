// entry.h - what the store keeps: a user key, the seq and kind of one write to it, and a value.
//
// Entries are ordered by user key, bytewise, and within one user key from the newest to the oldest:
//
//   (a, 9, put) < (a, 4, delete) < (a, 1, put) < (b, 7, put)
//
// Seq and kind travel together in a trailer: seq in the upper 56 bits, kind in the lower 8. A
// larger trailer is a newer write.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace nacre {

/// What a write does. The numbers are on disk; those that this version can't apply are reserved,
/// so that a store that uses them is refused and not misread.
enum class Kind : std::uint8_t {
  kDelete = 0,
  kPut = 1,
  kRangeDelete = 2,  // reserved
  kMerge = 3,        // reserved
  kBlob = 4,         // reserved
  kExpiringPut = 5,  // reserved
};
/// Kinds that this version reads and writes.
constexpr bool is_known(Kind kind) { return kind == Kind::kDelete || kind == Kind::kPut; }

enum class Trailer : std::uint64_t {};
constexpr Trailer make_trailer(Seq seq, Kind kind) {
  return Trailer{(seq << 8) | static_cast<std::uint8_t>(kind)};
}
constexpr std::uint64_t raw(Trailer trailer) { return static_cast<std::uint64_t>(trailer); }
constexpr Seq seq_of(Trailer trailer) { return raw(trailer) >> 8; }
constexpr Kind kind_of(Trailer trailer) { return static_cast<Kind>(raw(trailer) & 0xFF); }
/// Sorts before every entry of its user key with a seq of at most `seq`: where a read at `seq`
/// starts looking.
constexpr Trailer read_trailer(Seq seq) { return Trailer{(seq << 8) | 0xFF}; }
/// Sorts before every entry of its user key.
constexpr Trailer kNewestTrailer{~std::uint64_t{0}};

struct Entry {
  std::string_view key;  // the user key
  Trailer trailer{};
  std::string_view value;
};

/// The place of an entry in the order. Negative, zero or positive, like memcmp.
inline int compare(std::string_view key_a, Trailer a, std::string_view key_b, Trailer b) {
  if (const int by_key = key_a.compare(key_b); by_key != 0) return by_key;
  return raw(a) > raw(b) ? -1 : raw(a) < raw(b) ? 1 : 0;
}

}  // namespace nacre
