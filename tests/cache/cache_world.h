// cache_world.h - a cache with its budget and pool, and blocks whose content tells who they are.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/coding.h"
#include "base/epoch.h"
#include "base/hash.h"
#include "cache/block_slots.h"

namespace nacre::test {

/// Fills a block so that its bytes depend on the table, the number and the size; the first 8 bytes
/// are the checksum of the others.
inline void fill_block(char* data, std::size_t size, std::uint64_t table, std::uint32_t number) {
  for (std::size_t i = 8; i + 8 <= size; i += 8) {
    store(data + i, mix_seed(table * 1'000'003 + number, i));
  }
  for (std::size_t i = size / 8 * 8; i < size; ++i) data[i] = static_cast<char>(number);
  const std::string_view body(data + 8, size - 8);
  store(data, hash64(body, mix_seed(table, number)));
}

inline bool block_is(const char* data, std::size_t size, std::uint64_t table,
                     std::uint32_t number) {
  const std::string_view body(data + 8, size - 8);
  return load<std::uint64_t>(data) == hash64(body, mix_seed(table, number));
}

struct CacheWorld {
  explicit CacheWorld(std::uint64_t limit)
      : budget(limit), cache(std::make_shared<BlockCache>(budget, pool)) {}

  std::unique_ptr<BlockSlots> slots(std::uint32_t count) const {
    return std::make_unique<BlockSlots>(cache, count);
  }

  /// Puts a block of `size` into the cache as a miss does.
  BlockPin insert(BlockSlots& slots, std::uint32_t number, std::size_t size,
                  std::uint64_t table = 0) const {
    FrameBuffer buffer = cache->allocate(size);
    fill_block(buffer.data(), buffer.size(), table, number);
    return slots.insert(number, std::move(buffer));
  }

  std::uint64_t used() const { return budget.used(MemoryUse::kCache); }

  PagePool pool;
  MemoryBudget budget;
  std::shared_ptr<BlockCache> cache;
};

/// Is the block in memory? Counts as a use, as every find() does.
inline bool resident(const BlockSlots& slots, std::uint32_t number) {
  const EpochGuard guard;
  return slots.find(number) != nullptr;
}

inline std::uint32_t count_resident(const BlockSlots& slots, std::uint32_t begin,
                                    std::uint32_t end) {
  std::uint32_t count = 0;
  for (std::uint32_t i = begin; i < end; ++i) count += resident(slots, i);
  return count;
}

}  // namespace nacre::test
