// block_builder.h - gathers entries and lays them out as a block (block_format.h).
//
// Keys and values are copied as they come; prefix, column widths and the block itself are settled
// in finish(), since the last key decides how long the prefix is.
//
// THREADS    one at a time.
// LIFETIME   views are valid until the next add() or reset().
// COST       two copies of each entry; no allocation once the buffers have grown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "key/entry.h"
#include "table/block_format.h"

namespace nacre {

class BlockBuilder {
 public:
  BlockBuilder() = default;

  /// Entries come in the order of entry.h; a user key's versions must all go to one block.
  void add(const Entry& entry);
  bool empty() const { return rows_.empty(); }
  std::size_t entries() const { return rows_.size(); }
  /// What finish() would take now: exact, or up to 4 bytes per entry too large when some keys are
  /// hardly longer than the prefix. A block over kBlockBytesMax must not be finished.
  std::size_t size_estimate() const;
  /// User keys. The builder must not be empty.
  std::string_view first_key() const { return key(0); }
  std::string_view last_key() const { return key(rows_.size() - 1); }
  /// The block. The builder must not be empty. More entries may be added afterwards.
  std::string_view finish();
  void reset();

 private:
  struct Row {
    std::uint64_t key_end = 0;
    std::uint64_t value_end = 0;
    Trailer trailer{};
  };

  std::string_view key(std::size_t i) const {
    const std::uint64_t begin = i == 0 ? 0 : rows_[i - 1].key_end;
    return std::string_view(keys_).substr(begin, rows_[i].key_end - begin);
  }
  BlockHeader layout() const;
  void write_columns(const BlockHeader& header, char* block) const;
  void write_trailers(const BlockHeader& header, char* to) const;

  std::string keys_;    // whole keys, one after the other
  std::string values_;  // likewise
  std::vector<Row> rows_;
  std::string block_;

  // What decides the layout, kept up to date by add().
  std::size_t prefix_size_ = 0;  // common to all keys
  std::size_t key_size_min_ = 0;
  std::size_t key_size_max_ = 0;
  std::size_t value_size_min_ = 0;
  std::size_t value_size_max_ = 0;
  std::uint64_t trailer_min_ = 0;
  std::uint64_t trailer_max_ = 0;
  bool one_kind_ = true;
};

}  // namespace nacre
