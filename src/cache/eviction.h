// eviction.h - which block goes next: two queues, probation and main (S3-FIFO).
//
//   insert --> probation --oldest, unused--> evicted     (its slot keeps the time of it)
//                  |
//                  +-----oldest, used-----> main --oldest, unused--> evicted
//                                           ^  |
//                                           +--+ oldest, used: one use less, back to the newest end
//
// Probation gives up a block when it holds more than a tenth of all bytes; else main does. A block
// that returns to memory soon after probation threw it out goes straight to main: without that
// memory, a working set larger than the probation could never form.
//
// THREADS    one at a time: the cache's mutex. Uses are counted in the slots by readers meanwhile.
// INVARIANT  a frame is in a queue exactly while its slot points to it.
#pragma once

#include <cstdint>

#include "cache/frame.h"

namespace nacre {

/// Frames in the order in which they came, linked through their headers.
class FrameQueue {
 public:
  std::size_t size() const { return size_; }
  std::uint64_t bytes() const { return bytes_; }
  Frame* oldest() const { return oldest_; }
  void push(Frame& frame);
  void remove(Frame& frame);

 private:
  Frame* oldest_ = nullptr;
  Frame* newest_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t bytes_ = 0;
};

class EvictionQueues {
 public:
  /// `in_pages`: the frames live in pages, and Span::main is kept here.
  explicit EvictionQueues(bool in_pages) : in_pages_(in_pages) {}

  std::size_t size() const { return probation_.size() + main_.size(); }
  std::size_t on_probation() const { return probation_.size(); }

  /// Adds a frame that is about to be put into `slot`, which holds `slot_word` now.
  void insert(Frame& frame, Slot& slot, std::uint64_t slot_word);
  /// Takes a frame out and its block out of the slot, whoever uses it. When it returns soon, it
  /// skips probation: it need not have been cold.
  void remove(Frame& frame);
  /// Takes out the block that is worth least and not pinned; null when a bounded search found none.
  Frame* evict();

 private:
  /// One step of the search; the frame when it was evicted.
  Frame* step_probation(bool forced);
  Frame* step_main(bool forced);
  void push_main(Frame& frame);
  void forget(Frame& frame);

  const bool in_pages_;
  FrameQueue probation_;
  FrameQueue main_;
  std::uint64_t clock_ = 1;  // bytes evicted from probation
};

}  // namespace nacre
