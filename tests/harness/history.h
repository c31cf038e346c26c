// history.h - what a store must hold: the commits that it acknowledged, and the states that a crash
// may leave.
//
// After a crash the store holds the result of a prefix of the commits. Some prefix is the shortest
// that is allowed: everything up to the last commit whose durability covers that kind of crash.
//
//   durable_ + commits:   put a=1 (disk) | put b=2 (os) | remove a (os) | put c=3 (memory)
//   power cut:            at least 1 commit, at most 4
//   death of the process: at least 3 commits, at most 4
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nacre/options.h"

namespace nacre::test {

using Contents = std::map<std::string, std::string>;

/// One operation; without a value it removes.
struct Change {
  std::string key;
  std::optional<std::string> value;
};
using Commit = std::vector<Change>;

void apply_commit(const Commit& commit, Contents& contents);

class History {
 public:
  const Contents& now() const { return now_; }

  /// A commit that may or may not have happened (its call has not returned, or failed) until it is
  /// acknowledged or the store is recovered.
  void begin(Commit commit);
  void acknowledge(Durability durability);
  /// A sync or a flush returned: everything acknowledged is on stable storage.
  void all_durable();
  /// The last commit that began did not happen at all.
  void refused();
  /// The last commit that began failed in a way that leaves open whether it happened. `found` is
  /// what the store shows now: goes on from what it tells. False when it is neither.
  [[nodiscard]] bool settle(const Contents& found);

  /// Whether `found` is a state that a crash may leave. Then goes on from it. `power_cut`: else
  /// only the process died. Says what is wrong otherwise.
  std::optional<std::string> recover_to(const Contents& found, bool power_cut);

 private:
  Contents durable_;             // the state before commits_
  std::vector<Commit> commits_;  // since
  std::size_t os_ = 0;           // that many of them survive the death of the process
  Contents now_;                 // durable_ with all of them
  std::optional<Commit> maybe_;  // failed, is not shown, but may come back after a reopen
};

/// The first difference between two states, for messages.
std::string difference(const Contents& expected, const Contents& found);

}  // namespace nacre::test
