// reaper.h - the one place that removes files of an open store.
//
// A table that an edit took out of the version is condemned; its file goes when the last view that
// holds the table has gone. Wal segments and manifests go as soon as they are named here: their
// callers prove first that a durable manifest no longer needs them (F1).
//
// THREADS    any.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <vector>

#include "base/guarded.h"
#include "lsm/file_name.h"
#include "lsm/version.h"

namespace nacre::engine {

class Reaper {
 public:
  Reaper(FileSystem& fs, std::string dir) : fs_(fs), dir_(std::move(dir)) {}

  /// The table is in no version any more.
  void condemn(const TablePtr& table);
  /// Removes a file now. A failure leaves an orphan, which the next open removes.
  void remove(FileType type, FileNumber number);
  /// Removes the files of condemned tables that nobody holds any more.
  void sweep();
  std::size_t waiting() { return condemned_.lock()->size(); }
  /// Whether sweep() might find something. No lock.
  bool has_condemned() const { return count_.load(std::memory_order_relaxed) != 0; }

 private:
  struct Condemned {
    FileNumber number;
    std::weak_ptr<const Table> table;
  };

  FileSystem& fs_;
  const std::string dir_;
  Guarded<std::vector<Condemned>> condemned_;
  std::atomic<std::size_t> count_{0};  // its size
};

}  // namespace nacre::engine
