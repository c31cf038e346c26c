// manifest.h - the file that says which tables make up the store, and how it is changed safely.
//
// CURRENT names the manifest in force. Its first record is the whole store as one edit; every later
// record is one more edit, on stable storage before append() returns. When it has grown long, a new
// manifest with a fresh number takes over: it is complete and synced before CURRENT names it.
//
// THREADS    one thread at a time.
// OWNS       the open manifest file. Removes no file but an old CURRENT.tmp, ever.
// INVARIANT  M1  CURRENT names a manifest whose first record was on stable storage before.
//            M2  what append() acknowledged is found by recover() after any crash, in order; an
//                edit whose append() failed may be found too, as the last.
//            M3  after a failure a manifest takes no more edits. A new one, with a number that was
//                never tried, must take over.
//            M4  once create() was called for a store, the Manifest before it must not be appended
//                to, even when create() failed: CURRENT may already name the new one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lsm/edit_fold.h"
#include "lsm/manifest_format.h"
#include "nacre/env.h"
#include "nacre/result.h"

namespace nacre {

class Manifest {
 public:
  /// Writes MANIFEST-`number` with `snapshot` as its first record and then makes CURRENT name it.
  /// The snapshot states the key order and a next file above `number`. On failure what CURRENT
  /// named, and all that it names, is as it was; the new file is left for the caller to clean up
  /// once a later create() has succeeded.
  static Result<std::unique_ptr<Manifest>> create(FileSystem& fs, const std::string& dir,
                                                  FileNumber number, const StoreIdentity& identity,
                                                  const Edit& snapshot);

  /// Adds one edit: all of it, on stable storage, or a failure. An edit that recover() would refuse
  /// for its counters or its size is refused with nothing written; any other failure is for good,
  /// and every later append() returns it again.
  Status append(const Edit& edit);

  FileNumber number() const { return number_; }
  std::uint64_t bytes() const { return bytes_; }
  /// What was stated by the snapshot and all edits since.
  const Counters& counters() const { return counters_; }
  /// True when so much was appended that a new manifest is worth its writing.
  bool wants_rotation() const;

 private:
  Manifest(std::string path, FileNumber number, const StoreIdentity& identity);
  Status write_snapshot(FileSystem& fs, const StoreIdentity& identity, const Edit& snapshot);

  const std::string path_;
  const FileNumber number_;
  const std::uint64_t seed_;
  std::unique_ptr<WritableFile> file_;
  std::uint64_t bytes_ = 0;
  std::uint64_t snapshot_bytes_ = 0;
  Counters counters_;
  Status failed_;  // the first failure; from then on every append() returns it
};

/// What recover() found behind the last good record: an append that a crash cut off. It was never
/// acknowledged.
struct TornTail {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct ManifestContents {
  StoreIdentity identity;
  FileNumber number{};
  std::vector<Edit> edits;  // the snapshot, then the changes in order
  Edit state;               // all of them folded: counters, and the tables by level and number
  std::uint64_t bytes = 0;  // of the file, a torn tail left out
  std::optional<TornTail> torn;
};

/// Reads CURRENT and the manifest it names; writes nothing. kNotFound when `dir` does not exist or
/// holds no store (nothing, or what a first create() that was cut off leaves: no CURRENT and no
/// table or wal). kInvalid when it holds other files. kCorruption names the file, and the offset
/// where there is one; a store that lost CURRENT is never guessed at. A damaged record counts as
/// torn only when it can be the last one ever written: the snapshot never can, nor one that has a
/// record behind it. Never append to the file again: create() the next one.
Result<ManifestContents> recover_manifest(FileSystem& fs, const std::string& dir);

/// The part of it below CURRENT: `bytes` are the whole file, `path` is for messages.
Result<ManifestContents> decode_manifest(std::string_view bytes, FileNumber number,
                                         const std::string& path);

}  // namespace nacre
