// bench_report.h - what a benchmark found out.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nacre/stats.h"

namespace nacre::tool {

struct BenchResult {
  std::string name;
  std::uint64_t ops = 0;      ///< Entries written, keys asked for, entries walked over, or seeks.
  std::uint64_t bytes = 0;    ///< Key and value bytes of them.
  std::uint64_t found = 0;    ///< Of the keys asked for.
  double seconds = 0;         ///< From the start of the first thread to the end of the last.
  double thread_seconds = 0;  ///< Sum over the threads.
  Latency latency;            ///< Of calls; for scans of 100 entries.

  double ops_per_second() const { return seconds > 0 ? static_cast<double>(ops) / seconds : 0; }
  double micros_per_op() const {
    return ops > 0 ? thread_seconds * 1e6 / static_cast<double>(ops) : 0;
  }
  double mb_per_second() const {
    return seconds > 0 ? static_cast<double>(bytes) / 1e6 / seconds : 0;
  }
};

struct BenchReport {
  std::vector<std::pair<std::string, std::string>> settings;  // names and values, in order
  std::vector<BenchResult> results;
};

}  // namespace nacre::tool
