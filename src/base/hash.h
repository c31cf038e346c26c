// hash.h - the one hash of the store, XXH3-64: checksums of all bytes on disk, filters of keys.
//
// Every use is seeded from the store's random salt, so that bytes of another store or another
// place don't verify and nobody can choose keys that collide.
#pragma once

#include <cstdint>
#include <string_view>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

namespace nacre {

inline std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

/// A seed made of the salt and the place of the bytes (splitmix64's finishing steps).
constexpr std::uint64_t mix_seed(std::uint64_t salt, std::uint64_t place) {
  std::uint64_t x = salt ^ (place + 0x9E3779B97F4A7C15ULL);
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace nacre
