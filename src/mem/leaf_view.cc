#include "mem/leaf_view.h"

#include <bit>

namespace nacre {

void LeafView::load(const LeafNode& leaf, Fetch fetch) {
  std::array<Item, LeafNode::kSlots> found;
  int found_count = 0;
  for (std::uint32_t rest = leaf.live(); rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const std::uint64_t head = leaf.heads[lane].load(std::memory_order_acquire);
    const Record* const record = leaf.record(lane);
    if (fetch == Fetch::kAll) record->prefetch();
    found[found_count++] = Item{head, record};
  }
  // Last: if a slot was used anew while we looked, these now say where its key went.
  const std::uint64_t high = leaf.high.load(std::memory_order_acquire);
  next_ = leaf.next.load(std::memory_order_acquire);
  if (next_ != nullptr) next_->prefetch();
  count_ = 0;
  for (int i = 0; i < found_count; ++i) {
    Item item = found[i];
    if (item.head >= high && next_ != nullptr) [[unlikely]] {
      // Moved to the right, or a slot whose head and record are not of one key.
      if (item.record->key() >= next_->low_key()) continue;
      item.head = leaf.head(item.record->key());
    }
    insert_sorted(item);
  }
}

void LeafView::insert_sorted(Item item) {
  int at = count_++;
  while (at > 0 && (items_[at - 1].head > item.head ||
                    (items_[at - 1].head == item.head && key(at - 1) > item.record->key()))) {
    items_[at] = items_[at - 1];
    --at;
  }
  items_[at] = item;
}

int LeafView::lower_bound(const LeafTarget& target) const {
  int index = 0;
  while (index < count_ && (items_[index].head < target.head() ||
                            (items_[index].head == target.head() && key(index) < target.key()))) {
    ++index;
  }
  return index;
}

}  // namespace nacre
