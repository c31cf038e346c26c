// posix_log_file.h - a log segment on a real file, written by copies into a mapping or by pwrite.
//
//   0          release_before      prepared()                 capacity()
//   |--- sealed soon ---|--- being written ---|--- not there yet ---|
//
// prepare() writes zeros with pwrite: the file has its blocks and its size before the first byte of
// use, so a sync has no metadata to commit and a store can't meet a full disk. Both modes do so,
// and differ in write() alone.
//
// THREADS    as LogFile says. Syncs take turns, because the system reports a failed write-back
//            once: of two syncs at the same time one could return success over lost bytes.
// OWNS       the descriptor from creation to seal(), and the mapping.
// INVARIANT  after a failed write or sync every later write, sync and prepare returns that failure.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "env/posix_io.h"
#include "env/posix_mapping.h"
#include "nacre/env.h"

namespace nacre {

class PosixLogFile : public LogFile {
 public:
  /// kMapped becomes kPwrite where a mapping is not safe.
  static Result<std::unique_ptr<LogFile>> create(const std::string& path, LogMode mode,
                                                 std::uint64_t capacity);

  PosixLogFile(Fd fd, std::string path, std::uint64_t capacity, std::unique_ptr<LogMapping> mapping)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        capacity_(capacity),
        mapping_(std::move(mapping)) {}

  std::uint64_t capacity() const override { return capacity_; }
  /// Rounds `end` up to whole pages. When it fails, the file is as before.
  Status prepare(std::uint64_t end) override;
  std::uint64_t prepared() const override { return prepared_.load(std::memory_order_acquire); }
  Status write(std::uint64_t offset, std::string_view bytes) override;
  Status sync() override;
  void release_before(std::uint64_t offset) override;
  Status seal(std::uint64_t length) override;

  bool mapped() const { return mapping_ != nullptr; }

 private:
  Status fail(Status& failure, std::string_view operation, int error);
  Status failure();

  Fd fd_;
  const std::string path_;
  const std::uint64_t capacity_;
  std::unique_ptr<LogMapping> mapping_;     // null: pwrite
  std::atomic<std::uint64_t> prepared_{0};  // whole pages, or capacity_
  std::atomic<bool> failed_{false};         // so that a good write() takes no lock
  Guarded<Status> failure_;                 // held while syncing
  Guarded<std::uint64_t> released_{0};      // whole pages
};

}  // namespace nacre
