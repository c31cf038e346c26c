// frame.h - the memory of one cached block, and the two ways to hold it.
//
// A frame is bytes that hold a block, 64-byte aligned, and a small header that lies elsewhere, so
// that a hit touches the block and nothing more. Small frames are carved from pages
// (frame_arena.h); a large one has memory of its own and is called external. A frame is free when
// its count of holders is zero: whoever drops the last hold gives the memory back.
//
//   FrameBuffer   held by the thread that fills it; nobody else knows the frame
//   the cache     one hold from BlockSlots::insert() to the end of the grace period after eviction
//   BlockPin      one hold each
//
// THREADS    the classes are values: one thread at a time. `holders` may be changed by any thread;
//            the other fields of Frame belong to the cache's mutex once the frame is inserted.
// LIFETIME   a FrameBuffer or BlockPin may outlive the slots, the cache and its page pool.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

namespace nacre {

class CacheCore;
using Slot = std::atomic<std::uint64_t>;  // see block_slots.h

inline constexpr std::size_t kFrameAlignment = 64;

/// The header of a frame.
struct Frame {
  static constexpr std::uintptr_t kMainBit = 1;

  std::atomic<std::uint32_t> holders{0};
  std::uint32_t size = 0;             // bytes of the block; fixed while the frame is not free
  std::uintptr_t slot_and_queue = 0;  // address of its slot, 0 when not inserted, and kMainBit
  Frame* newer = nullptr;             // neighbours in the eviction queue
  Frame* older = nullptr;             // also links the free frames of a span

  Slot* slot() const { return reinterpret_cast<Slot*>(slot_and_queue & ~kMainBit); }
  bool in_main() const { return (slot_and_queue & kMainBit) != 0; }
  /// Somebody besides the cache needs it, so that evicting it would free nothing.
  bool pinned() const { return holders.load(std::memory_order_relaxed) > 1; }
};
static_assert(sizeof(Frame) == 32, "the header area of a page is sized for it");

/// Names a frame by the address of its bytes: the form in which slots keep it. The lowest bits are
/// free because of the alignment; one says that the frame is external.
class FrameRef {
 public:
  static constexpr std::uintptr_t kExternalBit = 4;  // below it lie the reference bits of a slot

  FrameRef() = default;
  FrameRef(char* data, bool external)
      : word_(reinterpret_cast<std::uintptr_t>(data) | (external ? kExternalBit : 0)) {}
  static FrameRef from_word(std::uintptr_t word) {
    FrameRef ref;
    ref.word_ = word;
    return ref;
  }

  explicit operator bool() const { return word_ != 0; }
  std::uintptr_t word() const { return word_; }
  bool external() const { return (word_ & kExternalBit) != 0; }
  char* data() const { return reinterpret_cast<char*>(word_ & ~(kFrameAlignment - 1)); }
  /// The header, found from the address alone.
  Frame& frame() const;
  /// The cache that the frame came from; alive as long as any of its frames has a holder.
  CacheCore& core() const;
  /// Gives up one hold; frees the frame when it was the last.
  void drop() const;

 private:
  std::uintptr_t word_ = 0;
};

/// One counted hold on a frame, of either kind below.
class FrameHold {
 public:
  FrameHold() = default;
  FrameHold(FrameRef ref, std::size_t size) : ref_(ref), size_(size) {}
  FrameHold(FrameHold&& other) noexcept
      : ref_(std::exchange(other.ref_, {})), size_(std::exchange(other.size_, 0)) {}
  FrameHold& operator=(FrameHold&& other) noexcept {
    if (this == &other) return *this;
    reset();
    ref_ = std::exchange(other.ref_, {});
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  ~FrameHold() { reset(); }

  explicit operator bool() const { return static_cast<bool>(ref_); }
  std::size_t size() const { return size_; }
  FrameRef ref() const { return ref_; }
  void reset() {
    if (ref_) ref_.drop();
    ref_ = {};
    size_ = 0;
  }
  /// Passes the hold on to the caller.
  FrameRef release() {
    size_ = 0;
    return std::exchange(ref_, {});
  }

 private:
  FrameRef ref_;
  std::size_t size_ = 0;
};

/// Memory for a block that is being read. Freed at the end unless BlockSlots::insert() took it.
class FrameBuffer {
 public:
  FrameBuffer() = default;
  explicit FrameBuffer(FrameHold hold) : hold_(std::move(hold)) {}

  explicit operator bool() const { return static_cast<bool>(hold_); }
  char* data() const { return hold_.ref().data(); }
  std::size_t size() const { return hold_.size(); }
  FrameHold take() && { return std::move(hold_); }

 private:
  FrameHold hold_;
};

/// A block that stays in memory, unchanged, while this lives. Empty when it holds none.
class BlockPin {
 public:
  BlockPin() = default;
  explicit BlockPin(FrameHold hold) : hold_(std::move(hold)) {}

  explicit operator bool() const { return static_cast<bool>(hold_); }
  const char* data() const { return hold_.ref().data(); }
  std::size_t size() const { return hold_.size(); }
  std::string_view bytes() const { return {data(), size()}; }
  void reset() { hold_.reset(); }
  /// Passes the hold on: for an owner that keeps it in another form.
  FrameHold take() && { return std::move(hold_); }

 private:
  FrameHold hold_;
};

}  // namespace nacre
