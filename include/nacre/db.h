// db.h - a store: open, read, write, look inside, close.
//
//   auto db = nacre::Db::open("/var/lib/app/store").value();
//   db.put("planet/earth", "blue");
//   if (auto value = db.get("planet/earth").value()) use(value->view());
//
// THREADS  every method but open, close, destroy, move and destruction may be called from any
// number
//          of threads at once. close() waits for calls of background work, not for calls of users:
//          end those first.
// KEYS     any bytes, 0 to 64 KiB, ordered bytewise (memcmp, shorter first). nacre/key_codec.h
// turns
//          numbers and tuples into keys that sort as they should.
// VALUES   any bytes, 0 to 1 GiB.
// ERRORS   kClosed from every call on a closed or moved-from handle; kIo, kCorruption and kNoSpace
//          from any call that reads or writes files, with the file named. A missing key is no
//          error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nacre/batch.h"
#include "nacre/cursor.h"
#include "nacre/export.h"
#include "nacre/options.h"
#include "nacre/result.h"
#include "nacre/snapshot.h"
#include "nacre/stats.h"
#include "nacre/value.h"

namespace nacre {

namespace engine {
class Engine;
}

/// What the open found after the last run.
struct RecoveryInfo {
  bool clean = true;               ///< Nothing had to be replayed or dropped.
  std::uint64_t wal_segments = 0;  ///< Segments replayed.
  std::uint64_t records_replayed = 0;
  std::uint64_t bytes_dropped = 0;  ///< Of a write that was cut by a crash, never acknowledged.
  std::uint64_t files_removed = 0;  ///< Left-overs of work that a crash interrupted.
  std::string detail;  ///< File and offset of what was dropped; empty when nothing was.
};

struct CursorOptions {
  Range range;
  /// As ReadOptions::snapshot. The cursor keeps what it needs: the snapshot may go before it.
  const Snapshot* snapshot = nullptr;
};

struct ScanOptions {
  Range range;
  /// From the last key of the range down to the first.
  bool reverse = false;
  const Snapshot* snapshot = nullptr;
};

/// What is wrong with one file, found by Db::verify().
struct Damage {
  std::string file;
  Status error;
};

struct VerifyReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::vector<Damage> damage;
};

/// A handle on an open store. Move-only; destruction closes. Snapshots, cursors and values may
/// outlive it.
class NACRE_API Db {
 public:
  /// Opens the store in directory `path`, creating it when the options say so. A store that was not
  /// closed is recovered first. kLocked: open elsewhere. kInvalid: an option out of its limits, the
  /// path is a file, or the directory holds something else. kNotFound: no store and
  /// create_if_missing is false, or no parent directory. kUnsupported: written by a newer Nacre.
  /// kCorruption: bytes that were on stable storage are damaged; nothing is modified then. A
  /// read-only open beside a busy writer is tried again a few times, and kLocked when that fails.
  static Result<Db> open(const std::string& path, const Options& options = {});
  /// Removes the store at `path`: its own files, and the directory when nothing else is in it.
  /// kLocked when it is open.
  static Status destroy(const std::string& path, const Options& options = {});

  Db() = default;
  Db(Db&&) noexcept;
  /// Closes what it held.
  Db& operator=(Db&&) noexcept;
  /// As close(), with any error dropped.
  ~Db();

  /// Flushes memory, ends background work and lets go of the lock. A second call is kClosed.
  Status close();
  bool is_open() const { return engine_ != nullptr; }

  // -- Writing: each is atomic, and durable as its level says when it returns --------------------
  // An error other than kInvalid, kNoSpace and kReadOnly leaves the outcome open: after a reopen
  // the write is there as a whole or not at all.
  Status put(std::string_view key, std::string_view value, const WriteOptions& options = {});
  /// Removing an absent key is fine.
  Status remove(std::string_view key, const WriteOptions& options = {});
  Status write(const Batch& batch, const WriteOptions& options = {});
  /// Raises every write that returned before this call to Durability::kDisk.
  Status sync();

  // -- Reading ----------------------------------------------------------------------------------
  /// The value of `key`, or nothing. No copy for values in tables.
  Result<std::optional<Value>> get(std::string_view key, const ReadOptions& options = {}) const;
  /// Copies the value into `value` and returns true, or returns false and leaves it unspecified.
  Result<bool> get_into(std::string_view key, std::string& value,
                        const ReadOptions& options = {}) const;
  /// One answer for each key, all from one moment. Cheaper than single gets when blocks must be
  /// read from the device: the reads are made together.
  Result<std::vector<std::optional<Value>>> multi_get(std::span<const std::string_view> keys,
                                                      const ReadOptions& options = {}) const;
  Result<Snapshot> snapshot() const;
  Result<Cursor> cursor(const CursorOptions& options = {}) const;
  /// Begins with begin(). An open error shows in the scan's status().
  Scan scan(const ScanOptions& options = {}) const;
  Scan scan(Range range) const { return scan(ScanOptions{.range = std::move(range)}); }

  // -- Looking after it -------------------------------------------------------------------------
  /// Turns memory into tables and waits for it.
  Status flush();
  /// Rewrites the range into its deepest level, so that removed and overwritten entries free their
  /// space and reads look in one place. Waits.
  Status compact(const Range& range = {});
  /// Waits until no flush or compaction is due.
  Status wait_idle();
  /// Reads every byte of every live file and checks it all. Damage is in the report; the error is
  /// for a check that could not run. `progress`, if set, is told bytes done and in all.
  Result<VerifyReport> verify(
      const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {}) const;
  /// Bytes of table files that hold keys of the range, within a block at each end per table.
  Result<std::uint64_t> approximate_size(const Range& range) const;
  Result<Stats> stats() const;
  /// The tree, a line a table: number, key range, seqs, sizes.
  Result<std::string> levels_text() const;
  /// ok, or the lasting error of background work that made the store read-only, or the reason why
  /// work is paused (kNoSpace). Reads go on.
  Status health() const;
  /// After a lasting error: writes what is in memory to new files and, when that succeeds, accepts
  /// writes again.
  Status resume();
  Result<RecoveryInfo> recovery_info() const;

 private:
  explicit Db(std::shared_ptr<engine::Engine> engine);
  std::shared_ptr<engine::Engine> engine_;
};

}  // namespace nacre
