// record_sort.h - puts many records into the order of a leaf list at once.
//
// By key, and the versions of a key from the newest to the oldest. Keys are compared as numbers:
// the head of each after what all of them begin with. These are sorted digit by digit, without a
// comparison; keys whose heads are equal are sorted among themselves by the bytes that follow.
//
// COST  about 25 ns for a record, whatever their number, when heads tell the keys apart.
#pragma once

#include <cstdint>
#include <span>

#include "mem/record.h"

namespace nacre {

struct HeadedRecord {
  std::uint64_t head = 0;  // of use to the sort alone
  Record* record = nullptr;
};

/// `scratch` is at least as large as `records`; what it holds afterwards means nothing.
void sort_records(std::span<HeadedRecord> records, std::span<HeadedRecord> scratch);

}  // namespace nacre
