// stats.h - what a store has done and what it looks like, as plain numbers and as text.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "nacre/export.h"

namespace nacre {

/// Percentiles of one kind of operation, in nanoseconds, from a sample of the calls.
struct Latency {
  std::uint64_t count = 0;  ///< Samples, not calls.
  std::uint64_t mean = 0;
  std::uint64_t p50 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
  std::uint64_t max = 0;
};

struct LevelStats {
  std::uint64_t tables = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;
  std::uint64_t bytes_read = 0;     ///< By compactions out of this level.
  std::uint64_t bytes_written = 0;  ///< By flushes and compactions into this level.
};

/// A copy of the counters at one moment; they are read one by one, so sums may be off by what
/// happened meanwhile. Counters begin at the open.
struct Stats {
  std::array<LevelStats, 7> levels;

  std::uint64_t puts = 0;        ///< Entries put, batches included.
  std::uint64_t removes = 0;     ///< Entries removed.
  std::uint64_t commits = 0;     ///< Write calls.
  std::uint64_t user_bytes = 0;  ///< Key and value bytes written by the user.
  std::uint64_t wal_bytes = 0;
  std::uint64_t wal_syncs = 0;
  std::uint64_t flushes = 0;
  std::uint64_t compactions = 0;
  std::uint64_t moves = 0;  ///< Compactions that only changed the level of tables.

  std::uint64_t gets = 0;
  std::uint64_t gets_found = 0;
  std::uint64_t memtable_hits = 0;
  std::uint64_t tables_asked = 0;  ///< Tables whose key range covered the key of a get.
  std::uint64_t filter_skips = 0;  ///< Of those, tables that their filter ruled out.
  std::uint64_t block_hits = 0;    ///< Blocks of gets found in the cache.
  std::uint64_t block_reads = 0;   ///< Blocks of gets read from the device.
  std::uint64_t cursors = 0;       ///< Cursors and scans made.

  std::uint64_t stalls = 0;
  std::uint64_t stall_nanos = 0;

  std::uint64_t memtable_bytes = 0;
  std::uint64_t memtables = 0;  ///< The active one and those waiting for their flush.
  std::uint64_t snapshots = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t pending_compaction_bytes = 0;
  std::uint64_t memory_limit = 0;
  std::uint64_t memory_used = 0;
  std::uint64_t cache_bytes = 0;
  std::uint64_t table_memory_bytes = 0;  ///< Indexes and filters.

  Latency get_latency;
  Latency put_latency;
  Latency sync_latency;

  /// Device bytes written (log, flushes, compactions) per byte of user data. 0 before any write.
  NACRE_API double write_amplification() const;
  /// Table bytes of all levels per table byte of the deepest level that holds data: about what the
  /// store needs beyond its live data. 0 when empty.
  NACRE_API double space_amplification() const;
  /// A table of the levels and the figures above, for people.
  NACRE_API std::string to_text() const;
};

}  // namespace nacre
