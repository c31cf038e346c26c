#include "lsm/level_sizes.h"

#include <algorithm>

namespace nacre {

namespace {

/// The base may be so many times base_bytes before a level is put above it. With less, that level
/// would be smaller than what comes down at once, and only add a copy on the way.
constexpr std::uint64_t kBaseStretch = 4;

/// `part` of `whole`'s `of`, without overflow for sizes of disks.
std::uint64_t scale(std::uint64_t of, std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(of) * static_cast<double>(part) /
                                    static_cast<double>(whole));
}

}  // namespace

LevelSizes level_sizes(const Version& version, const PickerOptions& options) {
  LevelSizes sizes;
  std::uint64_t size = 0;
  for (int level = 1; level < kLevelCount; ++level) size = std::max(size, version.bytes(level));
  sizes.target[sizes.base] = std::max(size, options.base_bytes);
  while (sizes.base > 1 && size > kBaseStretch * options.base_bytes) {
    size /= options.multiplier;
    sizes.target[--sizes.base] = std::max(size, options.base_bytes / 2);
  }
  return sizes;
}

int l0_output_level(const Version& version, const LevelSizes& sizes) {
  int level = 1;
  while (level < sizes.base && version.bytes(level) == 0) ++level;
  return level;
}

std::uint64_t debt_bytes(const Version& version, const PickerOptions& options) {
  const LevelSizes sizes = level_sizes(version, options);
  const int first = l0_output_level(version, sizes);
  const std::size_t tables = version.table_count(0);
  const std::size_t over = tables - std::min(tables, options.l0_trigger);
  // What comes down meets its share of the level below, all of it when it is as large.
  std::uint64_t coming = scale(version.bytes(0), over, tables);
  std::uint64_t debt = coming;
  debt += std::min(version.bytes(first), scale(version.bytes(first), coming, version.bytes(0)));
  for (int level = first; level + 1 < kLevelCount; ++level) {
    const std::uint64_t size = version.bytes(level) + coming;
    coming = size - std::min(size, sizes.target[level]);
    if (coming == 0) continue;
    debt +=
        coming + std::min(version.bytes(level + 1), scale(version.bytes(level + 1), coming, size));
  }
  return debt;
}

}  // namespace nacre
