// bench_work.h - the benchmarks themselves: name in, result out.
//
// Every call of the store is timed with one look at the clock, whose end is the start of the next;
// scans, whose steps are shorter than that look, are timed in hundreds. Making keys is part of what
// is measured.
#pragma once

#include <string_view>
#include <vector>

#include "bench_data.h"
#include "bench_report.h"
#include "commands.h"
#include "nacre/db.h"

namespace nacre::tool {

class BenchWork {
 public:
  BenchWork(const BenchArgs& args, Durability durability);

  static std::vector<std::string_view> names();
  static bool known(std::string_view name);
  /// True for those that begin with an empty store.
  static bool wants_empty(std::string_view name);
  /// Runs `name`, which is known. Most give one result; a mixture gives one for each part.
  Result<std::vector<BenchResult>> run(std::string_view name, Db& db) const;

 private:
  struct Worker;
  using Body = void (BenchWork::*)(Worker&, Db&) const;
  struct Kind;
  static const std::vector<Kind>& kinds();

  void fill_sequential(Worker& worker, Db& db) const;
  void fill_random(Worker& worker, Db& db) const;
  void overwrite(Worker& worker, Db& db) const;
  void delete_random(Worker& worker, Db& db) const;
  void read_random(Worker& worker, Db& db) const;
  void read_missing(Worker& worker, Db& db) const;
  void multi_read(Worker& worker, Db& db) const;
  void seek_random(Worker& worker, Db& db) const;
  void scan_forward(Worker& worker, Db& db) const { scan(worker, db, /*reverse=*/false); }
  void scan_reverse(Worker& worker, Db& db) const { scan(worker, db, /*reverse=*/true); }
  void scan(Worker& worker, Db& db, bool reverse) const;

  template <typename NextEntry>
  void write(Worker& worker, Db& db, NextEntry next_entry) const;
  BenchResult summed(std::string_view name, std::vector<Worker>& workers) const;

  const BenchArgs& args_;
  const WriteOptions write_options_;
  const KeyMaker keys_;
  const ValuePool values_;
  const Permutation order_;
};

}  // namespace nacre::tool
