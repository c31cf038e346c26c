#include "mem/memtable_loader.h"

#include <algorithm>

namespace nacre {

void MemtableLoader::add(Trailer trailer, std::string_view key, std::string_view value,
                         std::uint64_t key_hash) {
  if (records().size() % kStep == 0) make_room();
  std::uint64_t& hash = hashes_[records().size() % kLate];
  if (records().size() >= kLate) table_.note_staged(hash);
  hash = key_hash;
  records().push_back({0, table_.stage(trailer, key, value, key_hash)});
  totals_.bytes += sizeof(Record) + key.size() + value.size();
  totals_.deletes += kind_of(trailer) == Kind::kDelete;
}

/// For a step. Grows by much, since to copy costs more than to hold addresses that nobody touches.
/// What is touched is charged, twice over: the sort needs as much again.
void MemtableLoader::make_room() {
  constexpr std::size_t kGrowth = 4;
  if (records().size() == records().capacity()) {
    records().reserve(std::max(kStep, records().size() * kGrowth));
  }
  const std::uint64_t bytes = 2 * kStep * sizeof(HeadedRecord);
  budget_.charge(MemoryUse::kBuffer, bytes);
  charged_ += bytes;
}

void MemtableLoader::finish() {
  if (!records().empty()) {
    const std::size_t waiting = std::min(kLate, records().size());
    for (std::size_t i = 0; i < waiting; ++i) table_.note_staged(hashes_[i]);
    LargeVector<HeadedRecord>& scratch = memory_.scratch;
    if (scratch.size() < records().size()) scratch.resize(records().size());
    sort_records(records(), scratch);
    table_.build(records(), totals_);
  }
  records().clear();
  budget_.release(MemoryUse::kBuffer, charged_);
  charged_ = 0;
}

}  // namespace nacre
