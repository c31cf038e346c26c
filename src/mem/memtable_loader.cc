#include "mem/memtable_loader.h"

#include <algorithm>
#include <memory>

namespace nacre {

void MemtableLoader::add(Trailer trailer, std::string_view key, std::string_view value,
                         std::uint64_t key_hash) {
  if (records_.size() == records_.capacity()) grow();
  std::uint64_t& hash = hashes_[records_.size() % kLate];
  if (records_.size() >= kLate) table_.note_staged(hash);
  hash = key_hash;
  records_.push_back({0, table_.stage(trailer, key, value, key_hash)});
  totals_.bytes += sizeof(Record) + key.size() + value.size();
  totals_.deletes += kind_of(trailer) == Kind::kDelete;
}

/// Charged twice over: the sort needs as much again.
void MemtableLoader::grow() {
  constexpr std::size_t kFirst = 256;
  const std::size_t entries = std::max(kFirst, records_.size() + records_.size() / 2);
  records_.reserve(entries);
  const std::uint64_t bytes = 2 * records_.capacity() * sizeof(HeadedRecord);
  budget_.charge(MemoryUse::kBuffer, bytes - charged_);
  charged_ = bytes;
}

void MemtableLoader::finish() {
  if (!records_.empty()) {
    const std::size_t waiting = std::min(kLate, records_.size());
    for (std::size_t i = 0; i < waiting; ++i) table_.note_staged(hashes_[i]);
    const auto scratch = std::make_unique_for_overwrite<HeadedRecord[]>(records_.size());
    sort_records(records_, std::span(scratch.get(), records_.size()));
    table_.build(records_, totals_);
  }
  std::vector<HeadedRecord>().swap(records_);
  budget_.release(MemoryUse::kBuffer, charged_);
  charged_ = 0;
}

}  // namespace nacre
