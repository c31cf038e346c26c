// report_json.h - reports for programs. The only place that makes JSON of more than an entry.
//
// STABLE   members are added, never renamed or removed. Sizes are bytes, times nanoseconds unless
//          the name says otherwise. Keys are as in `nacre scan --format json`.
// THREADS  pure functions.
#pragma once

#include <string>

#include "bench_report.h"
#include "nacre/db.h"
#include "tree.h"

namespace nacre::tool {

/// What an open tells about a store.
struct StoreReport {
  Stats stats;
  RecoveryInfo recovery;
};

std::string stats_json(const Tree& tree, const StoreReport& report);
std::string levels_json(const Tree& tree);
std::string verify_json(const VerifyReport& report);
std::string bench_json(const BenchReport& report);

}  // namespace nacre::tool
