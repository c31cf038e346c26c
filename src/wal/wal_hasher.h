// wal_hasher.h - hash64() of bytes that come in pieces: equal to hash64() of the whole.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace nacre {

class WalHasher {
 public:
  explicit WalHasher(std::uint64_t seed) { XXH3_64bits_reset_withSeed(&state_, seed); }
  void add(std::string_view bytes) { XXH3_64bits_update(&state_, bytes.data(), bytes.size()); }
  std::uint64_t digest() const { return XXH3_64bits_digest(&state_); }

 private:
  XXH3_state_t state_{};  // the library reads the seed in it before it sets it
};

}  // namespace nacre
