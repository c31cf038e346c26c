// table.h - a table of the store: what the manifest says of it, and its file, loaded at first use.
//
// An open store knows the metadata of all its tables and holds their files. Index, filter and
// properties of a file are read when somebody first asks for them, and stay: a store with thousands
// of tables opens in no more time than it takes to open the files.
//
//   reader() == null  --load()-->  reader() != null, for good
//
// THREADS    any. Of several callers of load() one reads, the others wait for it.
// LIFETIME   what reader() points at lives as long as the table, and as long as its cursors.
// ERRORS     load(): what the file says of itself must be what the manifest says, or it is refused,
//            naming the file. A failure is not kept: the next call tries again.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "base/guarded.h"
#include "lsm/table_meta.h"
#include "nacre/env.h"
#include "table/table_reader.h"

namespace nacre {

class Table {
 public:
  /// Metadata alone, for whoever plans without files. Must not be loaded.
  explicit Table(TableMeta described) : meta(std::move(described)) {}
  /// With the file that is described.
  Table(TableMeta described, std::shared_ptr<const RandomAccessFile> file,
        TableReaderOptions options);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// Null before the first load(). No lock.
  const TableReader* reader() const { return reader_.load(std::memory_order_acquire); }
  /// Reads what reader() needs unless it is there. Not inside an EpochGuard.
  Result<const TableReader*> load() const;

  const TableMeta meta;

 private:
  struct Unloaded {
    std::shared_ptr<const RandomAccessFile> file;
    TableReaderOptions options;
  };
  struct State {
    std::optional<Unloaded> unloaded;          // until it is loaded
    std::shared_ptr<const TableReader> owner;  // of reader_, from then on
  };
  Status check(const TableReader& reader) const;

  mutable Guarded<State> state_;  // held over the reads of load()
  mutable std::atomic<const TableReader*> reader_{nullptr};
};
using TablePtr = std::shared_ptr<const Table>;

}  // namespace nacre
