#include "cache/eviction.h"

#include "base/check.h"
#include "cache/block_slots.h"
#include "cache/page_layout.h"

namespace nacre {

namespace {

constexpr unsigned kClockShift = 4;  // above the bits that a resident slot uses
/// A search that passed so many used blocks takes the next one, used or not, and one that passed
/// twice as many gives up: the mutex is held meanwhile.
constexpr int kPatience = 256;

/// Takes the block out of the slot unless it was used after `word` was read.
bool swing(Slot& slot, std::uint64_t word, std::uint64_t to) {
  return slot.compare_exchange_strong(word, to, std::memory_order_acq_rel);
}

}  // namespace

void FrameQueue::push(Frame& frame) {
  frame.older = newest_;
  frame.newer = nullptr;
  (newest_ != nullptr ? newest_->newer : oldest_) = &frame;
  newest_ = &frame;
  ++size_;
  bytes_ += frame.size;
}

void FrameQueue::remove(Frame& frame) {
  (frame.older != nullptr ? frame.older->newer : oldest_) = frame.newer;
  (frame.newer != nullptr ? frame.newer->older : newest_) = frame.older;
  frame.newer = frame.older = nullptr;
  --size_;
  bytes_ -= frame.size;
}

void EvictionQueues::push_main(Frame& frame) {
  frame.slot_and_queue |= Frame::kMainBit;
  main_.push(frame);
  if (in_pages_) ++span_of(frame).main;
}

void EvictionQueues::insert(Frame& frame, Slot& slot, std::uint64_t slot_word) {
  frame.slot_and_queue = reinterpret_cast<std::uintptr_t>(&slot);
  const std::uint64_t evicted_at = slot_word >> kClockShift;
  if (evicted_at != 0 && clock_ - evicted_at <= main_.bytes()) {
    push_main(frame);
  } else {
    probation_.push(frame);
  }
}

void EvictionQueues::forget(Frame& frame) {
  if (frame.in_main()) {
    main_.remove(frame);
    if (in_pages_) --span_of(frame).main;
  } else {
    probation_.remove(frame);
  }
  frame.slot_and_queue = 0;
}

void EvictionQueues::remove(Frame& frame) {
  NACRE_DCHECK(frame.slot() != nullptr);
  frame.slot()->store(clock_ << kClockShift, std::memory_order_release);
  clock_ += frame.size;
  forget(frame);
}

Frame* EvictionQueues::step_probation(bool forced) {
  Frame& frame = *probation_.oldest();
  Slot& slot = *frame.slot();
  std::uint64_t word = slot.load(std::memory_order_relaxed);
  const bool unused = forced || (word & BlockSlots::kUseMask) == 0;
  if (!frame.pinned() && unused && swing(slot, word, clock_ << kClockShift)) {
    clock_ += frame.size;
    forget(frame);
    return &frame;
  }
  probation_.remove(frame);
  if (unused && frame.pinned()) {
    probation_.push(frame);
    return nullptr;
  }
  slot.compare_exchange_strong(word, word & ~BlockSlots::kUseMask, std::memory_order_relaxed);
  push_main(frame);
  return nullptr;
}

Frame* EvictionQueues::step_main(bool forced) {
  Frame& frame = *main_.oldest();
  Slot& slot = *frame.slot();
  std::uint64_t word = slot.load(std::memory_order_relaxed);
  const bool unused = forced || (word & BlockSlots::kUseMask) == 0;
  if (!frame.pinned() && unused && swing(slot, word, 0)) {
    forget(frame);
    return &frame;
  }
  if ((word & BlockSlots::kUseMask) != 0) {
    slot.compare_exchange_strong(word, word - 1, std::memory_order_relaxed);
  }
  main_.remove(frame);
  main_.push(frame);
  return nullptr;
}

Frame* EvictionQueues::evict() {
  for (int step = 0; step < 2 * kPatience && size() > 0; ++step) {
    const bool forced = step >= kPatience;
    const bool from_probation =
        main_.size() == 0 || probation_.bytes() * 10 > probation_.bytes() + main_.bytes();
    Frame* const frame = from_probation ? step_probation(forced) : step_main(forced);
    if (frame != nullptr) return frame;
  }
  return nullptr;
}

}  // namespace nacre
