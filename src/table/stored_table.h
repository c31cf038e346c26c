// stored_table.h - a table file and how its blocks are read and judged; the part of an open table
// that knows no cache.
//
// A block that comes out of here is checked for good: its checksum holds, it decompresses to the
// size it declares, Block::validate() accepts it, it has the entries that the index says, and its
// keys lie between the separators around it. Blocks of one table are therefore in order even when
// the file was forged.
//
// THREADS    immutable; any number of readers.
// ERRORS     name file and offset.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/memory_budget.h"
#include "nacre/env.h"
#include "table/index.h"
#include "table/table_format.h"

namespace nacre {

struct StoredTable {
  std::shared_ptr<const RandomAccessFile> file;
  std::string name;  // for messages
  TableSeed seed;
  TableIndex index;

  Status corruption(std::uint64_t offset, std::string_view what) const {
    return Status::corruption_at(name, offset, what);
  }
  /// Fills `out` from `offset` on; a file that ends before is corruption.
  Status read(std::uint64_t offset, std::span<char> out) const;

  /// Takes block `i` apart, given its stored_bytes() as read from the file.
  Result<StoredBlock> open_block(std::uint32_t i, std::string_view with_trailer) const {
    return open_stored_block(seed, name, index.offset(i), with_trailer);
  }
  /// Decompresses block `i` to out[0, block.raw_size) and checks it.
  Status decode_block(std::uint32_t i, const StoredBlock& block, char* out) const;
  /// The checks of decode_block() alone, for a block that is used where it was read.
  Status check_block(std::uint32_t i, std::string_view raw_block) const;
};

/// Bytes charged to a budget while this lives.
class MemoryCharge {
 public:
  MemoryCharge(MemoryBudget& budget, MemoryUse use, std::uint64_t bytes)
      : budget_(budget), use_(use), bytes_(bytes) {
    budget_.charge(use_, bytes_);
  }
  MemoryCharge(const MemoryCharge&) = delete;
  MemoryCharge& operator=(const MemoryCharge&) = delete;
  ~MemoryCharge() { budget_.release(use_, bytes_); }

  std::uint64_t bytes() const { return bytes_; }
  void resize(std::uint64_t bytes) {
    if (bytes > bytes_) budget_.charge(use_, bytes - bytes_);
    if (bytes < bytes_) budget_.release(use_, bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  MemoryBudget& budget_;
  const MemoryUse use_;
  std::uint64_t bytes_;
};

}  // namespace nacre
