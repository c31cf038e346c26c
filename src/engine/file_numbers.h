// file_numbers.h - hands out file numbers, each once in the life of a store.
//
// A number may be used before any edit names it, and a crash may come in between. So every edit
// states a bound well above what was given out, and an open starts from that bound: no number comes
// back, and a file whose number is below the bound is provably of this store (F2).
//
// THREADS    any.
#pragma once

#include <atomic>

#include "base/ids.h"

namespace nacre::engine {

class FileNumbers {
 public:
  /// What an edit states as next file: numbers below it may have been used.
  FileNumber bound() const { return FileNumber{next_.load(std::memory_order_relaxed) + kReserve}; }
  FileNumber take() { return FileNumber{next_.fetch_add(1, std::memory_order_relaxed)}; }
  void start_at(FileNumber number) { next_.store(raw(number), std::memory_order_relaxed); }

 private:
  /// Far more files than can be begun between two edits: every flush and compaction is one.
  static constexpr std::uint64_t kReserve = 10'000;
  std::atomic<std::uint64_t> next_{1};
};

}  // namespace nacre::engine
