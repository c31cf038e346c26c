// workloads.h - the work that engines are compared on; one family of it in each .cc file.
//
// A Bench is one engine, open in a process of its own, and what it holds: the numbers 0 .. num - 1,
// each with the key and the value that follow from it. Every function adds a row or a few to its
// measure. Reads that don't find what they must end the program (fail()).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compare/keys.h"
#include "compare/measure.h"
#include "compare/store.h"
#include "compare/values.h"

namespace nacre::bench {

struct Bench {
  Bench(std::string engine_name, StoreSettings store_settings, std::uint64_t entries)
      : engine(std::move(engine_name)),
        settings(std::move(store_settings)),
        num(entries),
        measure(engine, settings.dir) {}

  /// A store at settings.dir; what lay there before is gone.
  void open_new();
  void reopen() { store = open_store(engine, settings); }
  [[noreturn]] void wrong(const std::string& what) const { fail(engine + ": " + what); }

  const std::string engine;
  StoreSettings settings;
  const std::uint64_t num;
  KeyKind key_kind = KeyKind::kDecimal;
  std::size_t value_bytes = 100;
  /// Of every value; reads check it. Negative: values differ.
  int version = 0;
  std::unique_ptr<Store> store;
  Measure measure;
};

// fill.cc: filling, overwriting, settling
Json fill_random(Bench& bench, int threads = 1, double seconds_at_most = 300);
void fill_sequential(Bench& bench);
void fill_batches(Bench& bench, std::uint64_t batch);
/// Flushes and waits; rows for the filling with its settling, bytes written, size on disk.
void settle_after(Bench& bench, const Json& fill);
void overwrite_and_settle(Bench& bench);

// read.cc: single keys and groups of them, present and absent
struct Reads {
  std::string work;
  std::uint64_t count = 0;
  double seconds_at_most = 120;
  /// The time that is up is the end meant, the count only a bound.
  bool until_late = false;
  std::uint64_t seed = 99;
};
void read_random(Bench& bench, const Reads& reads, int threads = 1);
void read_zipfian(Bench& bench, const Reads& reads);
void read_missing(Bench& bench, const Reads& reads);
void multi_get(Bench& bench, const Reads& reads, std::size_t group);
/// Reads while another thread overwrites as fast as it can, all of the time given, so that every
/// engine must bear its flushes and compactions beside the reads. Leaves versions mixed.
void read_while_writing(Bench& bench, const Reads& reads);

// scan.cc: seeks, scans, deletes
void seek(Bench& bench, const Reads& reads, int entries);
/// `live`: how many entries it must see.
void scan(Bench& bench, const std::string& work, bool reverse, std::uint64_t live);
/// Deletes 30 % of the entries in random order, then scans over what is left of them. Returns how
/// many live on.
std::uint64_t delete_and_scan(Bench& bench);
/// A queue: each round puts two entries at the tail, looks at the first and deletes the first two.
void queue(Bench& bench, std::uint64_t rounds);

// sync.cc: puts that are on stable storage when they return
void synced_puts(Bench& bench, std::uint64_t puts, int threads);

// ycsb.cc: the mixed loads A to F of the Yahoo! Cloud Serving Benchmark
void ycsb(Bench& bench, std::uint64_t operations, std::uint64_t scans);

}  // namespace nacre::bench
