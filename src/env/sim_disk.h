// sim_disk.h - a disk in memory that can lose power: the ground of all crash tests.
//
// It behaves to a program as nacre/env.h promises and no better. Beside the file system it has
// what a test needs: crash images, a hook before every change, a quota, a sync that lies, and the
// bytes themselves.
//
// THREADS    any; one lock for the whole disk.
// LIFETIME   open files and locks keep the state alive, not the disk object.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env/sim_core.h"
#include "env/sim_crash.h"
#include "nacre/env.h"

namespace nacre {

class SimDisk final : public FileSystem {
 public:
  /// Empty but for the root directory, with room without end.
  SimDisk() : SimDisk(SimState()) {}

  // The file system. Error codes and messages are those of POSIX calls.
  Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path, ReadMode mode) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<LogFile>> create_log(const std::string& path, LogMode mode,
                                              std::uint64_t capacity) override;
  Result<std::vector<std::string>> list(const std::string& dir) override;
  Result<PathKind> kind(const std::string& path) override;
  Status create_dir(const std::string& path) override;
  Status remove_dir(const std::string& path) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status sync_dir(const std::string& dir) override;
  Status secure(const std::string& path, std::uint64_t from, std::uint64_t length) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& dir) override;

  /// The disk that a new boot finds. This one goes on unharmed and shares its bytes until either
  /// changes them. Nobody holds a lock on the image; hook and mutation count start anew.
  std::unique_ptr<SimDisk> crash_image(CrashProfile profile, std::uint64_t seed) const;
  /// The same disk once more, with its unsynced operations.
  std::unique_ptr<SimDisk> clone() const { return crash_image(CrashProfile::kProcess, 0); }

  /// From now on syncs succeed and make nothing durable. A crash test that does not fail on such
  /// a disk tests nothing.
  void set_lying_sync(bool lies);
  /// Called before each operation that may change what a crash would leave; none runs it again from
  /// inside. It may take images, but must not change this disk. Null for none.
  void on_mutation(std::function<void()> hook) { core_->set_hook(std::move(hook)); }
  /// How many such operations there have been, failed ones included.
  std::uint64_t mutations() const { return core_->mutations(); }
  /// Beyond this, create, append and prepare fail with kNoSpace and change nothing.
  void set_capacity(std::uint64_t bytes);
  /// What a failed sync does to the file's unsynced bytes: reads still see them, no later sync
  /// makes them durable.
  Status forget_unsynced(const std::string& path);

  // The bytes, for tests that damage or inspect a disk that nobody writes. Changes are durable at
  // once, and seen by files that are open. The hook does not see them.
  /// Every file with its path from the root, in order ("/db/000001.wal").
  std::vector<std::string> files() const;
  Result<std::string> read_file(const std::string& path) const;
  Status overwrite(const std::string& path, std::uint64_t offset, std::string_view bytes);
  /// Cuts the file, or makes it longer with zeros.
  Status truncate(const std::string& path, std::uint64_t size);
  /// Replaces the bytes of the file, which is created when missing.
  Status write_file(const std::string& path, std::string_view bytes);
  /// One line for each file: path, size, durable size, unsynced operations; then unsynced names.
  std::string describe() const;

 private:
  explicit SimDisk(SimState state);

  std::shared_ptr<SimCore> core_;
};

}  // namespace nacre
