// block_search.h - counts the heads below a head: the step that every search in a block begins
// with.
//
// A block of 32 entries has 128 bytes of heads: two compares with AVX-512, four with AVX2. Longer
// arrays are halved without branches until 64 heads remain.
//
// THREADS    any. The path is chosen once, at the first call.
#pragma once

#include <cstdint>

namespace nacre {

/// How many of the `count` ascending heads at `heads` (u32, little endian, any alignment) are
/// smaller than `head`. Reads nothing outside them.
using HeadSearch = std::uint32_t (*)(const char* heads, std::uint32_t count, std::uint32_t head);

enum class HeadSearchPath : std::uint8_t { kPortable, kAvx2, kAvx512 };

/// The search of that path, or nullptr when this machine can't run it.
HeadSearch head_search(HeadSearchPath path);

/// The search of the best path that this machine can run.
std::uint32_t count_heads_below(const char* heads, std::uint32_t count, std::uint32_t head);

}  // namespace nacre
