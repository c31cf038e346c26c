// snapshots.h - the moments that somebody may still read at.
//
// THREADS    any.
// INVARIANT  (S1) a seq is registered before anybody can rely on it, and `visible` is read under
// the
//            same lock, so that the list a compaction takes is complete for every seq below the
//            visible one that it takes with it.
#pragma once

#include <atomic>
#include <set>
#include <vector>

#include "base/guarded.h"
#include "base/ids.h"

namespace nacre::engine {

class Snapshots {
 public:
  /// Registers the current visible seq and returns it.
  Seq take(const std::atomic<Seq>& visible) {
    auto seqs = seqs_.lock();
    const Seq seq = visible.load(std::memory_order_acquire);
    seqs->insert(seq);
    return seq;
  }
  void release(Seq seq) {
    auto seqs = seqs_.lock();
    seqs->erase(seqs->find(seq));
  }
  /// All registered seqs and the visible one, ascending and distinct.
  std::vector<Seq> list(const std::atomic<Seq>& visible) {
    auto seqs = seqs_.lock();
    std::set<Seq> distinct(seqs->begin(), seqs->end());
    distinct.insert(visible.load(std::memory_order_acquire));
    return {distinct.begin(), distinct.end()};
  }
  std::size_t count() { return seqs_.lock()->size(); }

 private:
  Guarded<std::multiset<Seq>> seqs_;
};

}  // namespace nacre::engine
