// ids.h - the integers that name things, made hard to confuse.
#pragma once

#include <cstdint>

namespace nacre {

/// The place of a write in the order of all writes. 56 bits; 0 is before every write.
using Seq = std::uint64_t;
inline constexpr Seq kSeqMax = (Seq{1} << 56) - 1;

/// Names one file of a store, of any type. Never used twice in the life of a store.
enum class FileNumber : std::uint64_t {};
constexpr std::uint64_t raw(FileNumber number) { return static_cast<std::uint64_t>(number); }

/// Names an ordered map inside a store. Formats carry it; this version has one, the default.
enum class KeyspaceId : std::uint32_t {};
inline constexpr KeyspaceId kDefaultKeyspace{0};

/// Depth in the tree: 0 holds what was just flushed, kLevelCount - 1 the oldest data.
inline constexpr int kLevelCount = 7;

}  // namespace nacre
