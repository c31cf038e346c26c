// Makes a whole leaf list of records that are sorted: full leaves from left to right, then the
// levels above them. Nobody else knows the list yet.

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "mem/leaf_list.h"

namespace nacre {

namespace {
/// Records lie in memory in the order of their arrival: each is a cache miss, asked for early.
constexpr std::size_t kRecordsAhead = 12;
}  // namespace

void LeafList::build(std::span<const HeadedRecord> sorted) {
  NACRE_CHECK(root_.load(std::memory_order_relaxed)->level == 0 &&
              root_.load(std::memory_order_relaxed)->live() == 0);
  if (sorted.empty()) return;
  const std::string_view first = sorted.front().record->key();
  const std::string_view* const prefix =
      share_prefix(first.substr(0, common_bytes(first, sorted.back().record->key())));

  std::vector<LeafNode*> nodes;
  std::vector<Item> items;
  items.reserve(LeafNode::kSlots);
  Record* last = nullptr;  // the oldest version so far of the last key
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i + kRecordsAhead < sorted.size()) sorted[i + kRecordsAhead].record->prefetch();
    Record* const record = sorted[i].record;
    if (last != nullptr && record->key() == last->key()) {
      last->older.store(record, std::memory_order_release);
    } else {
      if (items.size() == LeafNode::kSlots) add_node(nodes, 0, prefix, items);
      items.push_back(Item{head_of(record->key(), *prefix), record, 0, prefix});
    }
    last = record;
  }
  add_node(nodes, 0, prefix, items);
  last_leaf_.store(nodes.back(), std::memory_order_release);

  for (std::uint32_t level = 1; nodes.size() > 1; ++level) {
    std::vector<LeafNode*> above;
    for (LeafNode* const node : nodes) {
      if (items.size() == LeafNode::kSlots) add_node(above, level, prefix, items);
      items.push_back(Item{0, node, 0});
    }
    add_node(above, level, prefix, items);
    nodes = std::move(above);
  }
  root_.store(nodes.front(), std::memory_order_release);
}

/// Makes a node of `items`, right of those in `nodes`, and empties `items`.
void LeafList::add_node(std::vector<LeafNode*>& nodes, std::uint32_t level,
                        const std::string_view* prefix, std::vector<Item>& items) {
  LeafNode* const node = make_node(level, better_prefix(level, prefix, items), items);
  if (!nodes.empty()) {
    LeafNode* const left = nodes.back();
    node->low = level == 0 ? static_cast<const Record*>(items.front().value)
                           : static_cast<const LeafNode*>(items.front().value)->low;
    left->high.store(left->head(node->low_key()), std::memory_order_release);
    left->next.store(node, std::memory_order_release);
  }
  nodes.push_back(node);
  items.clear();
}

}  // namespace nacre
