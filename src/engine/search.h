// search.h - one key on its way through a view: the steps that get and multi_get share.
//
// THREADS    a Search belongs to one thread.
// LIFETIME   what `table` points at lives while the view is held or the epoch lasts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/view.h"
#include "nacre/value.h"
#include "table/table_reader.h"

namespace nacre::engine {

/// A key on its way through a view. Tables are counted from the newest: those of level 0, then one
/// step for each deeper level.
struct Search {
  std::string_view key;
  std::uint64_t hash = 0;
  Seq seq = 0;
  std::size_t step = 0;  // where to look next

  Entry entry{};                       // once found
  const TableReader* table = nullptr;  // that holds it, or that needs `block`
  const Table* unloaded = nullptr;     // to be looked at next, and not loaded; then `table` is null
  std::uint32_t block = 0;
};

enum class Found : std::uint8_t { kNowhere, kInMemtable, kInTable, kNeedsBlock, kNeedsTable };

inline bool covers(const TableMeta& meta, std::string_view key) {
  return meta.smallest <= key && key <= meta.largest;
}

/// How many steps a search of the tables may take.
inline std::size_t table_steps(const Version& version) {
  return version.level(0).size() + kLevelCount - 1;
}

/// The table to look at in step `step`, or null.
inline const Table* table_at(const Version& version, std::size_t step, std::string_view key) {
  const auto newest = version.level(0);
  if (step < newest.size()) {
    const Table& table = *newest[step];
    return covers(table.meta, key) ? &table : nullptr;
  }
  return version.find(static_cast<int>(step - newest.size()) + 1, key);
}

/// Goes to the next table that may hold the key, search.table or, while it is not loaded,
/// search.unloaded; false when there is none. After search.unloaded was loaded, the same again
/// finds it as search.table.
inline bool next_table(const Version& version, Search& search) {
  for (const std::size_t steps = table_steps(version); search.step < steps; ++search.step) {
    const Table* const table = table_at(version, search.step, search.key);
    if (table == nullptr) continue;
    search.table = table->reader();
    search.unloaded = search.table == nullptr ? table : nullptr;
    if (search.table != nullptr) ++search.step;
    return true;
  }
  return false;
}

/// Inside an EpochGuard.
inline Found search_memtables(const View& view, Search& search) {
  if (view.active->table.get(search.key, search.hash, search.seq, &search.entry)) {
    return Found::kInMemtable;
  }
  for (const MemtablePtr& memtable : view.frozen) {
    if (memtable->table.get(search.key, search.hash, search.seq, &search.entry)) {
      return Found::kInMemtable;
    }
  }
  return Found::kNowhere;
}

/// Pins the block of the value. Values in memtables are copied: a pin would keep a whole memtable.
struct PinSink {
  std::optional<Value> value;
  static Value copied(std::string_view bytes);
  static Value pinned(std::string_view bytes, BlockPin pin);

  void from_memory(std::string_view bytes) { value = copied(bytes); }
  void from_cache(std::string_view bytes, const TableReader& table, std::uint32_t block) {
    BlockPin pin = table.pin(block);
    // Evicted a moment ago: the bytes are there until the epoch ends.
    if (!pin || bytes.data() < pin.data() || bytes.data() > pin.data() + pin.size()) {
      value = copied(bytes);
    } else {
      value = pinned(bytes, std::move(pin));
    }
  }
  void from_block(std::string_view bytes, BlockPin pin) { value = pinned(bytes, std::move(pin)); }
};

}  // namespace nacre::engine
