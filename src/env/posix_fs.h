// posix_fs.h - files and directories of the operating system.
//
// Files are private to the user (0600, directories 0700), are not inherited by programs that the
// process starts, and are never reached through a symbolic link. A link in the way to the directory
// of a store, or to the directory itself, is the user's business and is followed.
//
// THREADS    any.
// OWNS       the io_uring rings that its files read through: it outlives them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env/posix_uring.h"
#include "nacre/env.h"

namespace nacre {

class PosixFileSystem : public FileSystem {
 public:
  /// With `use_rings` false, batches of reads are done by pread even where io_uring is allowed.
  explicit PosixFileSystem(bool use_rings = true) : rings_(use_rings) {}

  Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path, ReadMode mode) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<LogFile>> create_log(const std::string& path, LogMode mode,
                                              std::uint64_t capacity) override;
  Result<std::vector<std::string>> list(const std::string& dir) override;
  /// A symbolic link is what it leads to when that is a directory, else kOther.
  Result<PathKind> kind(const std::string& path) override;
  Status create_dir(const std::string& path) override;
  Status remove_dir(const std::string& path) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status sync_dir(const std::string& dir) override;
  Status secure(const std::string& path, std::uint64_t from, std::uint64_t length) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& dir) override;

 private:
  ReadRings rings_;
};

}  // namespace nacre
