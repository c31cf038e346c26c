// listener.h - what the engine reports while it works.
//
// THREADS    called from background threads and, for stalls, from writers; several at once. No lock
//            of the engine is held. Return soon, throw nothing, and don't call the store's write,
//            flush, compact or close from inside.
#pragma once

#include <cstdint>
#include <string_view>

#include "nacre/export.h"
#include "nacre/status.h"

namespace nacre {

struct FlushEvent {
  std::uint64_t entries = 0;        ///< In the memtable.
  std::uint64_t bytes_written = 0;  ///< Size of the table; 0 when nothing had to be kept.
  std::uint64_t table_number = 0;
  std::uint64_t micros = 0;
};

struct CompactionEvent {
  std::string_view reason;  ///< Why the picker chose it ("level 0 is full").
  int input_level = 0;
  int output_level = 0;
  bool moved = false;  ///< The tables only changed level: nothing was read or written.
  std::uint64_t tables_in = 0;
  std::uint64_t tables_out = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t entries_in = 0;
  std::uint64_t entries_dropped = 0;
  std::uint64_t micros = 0;
};

struct StallEvent {
  std::string_view reason;
  std::uint64_t micros = 0;
};

class NACRE_API EventListener {
 public:
  virtual ~EventListener() = default;
  virtual void on_flush(const FlushEvent& /*event*/) {}
  virtual void on_compaction(const CompactionEvent& /*event*/) {}
  /// A writer was made to wait for at least a millisecond.
  virtual void on_stall(const StallEvent& /*event*/) {}
  /// Background work failed, or the store turned read-only. See Db::health().
  virtual void on_error(std::string_view /*during*/, const Status& /*error*/) {}
};

}  // namespace nacre
