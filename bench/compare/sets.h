// sets.h - which work is done on how much: the named sets of a comparison.
//
// A set is a list of cases. Each case of each engine runs in a process of its own, on a new store;
// its rows come into the result under the name of the set.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "compare/workloads.h"

namespace nacre::bench {

/// All sizes follow from the entries of the set "budget".
struct Scale {
  std::uint64_t num = 5'000'000;
  std::uint64_t memory_mib = 2048;

  /// So much of it, at least a thousand.
  std::uint64_t part(std::uint64_t divisor) const;
  /// 64 MiB at full size; less for less, so that the tree keeps its shape.
  std::uint64_t memtable_bytes() const;
};

struct Case {
  std::string set;
  std::string name;
  std::uint64_t entries = 0;
  std::function<void(Bench&)> run;
  /// Of the process, page cache included; 0: none.
  std::uint64_t limit_mib = 0;
  /// Rounds that it takes part in; 0: all.
  int rounds = 0;
  /// An engine that could not finish in time is not asked again in the next round.
  bool once_when_cut = false;
};

/// "budget", "values", "keys", "threads", "ycsb", "sync", "larger", and what each is for.
const std::vector<std::pair<std::string, std::string>>& set_names();

std::vector<Case> cases_of(const std::string& set, const Scale& scale);

}  // namespace nacre::bench
