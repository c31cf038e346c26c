// block_source.h - where a table cursor gets its blocks from: the cache, or the file.
//
// THREADS    one at a time.
// LIFETIME   the table must stay alive. The block that open() gave lives until the next open().
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "table/table_reader.h"

namespace nacre {

/// Through the cache. Once two blocks in a row were missing, the ones after them (or before them,
/// when the walk goes back) are read in one go, twice as many each time up to kAheadMax, and held
/// until they are used: a cache that is too small does not make a scan read twice.
class CachedBlocks {
 public:
  explicit CachedBlocks(const TableReader& table) : table_(table) {}

  /// The bytes of block `i`.
  Result<const char*> open(std::uint32_t i);
  /// Starts the memory loads that open() will wait for, if the block is in memory.
  void prefetch(std::uint32_t i) const { table_.prefetch_pin(i); }
  /// Starts the one load that prefetch() itself waits for.
  void prefetch_slot(std::uint32_t i) const { table_.prefetch_slot(i); }

 private:
  static constexpr std::uint32_t kAheadMax = 32;
  static constexpr std::uint64_t kAheadBytesMax = 128 << 10;

  bool take_ahead(std::uint32_t i);
  void read_ahead(std::uint32_t i, bool forward);

  const TableReader& table_;
  BlockPin pin_;
  std::uint32_t last_ = 0;              // the block opened last
  bool any_ = false;                    // whether there was one
  std::uint32_t missing_in_a_row_ = 0;  // of neighbours, all in one direction
  bool forward_ = true;                 // that direction
  std::uint32_t ahead_count_ = 0;       // how many were read ahead the last time
  std::vector<BlockLoad> ahead_;
};

/// Past the cache, in pieces of table_io_bytes(): a merge may have dozens of inputs with a
/// piece each. Blocks that are stored raw are used in the piece.
class StreamedBlocks {
 public:
  explicit StreamedBlocks(const TableReader& table);

  Result<const char*> open(std::uint32_t i);
  /// Nothing: a piece is read from front to back, which the processor sees for itself.
  void prefetch(std::uint32_t /*i*/) const {}
  void prefetch_slot(std::uint32_t /*i*/) const {}

 private:
  Status read_piece(std::uint32_t i);

  const TableReader& table_;
  const std::uint64_t piece_bytes_;
  MemoryCharge charge_;
  std::unique_ptr<char[]> piece_;  // of the file, from piece_at_ on
  std::uint64_t piece_capacity_ = 0;
  std::uint64_t piece_at_ = 0;
  std::uint64_t piece_size_ = 0;
  std::unique_ptr<char[]> raw_;
  std::uint64_t raw_capacity_ = 0;
};

}  // namespace nacre
