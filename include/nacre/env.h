// env.h - the outside world as Nacre sees it: files, clock, entropy, and a place to run work.
//
// Everything the engine does outside its own memory goes through these interfaces: it makes no
// system call, starts no thread and reads no clock by itself. That is what lets the tests put a
// store on a simulated disk and cut its power at any operation. Users meet this header only when
// they bring a world of their own; `Env::posix()` is the default.
//
// THREADS    every method may be called from any thread unless its comment says otherwise.
// DURABILITY a name is on stable storage after sync_dir() of its directory, bytes after sync() of
//            their file. Nothing else (close, rename, removal) makes anything durable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nacre/export.h"
#include "nacre/result.h"
#include "nacre/status.h"

namespace nacre {

/// One read of a batch: filled in by RandomAccessFile::read_many.
struct ReadRequest {
  std::uint64_t offset = 0;
  std::span<char> out;    ///< Where the bytes go.
  std::size_t count = 0;  ///< Bytes read; less than out.size() only at the end of the file.
  Status status;
};

/// A file that is read at any offset and does not change while it is open.
class NACRE_API RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  /// Reads out.size() bytes at `offset`. Returns the bytes read: fewer only at the end of file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const = 0;
  /// Does all requests, in any order and possibly at once. Each carries its own status.
  virtual void read_many(std::span<ReadRequest> requests) const = 0;
  virtual std::uint64_t size() const = 0;
};

/// A new file that is written from front to back. One thread at a time.
class NACRE_API WritableFile {
 public:
  /// Closes without syncing.
  virtual ~WritableFile() = default;
  /// Adds bytes to the end. They may stay in a buffer of this object until sync() or close().
  virtual Status append(std::string_view bytes) = 0;
  /// Puts everything appended on stable storage. After a failure the file must be given up.
  virtual Status sync() = 0;
  /// Hands what is buffered to the system and closes. Does not sync. Once only.
  virtual Status close() = 0;
};

/// A log segment: a file of fixed capacity whose space is made ready ahead of use, so that a write
/// is a copy into prepared space and a sync has no file metadata to commit.
class NACRE_API LogFile {
 public:
  virtual ~LogFile() = default;
  virtual std::uint64_t capacity() const = 0;
  /// Makes [0, end) writable: allocated on the device, filled with zeros, its error paths taken.
  /// Slow. One thread at a time, which may run beside write() and sync() below prepared().
  virtual Status prepare(std::uint64_t end) = 0;
  virtual std::uint64_t prepared() const = 0;
  /// Puts bytes at `offset`, all below prepared(). When it returns they survive the death of the
  /// process. Threads may write disjoint ranges at once.
  virtual Status write(std::uint64_t offset, std::string_view bytes) = 0;
  /// Puts every write that returned before this call on stable storage. After a failure nothing
  /// more may be believed of this file: a retried sync can lie.
  virtual Status sync() = 0;
  /// The bytes below `offset` will not be written again: mapped memory behind it may be given back.
  virtual void release_before(std::uint64_t offset) = 0;
  /// Cuts the file to `length`, syncs it and closes it. Once only, with no other call under way.
  virtual Status seal(std::uint64_t length) = 0;
};

/// Held while a store is open; destruction releases it.
class NACRE_API FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class PathKind : std::uint8_t { kNothing, kFile, kDirectory, kOther };

/// How a table file is read.
enum class ReadMode : std::uint8_t {
  kBuffered,  ///< Through the page cache of the system.
  kDirect,    ///< Past it; falls back to kBuffered where the file system can't.
};

/// How a log segment reaches the kernel.
enum class LogMode : std::uint8_t {
  kMapped,  ///< A copy into a shared mapping: no system call per write.
  kPwrite,  ///< One pwrite per write: for file systems on which a mapping is not safe.
};

/// Files and directories. Paths are bytes in the system's form.
class NACRE_API FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path,
                                                         ReadMode mode) = 0;
  /// Creates a file that must not exist yet. Mode 0600.
  virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path) = 0;
  /// Creates a log segment that must not exist yet; nothing of it is prepared.
  virtual Result<std::unique_ptr<LogFile>> create_log(const std::string& path, LogMode mode,
                                                      std::uint64_t capacity) = 0;
  /// The names in a directory, without "." and "..", in no particular order.
  virtual Result<std::vector<std::string>> list(const std::string& dir) = 0;
  virtual Result<PathKind> kind(const std::string& path) = 0;
  /// Creates one directory, mode 0700; its parent must exist. An existing directory is an error.
  virtual Status create_dir(const std::string& path) = 0;
  virtual Status remove_dir(const std::string& path) = 0;
  virtual Status remove(const std::string& path) = 0;
  /// Replaces `to` atomically.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status sync_dir(const std::string& dir) = 0;
  /// Makes sure of a file that nobody writes any more: cuts it to `length` and puts it on stable
  /// storage. The bytes from `from` on are written once more as they are: after a sync that failed
  /// in an earlier process, the system may count them as stored and store them no more.
  virtual Status secure(const std::string& path, std::uint64_t from, std::uint64_t length) = 0;
  /// Takes the lock of a store, creating the file when needed. kLocked when any other handle, in
  /// this process or another, holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
  /// Bytes that an unprivileged writer can still add under `dir`.
  virtual Result<std::uint64_t> free_bytes(const std::string& dir) = 0;
};

class NACRE_API Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds that only grow, from an arbitrary start.
  virtual std::uint64_t monotonic_nanos() = 0;
  /// Microseconds since 1970-01-01T00:00Z; may jump. For people to read, never for decisions.
  virtual std::uint64_t wall_micros() = 0;
  virtual void sleep_nanos(std::uint64_t nanos) = 0;
};

/// The queues of background work. A lane that is full never delays the lanes before it.
enum class Lane : std::uint8_t {
  kLog,         ///< Preparing log space, periodic syncs: short, writers may wait for it.
  kFlush,       ///< Memtables to tables: writers soon wait for it.
  kCompaction,  ///< Everything that may take long.
};

/// Runs background work.
class NACRE_API Executor {
 public:
  using Task = std::function<void()>;
  virtual ~Executor() = default;
  /// Queues a task. Tasks of one lane start in order; they may run at the same time.
  virtual void submit(Lane lane, Task task) = 0;
  /// Queues a task once `nanos` have passed.
  virtual void submit_after(Lane lane, std::uint64_t nanos, Task task) = 0;
  /// An executor without threads of its own runs its next due task on the calling thread and
  /// returns true, or false when none is due. An executor with threads returns false.
  virtual bool run_one() = 0;
  /// As run_one(), but when no task is due and some wait for their time, that time comes first.
  /// Whoever waits for background work must offer this before, holding no lock.
  virtual bool run_next() { return run_one(); }
};

/// The world of a store. Must outlive every store opened in it.
class NACRE_API Env {
 public:
  virtual ~Env() = default;
  virtual FileSystem& fs() = 0;
  virtual Clock& clock() = 0;
  virtual Executor& executor() = 0;
  /// 64 unpredictable bits.
  virtual std::uint64_t entropy() = 0;
  /// Memory that this process may use, in bytes: the machine's, or less under a limit.
  virtual std::uint64_t memory_bytes() = 0;

  /// The operating system's files and clock and a few background threads (one each for log space,
  /// flushes and compactions, started when first needed), shared by the process.
  /// Never destroyed.
  static Env& posix();
};

}  // namespace nacre
