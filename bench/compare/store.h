// store.h - what the comparison asks of an engine, and how each one answers.
//
// THREADS  one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace nacre::bench {

/// The same for every engine; what an engine calls it is its adapter's business.
struct StoreSettings {
  std::string dir;
  std::uint64_t memory_bytes = std::uint64_t{4} << 30;  // for cached blocks and all else
  std::uint64_t memtable_bytes = 64 << 20;
  bool direct_reads = false;  // past the page cache of the system
};

/// An open store: Bloom filters of 10 bits, LZ4, a log that is written but not synced. Any error
/// ends the program with a message: a comparison with errors is none.
class Store {
 public:
  virtual ~Store() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual bool get(std::string_view key, std::string& value) = 0;
  /// Seeks and looks at `count` entries; returns the bytes seen.
  virtual std::uint64_t seek(std::string_view key, int count) = 0;
  /// Looks at every entry; returns how many.
  virtual std::uint64_t scan(bool reverse) = 0;
  /// Flushes memory and waits until no background work is due.
  virtual void settle() = 0;
  /// Reads and checks everything.
  virtual void verify() = 0;
};

std::unique_ptr<Store> open_nacre(const StoreSettings& settings);
std::unique_ptr<Store> open_rocksdb(const StoreSettings& settings);

[[noreturn]] void fail(const std::string& what);

}  // namespace nacre::bench
