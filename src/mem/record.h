// record.h - one write in a memtable: header, key and value in one piece of the arena.
//
//   offset 0        8        16        20          24
//          | older  | trailer | key size | value size | key bytes | value bytes |
//
// The records of one key form a chain from the newest to the oldest. A record whose write is late
// is put at its place in the chain, so `older` may change while readers follow it; nothing else of
// a record ever changes.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "base/arena.h"
#include "key/entry.h"

namespace nacre {

struct Record {
  std::atomic<Record*> older{nullptr};
  Trailer trailer{};
  std::uint32_t key_size = 0;
  std::uint32_t value_size = 0;

  static Record* create(Arena& arena, Trailer trailer, std::string_view key,
                        std::string_view value) {
    char* const memory = arena.allocate(sizeof(Record) + key.size() + value.size());
    auto* const record = new (memory) Record;
    record->trailer = trailer;
    record->key_size = static_cast<std::uint32_t>(key.size());
    record->value_size = static_cast<std::uint32_t>(value.size());
    char* const bytes = memory + sizeof(Record);
    if (!key.empty()) std::memcpy(bytes, key.data(), key.size());
    if (!value.empty()) std::memcpy(bytes + key.size(), value.data(), value.size());
    return record;
  }

  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view key() const { return {bytes(), key_size}; }
  std::string_view value() const { return {bytes() + key_size, value_size}; }
  Entry entry() const { return Entry{key(), trailer, value()}; }

  /// Header, key and the beginning of the value, at once instead of one after the other.
  void prefetch() const {
    const char* const lines = reinterpret_cast<const char*>(this);
    for (int line = 0; line < 3; ++line) __builtin_prefetch(lines + 64 * line);
  }

  /// The first record at or after `from` in the chain whose trailer is not above `limit`, or null.
  static const Record* at_most(const Record* from, Trailer limit) {
    while (from != nullptr && raw(from->trailer) > raw(limit)) {
      from = from->older.load(std::memory_order_acquire);
    }
    return from;
  }
};
static_assert(sizeof(Record) == 24);

}  // namespace nacre
