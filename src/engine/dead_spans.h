// dead_spans.h - where walks found nothing but deletes, so that the next walk need not look again.
//
// A queue puts at one end and removes at the other: before its first live key lie the deletes of
// all the keys it ever had, until a compaction drops them. A walk that has passed many deleted keys
// in a row leaves a note here, and a later walk jumps over what was noted.
//
// That nothing in a span is live is a fact about the store at one seq, and stays one until somebody
// puts a key there. So a span is cut at every key that is put. What was put before anybody watched
// can't be known; hence it takes two walks to prove a span:
//
//   first walk, at seq 10     sees [a, m) dead; a watch of [a, m) begins, at the last seq given, 14
//   puts from seq 15 on       cut the watch
//   second walk, at seq 14+   sees it still dead: what is left of the watch is proven, from its seq
//                             on, and its walk has begun to watch what it saw beside it
//
// THREADS    any. cut() and note() under the commit lock, which orders them with the giving of
//            seqs: a put that is visible to a walk has been cut before.
// INVARIANT  spans are in key order and don't meet; at every seq >= since of a proven span that has
//            been given up to now, no key in [lower, upper) is live.
// COST       a put looks here only while there are spans; they are forgotten when no walk has used
//            them for many puts.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/ids.h"

namespace nacre::engine {

class DeadSpans {
 public:
  /// A walk passes so many deleted keys before it asks, and so many before it leaves a note.
  static constexpr std::size_t kAskAfter = 4;
  static constexpr std::size_t kNoteAfter = 32;

  bool any() const { return any_.load(std::memory_order_relaxed); }

  /// `key` is put, by a write that is not visible yet. Under the commit lock.
  void cut(std::string_view key);
  /// A walk at `seq` saw no live key in [lower, upper); seqs up to `last_seq` have been given.
  /// Under the commit lock.
  void note(std::string_view lower, std::string_view upper, Seq seq, Seq last_seq);

  struct Bounds {
    std::string lower;
    std::string upper;
  };
  /// The keys around `key`, lower <= k < upper, of which a walk at `seq` knows that they are dead.
  std::optional<Bounds> find(std::string_view key, Seq seq);

  /// "[a, m) from 14; [m, q) watched from 20": for tests and people.
  std::string render() const;

 private:
  struct Span {
    std::string lower;
    std::string upper;
    Seq since = 0;
    bool proven = false;
  };
  static constexpr std::size_t kSpansMax = 16;
  static constexpr std::uint64_t kPutsUnused = 1'000'000;

  struct State {
    std::vector<Span> spans;
    std::uint64_t puts_unused = 0;  // since a walk last used a span
  };
  using Spans = std::vector<Span>;

  static Spans::iterator first_ending_after(Spans& spans, std::string_view key);
  static void watch_gaps(Spans& spans, std::string_view lower, std::string_view upper, Seq since);
  static void join_neighbours(Spans& spans);
  void changed(const Spans& spans) { any_.store(!spans.empty(), std::memory_order_relaxed); }

  std::atomic<bool> any_{false};
  mutable Guarded<State> state_;
};

}  // namespace nacre::engine
