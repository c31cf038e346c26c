// leaf_node.h - one node of the leaf list: up to 29 heads and what they lead to.
//
//   line 0-3   heads, in no order            | live+lock, level, prefix, high
//   line 4-7   next, low, slots (records in a leaf, nodes of the level below elsewhere)
//
// A search reads lines 0 to 3 and then the one slot that it found.
//
// How readers do without locks. A slot is filled before its live bit is set, and stays as it is
// while the bit is set. Bits are cleared only by a split, after `next` and `high` say where the
// upper half went. A reader looks at live, heads and slots first and at high and next last. Should
// it have met a slot that was used anew under its feet, then it sees the new `high` too and goes
// right, where what it missed now is.
//
// INVARIANT  low <= every key < low of the next node. `high` is the head of the next node's low key
//            as this node's prefix gives it, kHeadMax when there is none.
//            The first key of a node stays in it for good (in its successor, see below).
//            A node that was replaced has nothing live, high 0, and its successor, which has the
//            same low key, as next: a signpost.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <thread>

#include "mem/head_search.h"
#include "mem/key_head.h"
#include "mem/record.h"

namespace nacre {

struct alignas(64) LeafNode {
  static constexpr int kSlots = 29;
  static constexpr std::uint32_t kAllLive = (1U << kSlots) - 1;
  static constexpr std::uint32_t kLocked = 1U << 31;

  std::array<std::atomic<std::uint64_t>, kSlots> heads;
  std::atomic<std::uint32_t> state{0};  // live bits, and the writers' lock on top
  std::uint32_t level = 0;              // 0 is a leaf
  const std::string_view* prefix = nullptr;
  std::atomic<std::uint64_t> high{kHeadMax};
  std::atomic<LeafNode*> next{nullptr};
  const Record* low = nullptr;  // null stands for the empty key, before all others
  std::array<std::atomic<void*>, kSlots> slots;

  std::string_view low_key() const { return low == nullptr ? std::string_view() : low->key(); }
  std::uint32_t live() const { return state.load(std::memory_order_acquire) & kAllLive; }
  std::uint64_t head(std::string_view key) const { return head_of(key, *prefix); }
  Record* record(int lane) const {
    return static_cast<Record*>(slots[lane].load(std::memory_order_acquire));
  }
  LeafNode* child(int lane) const {
    return static_cast<LeafNode*>(slots[lane].load(std::memory_order_acquire));
  }

  /// All lines at once: one cache miss to wait for instead of two or three.
  void prefetch() const {
    const char* const lines = reinterpret_cast<const char*>(this);
    for (int line = 0; line < 8; ++line) __builtin_prefetch(lines + 64 * line);
  }

  /// Writers only, for a few loads and stores: spins, then lets others run.
  void lock() {
    for (int spins = 0;; ++spins) {
      std::uint32_t seen = state.load(std::memory_order_relaxed);
      if ((seen & kLocked) == 0 &&
          state.compare_exchange_weak(seen, seen | kLocked, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return;
      }
      if (spins >= 64) std::this_thread::yield();
    }
  }
  /// Publishes `live` as well.
  void unlock(std::uint32_t live_bits) { state.store(live_bits, std::memory_order_release); }
  /// Fills a slot that is not live; the caller publishes it. The slot goes before its head: whoever
  /// reads the new head then reads the new slot.
  void fill(int lane, std::uint64_t new_head, void* value) {
    slots[lane].store(value, std::memory_order_release);
    heads[lane].store(new_head, std::memory_order_release);
  }
};
static_assert(sizeof(LeafNode) == 512);
static_assert(offsetof(LeafNode, next) == kHeadLanes * 8, "kernels read this far");

}  // namespace nacre
