// table_reader.h - an open table: gets, cursors, and what is known without reading a block.
//
// Footer, directory, index, filter and properties are read and checked when the table is opened,
// and stay in memory. Blocks come through the cache.
//
//   get    {
//            EpochGuard guard;
//            found = table->find(key, hash, seq, &entry, &block);   // touches memory only
//          }
//          while (found == Lookup::kNeedsBlock) {                   // the guard is gone: I/O is
//          fine
//            pin = NACRE_TRY(table->load(block));
//            found = table->find_in(pin, key, seq, &entry, &block);
//          }
//
// THREADS    any.
// LIFETIME   entry.value of find() lives as long as the guard, of find_in() as long as the pin.
//            Cursors keep the table alive. The budget must outlive it.
// MEMORY     index, filter and slots are charged as kTable.
// COST       find(): filter 1 cache line, index 1 to 2 that are not hot, slot 1, then the block.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/epoch.h"
#include "cache/block_cache.h"
#include "cache/block_slots.h"
#include "key/entry.h"
#include "key/entry_cursor.h"
#include "table/block.h"
#include "table/filter.h"
#include "table/properties.h"
#include "table/stored_table.h"

namespace nacre {

struct TableReaderOptions {
  std::string name;        // of the file, for messages
  std::uint64_t salt = 0;  // of the store
  FileNumber number{};     // that the file must have
  std::shared_ptr<BlockCache> cache;
  MemoryBudget& budget;
};

enum class Lookup : std::uint8_t {
  kFiltered,  ///< Not in the table; the filter alone could tell.
  kAbsent,    ///< Not in the table.
  kFound,
  kNeedsBlock,  ///< It depends on a block that is not in memory.
};

enum class CursorUse : std::uint8_t {
  kRead,        ///< Through the cache; reads ahead once blocks in a row are missing.
  kCompaction,  ///< Past the cache, in large pieces.
};

/// What flushes and compactions read or write of a file at a time, under a budget of so many bytes.
std::uint64_t table_io_bytes(std::uint64_t budget_bytes);

/// One block to load: see TableReader::load_many().
struct BlockLoad {
  std::uint32_t block = 0;
  BlockPin pin;
  Status status;
};

class TableReader : public std::enable_shared_from_this<TableReader> {
 public:
  static Result<std::shared_ptr<TableReader>> open(std::shared_ptr<const RandomAccessFile> file,
                                                   TableReaderOptions options);
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  /// Looks for the newest version of `key` with a seq of at most `seq`. Only inside an EpochGuard.
  /// No I/O, no lock, no allocation. kNeedsBlock: the answer is in `*block`, which is not in
  /// memory.
  Lookup find(std::string_view key, std::uint64_t hash, Seq seq, Entry* entry,
              std::uint32_t* block) const;
  /// The same in steps, so that a caller with many keys can let their memory loads overlap: each
  /// step starts the loads of the next. prefetch(hash); locate(); approach(); find_at(). False from
  /// locate(): not in the table, and the filter alone could tell, or not.
  bool locate(std::string_view key, std::uint64_t hash, std::uint32_t* block) const;
  void approach(std::uint32_t block) const { slots_.prefetch_block(block); }
  Lookup find_at(std::string_view key, Seq seq, Entry* entry, std::uint32_t* block) const;
  /// Goes on with find() in `*block`, held by `pin`. kNeedsBlock again only for a key with versions
  /// in several blocks.
  Lookup find_in(const BlockPin& pin, std::string_view key, Seq seq, Entry* entry,
                 std::uint32_t* block) const;
  /// Reads a block into the cache. Not inside an EpochGuard.
  Result<BlockPin> load(std::uint32_t block) const;
  /// Loads several blocks, in ascending order, all reads at once; neighbours are read in one go.
  /// Blocks in memory are only pinned. Each has a status of its own.
  void load_many(std::span<BlockLoad> loads) const;

  /// Takes over the first blocks of the table, which whoever built it has kept.
  void adopt(std::vector<FrameBuffer> blocks) const;

  /// False when the table surely does not hold the key with this hash.
  bool may_contain(std::uint64_t hash) const { return filter_.may_contain(hash); }
  /// Starts the memory load that may_contain() and find() will wait for.
  void prefetch(std::uint64_t hash) const { filter_.prefetch(hash); }
  /// The first block that may hold `key`, or block_count().
  std::uint32_t block_of(std::string_view key) const { return stored_.index.find(key); }
  std::uint32_t block_count() const { return stored_.index.count(); }
  /// A counted hold on a block that is in memory; an empty pin when it is not.
  BlockPin pin(std::uint32_t block) const { return slots_.pin(block); }
  Residence residence(std::uint32_t block) const { return slots_.residence(block); }
  void prefetch_slot(std::uint32_t block) const { slots_.prefetch_slot(block); }
  /// Starts the memory loads that pin() and the first look at the block will wait for.
  void prefetch_pin(std::uint32_t block) const { slots_.prefetch_pin(block); }

  std::unique_ptr<EntryCursor> cursor(CursorUse use) const;

  /// Reads every byte of the file past the cache and checks all of it: checksums, order, the
  /// filter, the properties. Called now and then, `progress(bytes done)` may return false to stop;
  /// that is kClosed. Everything else that is not ok names file and offset.
  Status verify(const std::function<bool(std::uint64_t)>& progress = nullptr) const;

  /// Bytes of the file that a scan of [lower, upper] would read, both inclusive.
  std::uint64_t approximate_bytes(std::string_view lower, std::string_view upper) const;
  const TableProperties& properties() const { return properties_; }
  std::uint64_t file_bytes() const { return stored_.file->size(); }
  FileNumber number() const { return stored_.seed.number(); }
  const std::string& name() const { return stored_.name; }
  std::uint64_t memory_bytes() const { return charge_.bytes(); }
  MemoryBudget& budget() const { return budget_; }
  /// The file and its index, for cursors.
  const StoredTable& stored() const { return stored_; }
  /// The layout, for people: sections, then a line per block.
  std::string render() const;

 private:
  struct Parts {
    StoredTable stored;
    std::vector<Section> sections;
    Footer footer;
    Filter filter;
    TableProperties properties;
  };
  TableReader(Parts parts, TableReaderOptions options);
  class FileEnd;
  static Status read_frame(Parts& parts, const FileEnd& end);
  static Status read_sections(Parts& parts, const FileEnd& end);
  static Status check_parts(const Parts& parts);

  Result<BlockPin> accept(std::uint32_t block, std::string_view with_trailer) const;
  void accept_many(std::span<BlockLoad> loads, const ReadRequest& request) const;
  Status verify_blocks(const std::function<bool(std::uint64_t)>& progress) const;
  Status verify_frame() const;

  MemoryBudget& budget_;
  const std::uint64_t salt_;
  const std::shared_ptr<BlockCache> cache_;
  const StoredTable stored_;
  const std::vector<Section> sections_;
  const Footer footer_;
  const Filter filter_;
  const TableProperties properties_;
  const MemoryCharge charge_;
  mutable BlockSlots slots_;  // a cache: filled by const gets
};

}  // namespace nacre
