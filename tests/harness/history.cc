#include "harness/history.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace nacre::test {

void apply_commit(const Commit& commit, Contents& contents) {
  for (const Change& change : commit) {
    if (change.value.has_value()) {
      contents[change.key] = *change.value;
    } else {
      contents.erase(change.key);
    }
  }
}

void History::begin(Commit commit) {
  apply_commit(commit, now_);
  commits_.push_back(std::move(commit));
}

void History::acknowledge(Durability durability) {
  if (durability != Durability::kMemory) os_ = commits_.size();
  if (durability == Durability::kDisk) all_durable();
}

void History::all_durable() {
  durable_ = now_;
  commits_.clear();
  maybe_.reset();
  os_ = 0;
}

void History::refused() {
  commits_.pop_back();
  now_ = durable_;
  for (const Commit& commit : commits_) apply_commit(commit, now_);
}

bool History::settle(const Contents& found) {
  if (found == now_) return true;
  maybe_ = commits_.back();
  refused();
  return found == now_;
}

std::optional<std::string> History::recover_to(const Contents& found, bool power_cut) {
  const std::size_t at_least = power_cut ? 0 : os_;
  Contents state = durable_;
  std::string closest;
  for (std::size_t length = 0;; ++length) {
    if (length >= at_least && state == found) {
      now_ = state;
      all_durable();
      return std::nullopt;
    }
    if (length == commits_.size()) {
      Contents with_maybe = state;
      if (maybe_.has_value()) apply_commit(*maybe_, with_maybe);
      if (with_maybe == found) {
        now_ = found;
        all_durable();
        return std::nullopt;
      }
      closest = difference(state, found);
      break;
    }
    apply_commit(commits_[length], state);
  }
  return "the recovered state is no prefix of " + std::to_string(at_least) + " to " +
         std::to_string(commits_.size()) + " commits; against all of them: " + closest;
}

std::string difference(const Contents& expected, const Contents& found) {
  for (const auto& [key, value] : expected) {
    const auto other = found.find(key);
    if (other == found.end()) return "key '" + escape(key) + "' is missing";
    if (other->second != value) {
      return "key '" + escape(key) + "' has value '" + escape(other->second.substr(0, 40)) +
             "', not '" + escape(value.substr(0, 40)) + "'";
    }
  }
  for (const auto& [key, value] : found) {
    if (!expected.contains(key)) return "key '" + escape(key) + "' should not be there";
  }
  return "no difference";
}

}  // namespace nacre::test
