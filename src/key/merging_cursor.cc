#include "key/merging_cursor.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "key/empty_cursor.h"
#include "key/head_window.h"

namespace nacre {
namespace {

class MergingCursor final : public EntryCursor {
 public:
  explicit MergingCursor(std::vector<std::unique_ptr<EntryCursor>> children)
      : matches_(children.size()), winners_(2 * children.size()) {
    for (auto& child : children) runs_.push_back({.cursor = std::move(child)});
  }

  void first() override {
    place_all(true, [](EntryCursor& child) { child.first(); });
  }
  void last() override {
    place_all(false, [](EntryCursor& child) { child.last(); });
  }
  void seek(std::string_view key, Trailer trailer) override {
    approach_all(key);
    place_all(true, [&](EntryCursor& child) { child.seek(key, trailer); });
  }
  void seek_before(std::string_view key, Trailer trailer) override {
    approach_all(key);
    place_all(false, [&](EntryCursor& child) { child.seek_before(key, trailer); });
  }
  void approach(std::string_view key, Approach step) override {
    for (const Run& run : runs_) run.cursor->approach(key, step);
  }

  void next() override {
    NACRE_DCHECK(valid_);
    if (!forward_) turn(true);
    if (!status_.ok()) return;
    runs_[winner_].cursor->next();
    settle();
  }
  void next_key() override {
    NACRE_DCHECK(valid_);
    if (forward_ && alone_) return next();
    if (!forward_) turn(true);
    if (!status_.ok()) return;
    key_.assign(entry().key);
    do {
      runs_[winner_].cursor->next_key();
      settle();
    } while (valid_ && entry().key == key_);
  }
  void prev() override {
    NACRE_DCHECK(valid_);
    if (forward_) turn(false);
    if (!status_.ok()) return;
    runs_[winner_].cursor->prev();
    settle();
  }

 private:
  struct Run {
    std::unique_ptr<EntryCursor> cursor;
    std::uint64_t rank = 0;  // of its key: the head, inverted when walking backward
    bool live = false;       // stands on an entry
  };

  void approach_all(std::string_view key) {
    approach(key, Approach::kLocate);
    approach(key, Approach::kFetch);
  }

  /// Puts every child somewhere and plays all matches.
  template <typename Place>
  void place_all(bool forward, Place&& place) {
    if (!status_.ok()) return;
    forward_ = forward;
    for (Run& run : runs_) {
      place(*run.cursor);
      if (!refresh(run)) return;
    }
    rebuild();
    show();
  }

  /// Puts every child but the winner on the other side of the entry that the merge stands on.
  void turn(bool forward) {
    // The key lies in the winning child, which stays where it is.
    const Entry here = entry();
    forward_ = forward;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      EntryCursor& child = *runs_[i].cursor;
      if (i != winner_) {
        forward ? child.seek(here.key, here.trailer) : child.seek_before(here.key, here.trailer);
      }
      if (!refresh(runs_[i])) return;
    }
    rebuild();
    NACRE_DCHECK(runs_[winner_].cursor->entry().key.data() == here.key.data());
  }

  /// After the winner moved: finds the next winner.
  void settle() {
    if (!refresh(runs_[winner_])) return;
    if (runs_[winner_].rank >= second_rank_) {
      replay();
      if (ties_ > kTiesMax) recenter();
    }
    show();
  }

  void show() {
    valid_ = runs_[winner_].live;
    if (!valid_) return;
    const Run& winner = runs_[winner_];
    entry_at_ = &winner.cursor->entry();
    alone_ = winner.cursor->alone() && winner.rank != second_rank_;
  }

  /// Takes note of where a child stands. False when it failed, and so did the merge.
  bool refresh(Run& run) {
    run.live = run.cursor->valid();
    if (run.live) [[likely]] {
      const std::uint64_t head = window_.head(run.cursor->entry().key);
      run.rank = forward_ ? head : ~head;
      return true;
    }
    run.rank = ~std::uint64_t{0};
    if (run.cursor->status().ok()) return true;
    fail(run.cursor->status());
    return false;
  }

  /// Whether run a comes before run b, of the same rank. A run at its end comes last.
  bool wins_tie(std::uint32_t a, std::uint32_t b) {
    if (!runs_[a].live || !runs_[b].live) return runs_[a].live;
    ++ties_;
    const Entry& p = runs_[a].cursor->entry();
    const Entry& q = runs_[b].cursor->entry();
    const int order = compare(p.key, p.trailer, q.key, q.trailer);
    return forward_ ? order < 0 : order > 0;
  }
  bool beats(std::uint32_t a, std::uint32_t b) {
    const std::uint64_t x = runs_[a].rank;
    const std::uint64_t y = runs_[b].rank;
    return x != y ? x < y : wins_tie(a, b);
  }

  // The tree: inner nodes are 1 to n - 1, the leaf of run i is node n + i, the parent of node m is
  // node m / 2. It need not be full: any n of at least 2 works.

  struct Match {
    std::uint64_t rank = 0;  // of the loser
    std::uint64_t loser = 0;
  };

  /// Plays every match.
  void rebuild() {
    const auto n = static_cast<std::uint32_t>(runs_.size());
    for (std::uint32_t i = 0; i < n; ++i) winners_[n + i] = i;
    for (std::uint32_t node = n - 1; node >= 1; --node) {
      std::uint32_t winner = winners_[2 * node];
      std::uint32_t loser = winners_[2 * node + 1];
      if (beats(loser, winner)) std::swap(winner, loser);
      winners_[node] = winner;
      matches_[node] = {runs_[loser].rank, loser};
    }
    winner_ = winners_[1];
    find_second_rank();
  }

  /// Plays the matches between the last winner's leaf and the root again. Who wins is close to a
  /// coin toss, so loser and winner change places by arithmetic, not by a branch.
  void replay() {
    std::uint64_t winner = winner_;
    std::uint64_t rank = runs_[winner].rank;
    for (std::size_t node = (runs_.size() + winner) / 2; node >= 1; node /= 2) {
      Match& match = matches_[node];
      bool swap = match.rank < rank;
      if (match.rank == rank) [[unlikely]] {
        swap =
            wins_tie(static_cast<std::uint32_t>(match.loser), static_cast<std::uint32_t>(winner));
      }
      const std::uint64_t mask = swap ? ~std::uint64_t{0} : 0;
      const std::uint64_t rank_change = (match.rank ^ rank) & mask;
      const std::uint64_t run_change = (match.loser ^ winner) & mask;
      match.rank ^= rank_change;
      rank ^= rank_change;
      match.loser ^= run_change;
      winner ^= run_change;
    }
    winner_ = static_cast<std::uint32_t>(winner);
    find_second_rank();
  }

  /// The second of all has lost to the winner only, so it is on the winner's way to the root.
  void find_second_rank() {
    second_rank_ = ~std::uint64_t{0};
    for (std::size_t node = (runs_.size() + winner_) / 2; node >= 1; node /= 2) {
      second_rank_ = std::min(second_rank_, matches_[node].rank);
    }
  }

  /// Moves the window to where the walk is: wide enough for the nearer half of the runs, since the
  /// farther ones will rarely meet it. Other versions of the same key say nothing about its width.
  void recenter() {
    ties_ = 0;
    if (!runs_[winner_].live) return;
    const std::string_view key = runs_[winner_].cursor->entry().key;
    shared_.clear();
    for (const Run& run : runs_) {
      if (!run.live || run.cursor->entry().key == key) continue;
      shared_.push_back(common_prefix(key, run.cursor->entry().key));
    }
    if (shared_.empty()) return;
    const auto middle = shared_.begin() + static_cast<std::ptrdiff_t>(shared_.size() / 2);
    std::nth_element(shared_.begin(), middle, shared_.end());
    if (!window_.move_to(key, *middle)) return;
    for (Run& run : runs_) {
      if (!refresh(run)) return;
    }
    rebuild();
  }

  static constexpr std::uint32_t kTiesMax = 64;

  std::vector<Run> runs_;
  std::vector<Match> matches_;          // by inner node
  std::vector<std::uint32_t> winners_;  // by node; used by rebuild() only
  std::uint32_t winner_ = 0;
  std::uint64_t second_rank_ = 0;  // the best rank but the winner's
  std::uint32_t ties_ = 0;         // since the window moved
  bool forward_ = true;
  HeadWindow window_;
  std::string key_;                  // used by next_key() only
  std::vector<std::size_t> shared_;  // used by recenter() only
};

}  // namespace

std::unique_ptr<EntryCursor> make_merging_cursor(
    std::vector<std::unique_ptr<EntryCursor>> children) {
  if (children.empty()) return std::make_unique<EmptyCursor>();
  if (children.size() == 1) return std::move(children.front());
  return std::make_unique<MergingCursor>(std::move(children));
}

}  // namespace nacre
