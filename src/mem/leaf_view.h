// leaf_view.h - what a leaf held at one moment, in order.
//
// Leaves keep their keys in no order; a cursor takes a sorted copy of one leaf at a time.
//
// INVARIANT  holds every key below next->low_key() whose add returned before load() began.
//            It may hold keys that lie beyond when the leaf splits meanwhile: whoever goes on to
//            `next` skips what it has seen.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "mem/leaf_list.h"
#include "mem/leaf_node.h"
#include "mem/record.h"

namespace nacre {

class LeafView {
 public:
  /// Records lie in the order of their arrival, so each is a cache miss. Whoever walks through the
  /// whole leaf has them all fetched at once, while the keys are being sorted.
  enum class Fetch : std::uint8_t { kNone, kAll };
  void load(const LeafNode& leaf, Fetch fetch);

  int count() const { return count_; }
  const LeafNode* next() const { return next_; }
  /// The newest record of a key.
  const Record* record(int index) const { return items_[index].record; }
  std::string_view key(int index) const { return items_[index].record->key(); }
  /// The index of the first key not below `target`, which aims at the leaf loaded last.
  int lower_bound(const LeafTarget& target) const;
  void prefetch(int index) const {
    if (index >= 0 && index < count_) items_[index].record->prefetch();
  }

 private:
  struct Item {
    std::uint64_t head;
    const Record* record;
  };
  void insert_sorted(Item item);

  std::array<Item, LeafNode::kSlots> items_;
  int count_ = 0;
  const LeafNode* next_ = nullptr;
};

}  // namespace nacre
