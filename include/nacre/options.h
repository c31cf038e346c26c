// options.h - every knob of Nacre, with its unit, its limits and what it trades.
//
// The defaults suit a laptop; most users set nothing or `durability` and `memory_bytes`. A value
// outside its limits is refused by Db::open() with a message that names the option, the value and
// the limits; nothing is ever clipped in silence.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "nacre/env.h"

namespace nacre {

class EventListener;
class Runtime;
class Snapshot;

/// What has happened to a write when the call returns. After any crash the store holds a prefix of
/// the committed writes: these levels say how much of the end may be missing.
enum class Durability : std::uint8_t {
  kDisk,    ///< On stable storage: survives a power cut. Concurrent writers share one sync.
  kOs,      ///< Handed to the kernel: survives the death of the process, not a power cut.
  kMemory,  ///< In memory only: a crash loses everything since the last flush, sync() or close().
};

enum class Compression : std::uint8_t { kNone, kLz4, kZstd };

/// How table files are read from the device.
enum class TableReads : std::uint8_t {
  kAuto,      ///< kDirect when the memory budget is at least 256 MiB, else kBuffered.
  kBuffered,  ///< Through the system's page cache, which then works as a second cache.
  kDirect,    ///< Past the page cache: memory use is what `memory_bytes` says and no more.
};

struct Options {
  // -- Opening ---------------------------------------------------------------------------------
  /// Create the store when there is none. Its parent directory must exist.
  bool create_if_missing = true;
  /// Refuse to open a store that exists already.
  bool error_if_exists = false;
  /// Open without the right to change anything: takes no lock, writes and removes no file, and sees
  /// the store as it was at the open.
  bool read_only = false;
  /// The world of the store; null is Env::posix(). Must outlive the store.
  Env* env = nullptr;
  /// Memory and threads shared with other stores. Null: the process-wide runtime, or a private one
  /// when `env` or `memory_bytes` is given.
  std::shared_ptr<Runtime> runtime;

  // -- Memory ----------------------------------------------------------------------------------
  /// Bytes for memtables, cached blocks, indexes, filters and buffers together. 0: a quarter of the
  /// memory that the process may use, at most 1 GiB, shared by all stores that leave it at 0.
  /// From 1 MiB.
  std::uint64_t memory_bytes = 0;
  /// Bytes of recent writes that are collected before they become a table. Larger: fewer rewrites,
  /// longer recovery. 0: an eighth of the memory budget, at most 64 MiB. From 16 KiB, at most half
  /// of the memory budget.
  std::uint64_t memtable_bytes = 0;

  // -- Writing ---------------------------------------------------------------------------------
  /// The level of a write that names none.
  Durability durability = Durability::kDisk;
  /// How often kOs writes are synced in the background: at most this much is lost by a power cut.
  /// 0 leaves it to the system. From 1 ms to 1 hour.
  std::chrono::milliseconds sync_every{0};
  /// How the log reaches the kernel. kPwrite is for file systems where a mapping is not safe.
  LogMode log_mode = LogMode::kMapped;

  // -- Tables ----------------------------------------------------------------------------------
  Compression compression = Compression::kLz4;
  /// For the last level, which holds most data. Unset: as `compression`.
  std::optional<Compression> last_level_compression;
  /// Uncompressed bytes of a block, the unit of reading and caching. 256 B to 1 MiB.
  std::uint32_t block_bytes = 4096;
  /// Filter bits per key: 10 lets about 1 in 100 absent keys through. 0 (no filters) to 30.
  std::uint32_t filter_bits = 10;
  /// Size at which a compaction begins its next table, whose filter and index it gathers in memory
  /// until then. 0: a quarter of the memory budget, from 2 to 64 MiB. 16 KiB to 4 GiB.
  std::uint64_t table_bytes = 0;
  TableReads table_reads = TableReads::kAuto;

  // -- Compaction ------------------------------------------------------------------------------
  /// Compactions of this store that may run at once, and parts into which a large one is cut to run
  /// side by side. 1 to 64.
  std::uint32_t background_threads = 2;
  /// Tables in level 0 that start a compaction while writes go on; a store that nobody writes to
  /// gets rid of them earlier. Fewer: faster reads between writes, more rewriting. 1 to 64.
  std::uint32_t level0_tables = 12;
  /// How many times larger each level is than the one above. 2 to 100.
  std::uint32_t level_multiplier = 10;

  // -- Observing -------------------------------------------------------------------------------
  /// Told about flushes, compactions, stalls and errors. Null: nobody.
  std::shared_ptr<EventListener> listener;

  /// ok, or kInvalid with the first option that is out of its limits.
  [[nodiscard]] NACRE_API Status validate() const;
};

struct WriteOptions {
  /// Unset: Options::durability.
  std::optional<Durability> durability;
};

struct ReadOptions {
  /// Read the store as it was when this snapshot was taken; null: as it is now. Must be of the same
  /// store and live during the call.
  const Snapshot* snapshot = nullptr;
};

}  // namespace nacre
