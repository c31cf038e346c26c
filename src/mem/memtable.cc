#include "mem/memtable.h"

#include "base/check.h"
#include "base/limits.h"
#include "mem/key_head.h"
#include "mem/memtable_cursor.h"
#include "mem/record.h"

namespace nacre {

Memtable::Memtable(MemoryBudget& budget, PagePool& pages, std::string_view prefix_hint,
                   std::size_t chunk_max)
    : arena_(budget, pages, MemoryUse::kMemtable, chunk_max),
      list_(arena_, prefix_hint),
      filter_(arena_) {}

void Memtable::add(Trailer trailer, std::string_view key, std::string_view value,
                   std::uint64_t key_hash) {
  NACRE_DCHECK(key.size() <= kKeyBytesMax && value.size() <= kValueBytesMax);
  filter_.prefetch(key_hash);
  LeafTarget target(key);
  LeafNode* const from = list_.approach(target);
  Record* const record = Record::create(arena_, trailer, key, value);
  list_.insert(from, target, record);
  filter_.add(key_hash);

  counts_.entries.fetch_add(1, std::memory_order_relaxed);
  counts_.bytes.fetch_add(sizeof(Record) + key.size() + value.size(), std::memory_order_relaxed);
  if (kind_of(trailer) == Kind::kDelete) counts_.deletes.fetch_add(1, std::memory_order_relaxed);
}

Record* Memtable::stage(Trailer trailer, std::string_view key, std::string_view value,
                        std::uint64_t key_hash) {
  filter_.prefetch(key_hash);
  return Record::create(arena_, trailer, key, value);
}

void Memtable::build(std::span<const HeadedRecord> sorted, const Totals& totals) {
  NACRE_CHECK(empty());
  list_.build(sorted);
  counts_.entries.store(sorted.size(), std::memory_order_relaxed);
  counts_.bytes.store(totals.bytes, std::memory_order_relaxed);
  counts_.deletes.store(totals.deletes, std::memory_order_relaxed);
}

bool Memtable::get(std::string_view key, std::uint64_t key_hash, Seq seq, Entry* entry) const {
  if (!filter_.may_contain(key_hash)) return false;
  const Record* const found = Record::at_most(list_.find(key), read_trailer(seq));
  if (found == nullptr) return false;
  *entry = found->entry();
  return true;
}

std::unique_ptr<EntryCursor> Memtable::cursor() const {
  return std::make_unique<MemtableCursor>(list_);
}

std::string Memtable::common_prefix() const {
  MemtableCursor cursor(list_);
  cursor.first();
  if (!cursor.valid()) return {};
  const std::string_view first = cursor.entry().key;  // lives in the arena
  cursor.last();
  return std::string(first.substr(0, common_bytes(first, cursor.entry().key)));
}

}  // namespace nacre
