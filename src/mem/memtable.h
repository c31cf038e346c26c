// memtable.h - the recent writes of a store, sorted, in memory.
//
// A leaf list of records (leaf_list.h), a filter in front of it, and an arena that holds both.
// Writes are added and never removed; when it is full enough the engine starts another memtable
// and writes this one to a table.
//
// THREADS    any number may add, get and walk at once; readers take no lock. A read sees every
//            write whose add() returned before it, in the sense of an acquire.
// LIFETIME   budget and pool must outlive it. Views it returns live as long as it does.
// MEMORY     whole chunks of the arena, charged as MemoryUse::kMemtable: 4 KiB while it is idle.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/memory_budget.h"
#include "base/page_pool.h"
#include "key/entry.h"
#include "key/entry_cursor.h"
#include "mem/leaf_list.h"
#include "mem/memtable_filter.h"

namespace nacre {

class Memtable {
 public:
  /// `prefix_hint` is what many keys are expected to begin with: common_prefix() of the memtable
  /// before. A wrong guess costs a little time and nothing else.
  /// `chunk_max` as for Arena: how much more than its writes it may hold.
  Memtable(MemoryBudget& budget, PagePool& pages, std::string_view prefix_hint = {},
           std::size_t chunk_max = kPageBytes);
  Memtable(const Memtable&) = delete;
  Memtable& operator=(const Memtable&) = delete;

  /// Adds one write. Seqs of one key may arrive in any order; (key, trailer) must be new.
  /// `key_hash` is a hash of the key, the same one in every call for that key.
  void add(Trailer trailer, std::string_view key, std::string_view value, std::uint64_t key_hash);
  /// For a loader (memtable_loader.h), before anybody else knows the memtable: makes a record that
  /// nothing leads to yet, and asks for its line of the filter; notes its key there, some records
  /// later; then all of them, sorted, become what the memtable holds.
  Record* stage(Trailer trailer, std::string_view key, std::string_view value,
                std::uint64_t key_hash);
  void note_staged(std::uint64_t key_hash) { filter_.add_alone(key_hash); }
  struct Totals {
    std::uint64_t bytes = 0;
    std::uint64_t deletes = 0;
  };
  void build(std::span<const HeadedRecord> sorted, const Totals& totals);
  /// The newest entry of `key` with a seq of at most `seq`. False when there is none.
  bool get(std::string_view key, std::uint64_t key_hash, Seq seq, Entry* entry) const;
  /// Over all versions of all keys. The memtable must outlive it.
  std::unique_ptr<EntryCursor> cursor() const;

  /// Memory that is held and charged.
  std::uint64_t memory_bytes() const { return arena_.bytes(); }
  /// Keys, values and their records: how full it is.
  std::uint64_t data_bytes() const { return counts_.bytes.load(std::memory_order_relaxed); }
  std::uint64_t entries() const { return counts_.entries.load(std::memory_order_relaxed); }
  std::uint64_t deletes() const { return counts_.deletes.load(std::memory_order_relaxed); }
  bool empty() const { return entries() == 0; }
  /// What all keys begin with.
  std::string common_prefix() const;

 private:
  struct alignas(64) Counts {  // a line of its own: written by every add
    std::atomic<std::uint64_t> entries{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> deletes{0};
  };

  Arena arena_;
  LeafList list_;
  MemtableFilter filter_;
  Counts counts_;
};

}  // namespace nacre
