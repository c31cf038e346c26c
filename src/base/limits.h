// limits.h - the hard limits of the formats, enforced alike when writing and when reading.
#pragma once

#include <cstdint>

namespace nacre {

inline constexpr std::uint64_t kKeyBytesMax = 64 << 10;
inline constexpr std::uint64_t kValueBytesMax = std::uint64_t{1} << 30;
/// A batch, encoded: one record of the log. Leaves room for one entry of the largest size.
inline constexpr std::uint64_t kBatchBytesMax = kValueBytesMax + (2 << 20);
/// A record of the manifest.
inline constexpr std::uint64_t kEditBytesMax = 64 << 20;

}  // namespace nacre
