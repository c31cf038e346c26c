// table_output.h - one table file on its way from nothing to "may be named in the manifest".
//
// THREADS    one at a time.
// OWNS       the file until finish(); an unfinished one is removed, since no edit can name it.
// MEMORY     while the budget has room to spare, the blocks are kept for the cache as they are
//            built: what was in memory before a flush or compaction is not read back from the disk.
//            Those of a flush take room from others where there is none: what was written last is
//            read most, and the memtable that held it gives back more than they take.
#pragma once

#include <memory>
#include <vector>

#include "cache/block_cache.h"
#include "engine/context.h"
#include "lsm/version.h"
#include "table/stored_table.h"
#include "table/table_builder.h"

namespace nacre::engine {

enum class OutputKind : std::uint8_t {
  kFlush,
  kMerge,
  kLastLevel,  // of a merge too, and compressed as its own option says
};

class TableOutput {
 public:
  static Result<std::unique_ptr<TableOutput>> create(Context& context, FileNumber number,
                                                     OutputKind kind);
  TableOutput(const TableOutput&) = delete;
  TableOutput& operator=(const TableOutput&) = delete;
  ~TableOutput();

  /// In internal order.
  Status add(const Entry& entry);
  std::uint64_t bytes() const;
  /// Writes the rest, syncs file and directory, and opens the table.
  Result<TablePtr> finish();

 private:
  TableOutput(Context& context, FileNumber number, OutputKind kind)
      : context_(context),
        number_(number),
        kind_(kind),
        charge_(context.runtime->budget, MemoryUse::kBuffer, 0) {}
  bool may_keep(std::size_t bytes) const;
  void keep(std::string_view block);

  Context& context_;
  const FileNumber number_;
  const OutputKind kind_;
  std::unique_ptr<WritableFile> file_;
  std::unique_ptr<TableBuilder> builder_;
  MemoryCharge charge_;            // for what builder_ holds
  std::vector<FrameBuffer> kept_;  // the first blocks, as long as there was room
  std::uint64_t kept_bytes_ = 0;
  bool keeping_ = true;
  bool finished_ = false;
};

}  // namespace nacre::engine
