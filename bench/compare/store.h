// store.h - what the benchmarks ask of an engine; each adapter answers in its engine's own terms.
//
// THREADS  every call may come from several threads at once, settle() and compaction excepted.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::bench {

/// How much of the truth a store must survive: the same class for every engine of a row.
enum class Durability {
  kProcess,  // a write outlives the death of the process: a log that is written and not synced
  kPower,    // a write is on stable storage when the call returns
};

/// The same for every engine; what an engine calls it is its adapter's business.
struct StoreSettings {
  std::string dir;
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;  // cached blocks, and all else that counts
  std::uint64_t memtable_bytes = 64 << 20;
  Durability durability = Durability::kProcess;
  bool compress = true;       // LZ4 (LevelDB: Snappy; LMDB has none)
  bool direct_reads = false;  // past the page cache of the system, where the engine can
  bool ascending = false;     // puts come in key order only: an engine that can use that may
};

using Entry = std::pair<std::string_view, std::string_view>;

/// An open store with Bloom filters of 10 bits per key. Any error ends the program with a message
/// (fail()): a comparison with errors is none.
class Store {
 public:
  virtual ~Store() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void remove(std::string_view key) = 0;
  /// All of them or none.
  virtual void write(std::span<const Entry> entries) = 0;
  /// Copies the value out. Returns whether the key is there.
  virtual bool get(std::string_view key, std::string& value) = 0;
  /// Returns how many of the keys are there; values[i] is the value of keys[i].
  virtual std::size_t multi_get(std::span<const std::string_view> keys,
                                std::vector<std::string>& values) = 0;
  /// Makes a cursor, seeks and looks at key and value of `count` entries; returns the bytes seen.
  virtual std::uint64_t seek(std::string_view key, int count) = 0;
  /// Looks at key and value of every entry; returns how many.
  virtual std::uint64_t scan(bool reverse) = 0;
  /// The smallest key. Returns whether there is one.
  virtual bool first(std::string& key) = 0;
  /// Flushes memory and waits until no background work is due.
  virtual void settle() = 0;
  /// Of the last settle(): seconds that passed after the work was over, until that was known.
  virtual double settle_seconds_idle() const { return 0; }
};

std::unique_ptr<Store> open_nacre(const StoreSettings& settings);
std::unique_ptr<Store> open_rocksdb(const StoreSettings& settings);
std::unique_ptr<Store> open_leveldb(const StoreSettings& settings);
std::unique_ptr<Store> open_lmdb(const StoreSettings& settings);

/// Opens the engine of that name ("nacre", "rocksdb", "leveldb", "lmdb").
std::unique_ptr<Store> open_store(const std::string& engine, const StoreSettings& settings);

/// What a scan does with an entry: it reads the last byte of both. 1 for every entry.
inline std::uint64_t sees(std::string_view key, std::string_view value) {
  const char last =
      static_cast<char>((key.empty() ? 0 : key.back()) ^ (value.empty() ? 0 : value.back()));
  asm volatile("" ::"r"(last));  // the compiler can't leave the loads out
  return 1;
}

[[noreturn]] void fail(const std::string& what);

}  // namespace nacre::bench
