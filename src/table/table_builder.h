// table_builder.h - writes a table from entries that come in order (table_format.h).
//
// An entry is copied into the block that is being gathered. A block is cut before the entry that
// would take it past block_bytes, compressed, summed and added to a buffer, which goes to the file
// in large pieces. The versions of one user key stay in one block until they reach spill_bytes.
//
// THREADS    one at a time.
// LIFETIME   the file must outlive the builder. After an error only destruction is allowed.
// COST       per entry: one comparison with the key before it and the copies of the block builder;
//            no allocation once the buffers have grown.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "key/entry.h"
#include "nacre/env.h"
#include "table/block_builder.h"
#include "table/compression.h"
#include "table/filter.h"
#include "table/index.h"
#include "table/properties.h"
#include "table/table_format.h"

namespace nacre {

struct TableBuilderOptions {
  std::uint64_t salt = 0;  // of the store
  FileNumber number{};     // of the file
  std::uint32_t block_bytes = 4096;
  std::uint32_t filter_bits = 10;  // per key; 0: no filter
  Codec codec = Codec::kLz4;
  /// Bytes of a block from which on the versions of a user key may go on in the next one.
  std::size_t spill_bytes = 64 << 20;
  std::size_t write_bytes = 512 << 10;  // handed to the file at a time
  TableNotes notes;                     // kept in the properties
  /// Shown each block as a reader will see it, in order. May be empty.
  std::function<void(std::string_view block)> block_done;
};

/// What was written, for the manifest.
struct TableSummary {
  std::uint64_t bytes = 0;  // of the file
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;
  std::string smallest;
  std::string largest;
  Seq min_seq = 0;
  Seq max_seq = 0;
  std::uint64_t key_bytes = 0;
  std::uint64_t value_bytes = 0;
};

/// What a builder works in. Who builds one table after the other hands it on: memory that was used
/// before need not be faulted in.
struct TableBuilderMemory {
  LargeString out;
  IndexBuilder index;
  FilterBuilder::Hashes hashes;

  std::uint64_t bytes() const {
    return out.capacity() + index.memory_bytes() + hashes.capacity() * sizeof(std::uint64_t);
  }
};

class TableBuilder {
 public:
  TableBuilder(WritableFile& file, TableBuilderOptions options, TableBuilderMemory memory = {});
  TableBuilder(const TableBuilder&) = delete;
  TableBuilder& operator=(const TableBuilder&) = delete;

  /// Adds an entry above all before it. `key_hash` is hash64(key, salt). An entry out of order, of
  /// an unknown kind or beyond the limits is refused: it comes from memory or a file gone bad.
  Status add(const Entry& entry, std::uint64_t key_hash);

  std::uint64_t entries() const { return properties_.entries; }
  /// What the file would take if it were finished now; blocks that are not written yet count raw.
  std::uint64_t bytes_estimate() const {
    return written_ + out_.size() + gathered_ + index_.bytes_estimate() + filter_.bytes();
  }
  /// What it holds in memory, and the sections that finish() will make.
  std::uint64_t memory_bytes() const {
    return out_.capacity() + 2 * gathered_ + 2 * index_.bytes_estimate() + 2 * filter_.bytes() +
           filter_.memory_bytes();
  }
  /// Writes the rest. There must be at least one entry. The caller syncs and closes the file.
  Result<TableSummary> finish();
  /// For the next one; nothing may follow.
  TableBuilderMemory take_memory();

 private:
  bool fits(const Entry& entry) const;
  Status cut_block(bool spills, std::string_view separator);
  Status write_out();
  void end_section(SectionId id, std::uint32_t flags, std::size_t start);

  WritableFile& file_;
  const TableBuilderOptions options_;
  const TableSeed seed_;
  Compressor compressor_;
  BlockBuilder block_;
  std::size_t gathered_;    // an upper bound of the size of block_
  Trailer last_trailer_{};  // of the entry added last
  IndexBuilder index_;
  FilterBuilder filter_;
  std::vector<Section> sections_;
  TableProperties properties_;
  LargeString out_;            // the end of the file, not yet handed to file_
  std::uint64_t written_ = 0;  // handed to file_
};

}  // namespace nacre
