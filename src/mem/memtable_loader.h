// memtable_loader.h - fills a new memtable with many entries at once.
//
// Records are made one after the other as they come, sorted when all are there, and become the list
// of the memtable in one go: a third of the time of as many add() calls. Nobody may look at the
// memtable before finish().
//
// THREADS    one at a time.
// LIFETIME   the memtable and the budget must outlive it.
// MEMORY     16 bytes for an entry until finish(), and as many again during it, charged as
//            MemoryUse::kBuffer.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/large_memory.h"
#include "base/memory_budget.h"
#include "mem/memtable.h"
#include "mem/record_sort.h"

namespace nacre {

/// What a loader works in. Who loads one memtable after the other hands it on: memory that was used
/// before need not be faulted in.
struct LoaderMemory {
  LargeVector<HeadedRecord> records;
  LargeVector<HeadedRecord> scratch;
};

class MemtableLoader {
 public:
  /// `table` is empty.
  MemtableLoader(Memtable& table, MemoryBudget& budget, LoaderMemory memory = {})
      : table_(table), budget_(budget), memory_(std::move(memory)) {
    records().clear();
  }
  MemtableLoader(const MemtableLoader&) = delete;
  MemtableLoader& operator=(const MemtableLoader&) = delete;
  ~MemtableLoader() { budget_.release(MemoryUse::kBuffer, charged_); }

  /// As Memtable::add().
  void add(Trailer trailer, std::string_view key, std::string_view value, std::uint64_t key_hash);
  /// The memtable is whole from here on. Once only.
  void finish();
  bool empty() const { return memory_.records.empty(); }
  /// For the next one; nothing may follow.
  LoaderMemory take_memory() { return std::move(memory_); }
  /// What the memtable and this hold, and what finish() will take for a moment.
  std::uint64_t memory_bytes() const { return table_.memory_bytes() + charged_; }

 private:
  /// A key gets into the filter so many records after its line there was asked for.
  static constexpr std::size_t kLate = 16;
  /// So many records are charged at a time.
  static constexpr std::size_t kStep = 256;
  LargeVector<HeadedRecord>& records() { return memory_.records; }
  void make_room();

  Memtable& table_;
  MemoryBudget& budget_;
  LoaderMemory memory_;
  std::array<std::uint64_t, kLate> hashes_{};  // of the last records
  Memtable::Totals totals_;
  std::uint64_t charged_ = 0;
};

}  // namespace nacre
