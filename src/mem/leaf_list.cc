#include "mem/leaf_list.h"

#include <algorithm>
#include <bit>
#include <new>

#include "base/check.h"
#include "base/hash.h"

namespace nacre {

namespace {
// A learnt prefix leaves this many of the eight bytes of a head for keys that will lie closer
// together than those it was learnt from.
constexpr std::size_t kSpareBytes = 2;
}  // namespace

LeafList::LeafList(Arena& arena, std::string_view prefix_hint, const HeadKernels& kernels)
    : arena_(arena), kernels_(kernels) {
  LeafNode* const first = make_node(0, share_prefix(prefix_hint), {});
  root_.store(first, std::memory_order_release);
  last_leaf_.store(first, std::memory_order_release);
}

std::string_view LeafList::key_of(std::uint32_t level, const void* value) {
  return level == 0 ? static_cast<const Record*>(value)->key()
                    : static_cast<const LeafNode*>(value)->low_key();
}

/// Keys lie all over the arena: none is looked at when the head is known.
std::uint64_t LeafList::head_under(std::string_view prefix, std::uint32_t level, const Item& item) {
  const bool known = item.prefix != nullptr && item.prefix->data() == prefix.data() &&
                     item.prefix->size() == prefix.size();
  return known ? item.head : head_of(key_of(level, item.value), prefix);
}

// ---------------------------------------------------------------------------------------- reading

LeafNode* LeafList::passed(const LeafNode& node, const LeafTarget& target) {
  const std::uint64_t high = node.high.load(std::memory_order_acquire);
  if (target.head() < high) return nullptr;
  LeafNode* const next = node.next.load(std::memory_order_acquire);
  if (next == nullptr) return nullptr;
  return target.head() > high || target.admits(next->low_key()) ? next : nullptr;
}

LeafNode* LeafList::choose_child(const LeafNode& node, const LeafTarget& target) const {
  const std::uint32_t live = node.live();
  HeadFloor floor = kernels_.floor(node.heads.data(), live, target.head());
  const bool single = floor.lanes != 0 && (floor.lanes & (floor.lanes - 1)) == 0;
  if (single && !floor.exact) [[likely]] {
    return node.child(std::countr_zero(floor.lanes));
  }
  while (floor.lanes != 0) {
    LeafNode* best = nullptr;
    for (std::uint32_t rest = floor.lanes; rest != 0; rest &= rest - 1) {
      LeafNode* const child = node.child(std::countr_zero(rest));
      if (!target.admits(child->low_key())) continue;
      if (best == nullptr || best->low_key() < child->low_key()) best = child;
    }
    if (best != nullptr || !floor.exact || target.head() == 0) return best;
    floor = kernels_.floor(node.heads.data(), live, target.head() - 1);
  }
  return nullptr;
}

/// The node of `level` to begin with; `target` doesn't aim at it yet. Its lines are asked for but
/// not looked at, so that the caller can do something else while they come.
LeafNode* LeafList::descend(LeafTarget& target, std::uint32_t level) const {
  LeafNode* node = root_.load(std::memory_order_acquire);
  for (std::uint32_t at = node->level; at > level;) {
    target.aim(node->prefix);
    LeafNode* const child = choose_child(*node, target);
    if (child != nullptr) child->prefetch();
    if (LeafNode* const right = passed(*node, target); right != nullptr) {
      node = right;
    } else {
      NACRE_CHECK(child != nullptr);
      node = child;
      --at;
    }
  }
  return node;
}

LeafNode* LeafList::leaf(LeafNode* near, LeafTarget& target) {
  for (LeafNode* node = near;;) {
    target.aim(node->prefix);
    LeafNode* const right = passed(*node, target);
    if (right == nullptr) return node;
    node = right;
  }
}

const Record* LeafList::find(std::string_view key) const {
  LeafTarget target(key);
  LeafNode* node = descend(target, 0);
  while (node != nullptr) {
    target.aim(node->prefix);
    const std::uint32_t live = node->live();
    std::uint32_t lanes = kernels_.equal(node->heads.data(), live, target.head());
    for (; lanes != 0; lanes &= lanes - 1) {
      const Record* const record = node->record(std::countr_zero(lanes));
      record->prefetch();
      if (record->key() == key) return record;
    }
    node = passed(*node, target);
  }
  return nullptr;
}

// ---------------------------------------------------------------------------------------- writing

LeafNode* LeafList::approach(LeafTarget& target) const {
  LeafNode* const last = last_leaf_.load(std::memory_order_acquire);
  return last->low_key() <= target.key() ? last : descend(target, 0);
}

LeafNode* LeafList::lock_place(LeafNode* node, LeafTarget& target) {
  while (true) {
    target.aim(node->prefix);
    node->lock();
    LeafNode* const right = passed(*node, target);
    if (right == nullptr) return node;
    node->unlock(node->live());
    node = right;
  }
}

void LeafList::insert(LeafNode* from, LeafTarget& target, Record* record) {
  LeafNode* const leaf = lock_place(from, target);
  if (!add_version(*leaf, target, record)) place(*leaf, target, record);
}

/// Links the record into the chain of its key and unlocks. False, and still locked, when the leaf
/// doesn't have the key.
bool LeafList::add_version(LeafNode& leaf, const LeafTarget& target, Record* record) {
  const std::uint32_t live = leaf.live();
  std::uint32_t lanes = kernels_.equal(leaf.heads.data(), live, target.head());
  for (; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    Record* newer = leaf.record(lane);
    if (newer->key() != record->key()) continue;
    if (raw(record->trailer) > raw(newer->trailer)) {
      record->older.store(newer, std::memory_order_relaxed);
      leaf.slots[lane].store(record, std::memory_order_release);
    } else {
      Record* older = newer->older.load(std::memory_order_relaxed);
      while (older != nullptr && raw(older->trailer) > raw(record->trailer)) {
        newer = older;
        older = newer->older.load(std::memory_order_relaxed);
      }
      record->older.store(older, std::memory_order_relaxed);
      newer->older.store(record, std::memory_order_release);
    }
    leaf.unlock(live);
    return true;
  }
  return false;
}

/// Adds a value to the locked node, which is the right one for it, and unlocks.
void LeafList::place(LeafNode& node, const LeafTarget& target, void* value) {
  const std::uint32_t live = node.live();
  if (live == LeafNode::kAllLive) {
    split(node, Item{target.head(), value, 0, node.prefix});
    return;
  }
  const int lane = std::countr_one(live);
  node.fill(lane, target.head(), value);
  node.unlock(live | 1U << lane);
}

LeafNode* LeafList::make_node(std::uint32_t level, const std::string_view* prefix,
                              std::span<const Item> items) {
  auto* const node = new (arena_.allocate_lines(sizeof(LeafNode))) LeafNode;
  node->level = level;
  node->prefix = prefix;
  int lane = 0;
  for (const Item& item : items) {
    node->fill(lane++, head_under(*prefix, level, item), item.value);
  }
  node->state.store((1U << lane) - 1, std::memory_order_relaxed);
  return node;
}

/// Splits a full, locked node with one more item to hold, and unlocks it.
void LeafList::split(LeafNode& node, Item added) {
  const std::uint32_t level = node.level;
  std::array<Item, LeafNode::kSlots + 1> items;
  for (int lane = 0; lane < LeafNode::kSlots; ++lane) {
    items[lane] = Item{node.heads[lane].load(std::memory_order_relaxed),
                       node.slots[lane].load(std::memory_order_relaxed), 1U << lane, node.prefix};
  }
  items.back() = added;
  std::sort(items.begin(), items.end(), [level](const Item& a, const Item& b) {
    if (a.head != b.head) return a.head < b.head;
    return key_of(level, a.value) < key_of(level, b.value);
  });

  // Keys that arrive in ascending order leave full nodes behind them.
  LeafNode* const next = node.next.load(std::memory_order_relaxed);
  const bool appends = next == nullptr && items.back().lane == 0;
  const std::size_t middle = appends ? items.size() - 1 : items.size() / 2;
  const auto lower = std::span<const Item>(items).first(middle);
  const auto upper = std::span<const Item>(items).subspan(middle);

  // The keys to come will resemble those that were here, not the one that opens the new node.
  LeafNode* const right =
      make_node(level, better_prefix(level, node.prefix, appends ? lower : upper), upper);
  right->low = level == 0 ? static_cast<const Record*>(upper.front().value)
                          : static_cast<const LeafNode*>(upper.front().value)->low;
  right->next.store(next, std::memory_order_relaxed);
  if (next != nullptr) {
    right->high.store(right->head(next->low_key()), std::memory_order_relaxed);
  }
  LeafNode* left = &node;
  const std::string_view* const left_prefix = better_prefix(level, node.prefix, lower);
  if (left_prefix != node.prefix) {
    left = make_node(level, left_prefix, lower);
    left->low = node.low;
    left->next.store(right, std::memory_order_relaxed);
    left->high.store(left->head(right->low_key()), std::memory_order_relaxed);
    node.next.store(left, std::memory_order_release);
    node.high.store(0, std::memory_order_release);
    node.unlock(0);
  } else {
    std::uint32_t live = 0;
    for (const Item& item : lower) live |= item.lane;
    node.next.store(right, std::memory_order_release);
    node.high.store(node.head(right->low_key()), std::memory_order_release);
    node.state.store(live | LeafNode::kLocked, std::memory_order_release);
    // Only now may slots of the upper half be used anew.
    if (std::any_of(lower.begin(), lower.end(), [](const Item& item) { return item.lane == 0; })) {
      const int lane = std::countr_one(live);
      node.fill(lane, added.head, added.value);
      live |= 1U << lane;
    }
    node.unlock(live);
  }
  if (level == 0 && next == nullptr) last_leaf_.store(right, std::memory_order_release);
  raise(node, left, right);
}

/// After `node` became `left` (perhaps itself) and `right`: makes the level above say so.
void LeafList::raise(LeafNode& node, LeafNode* left, LeafNode* right) {
  const std::uint32_t above = node.level + 1;
  if (root_.load(std::memory_order_acquire)->level < above) {
    const std::lock_guard lock(growth_);
    LeafNode* const root = root_.load(std::memory_order_acquire);
    if (root->level < above) {
      const Item first{0, root == &node ? left : root, 0};
      root_.store(make_node(above, right->prefix, std::span(&first, 1)), std::memory_order_release);
    }
  }
  LeafTarget at_right(right->low_key());
  LeafNode* const parent = lock_place(descend(at_right, above), at_right);
  place(*parent, at_right, right);
  if (left == &node) return;

  // Point past the signpost. When the node's own way down is not there yet, whoever is about to
  // add it leads readers over the signpost: longer, not wrong.
  LeafTarget at_left(left->low_key());
  LeafNode* const holder = lock_place(descend(at_left, above), at_left);
  const std::uint32_t live = holder->live();
  for (std::uint32_t rest = live; rest != 0; rest &= rest - 1) {
    std::atomic<void*>& slot = holder->slots[std::countr_zero(rest)];
    if (slot.load(std::memory_order_relaxed) == &node) slot.store(left, std::memory_order_release);
  }
  holder->unlock(live);
}

/// The longest run of `items`, sorted, that have equal heads under `prefix`.
std::span<const LeafList::Item> LeafList::longest_tie(std::uint32_t level, std::string_view prefix,
                                                      std::span<const Item> items) {
  std::span<const Item> longest;
  std::uint64_t last = 0;
  for (std::size_t begin = 0, i = 0; i < items.size(); ++i) {
    const std::uint64_t head = head_under(prefix, level, items[i]);
    if (head != last) begin = i;
    last = head;
    if (i + 1 - begin > longest.size()) longest = items.subspan(begin, i + 1 - begin);
  }
  return longest;
}

/// The prefix that `items`, sorted, should have in a new node. Equal heads cost a comparison of
/// keys each: where there are some, this is the shortest prefix that tells those apart, if that
/// helps; else `prefix`, that of their node so far. Short, because then more nodes share it, and it
/// fits longer when keys ascend.
const std::string_view* LeafList::better_prefix(std::uint32_t level, const std::string_view* prefix,
                                                std::span<const Item> items) {
  const std::span<const Item> tie = longest_tie(level, *prefix, items);
  if (tie.size() <= 1) return prefix;
  const auto key = [&](std::size_t i) { return key_of(level, tie[i].value); };
  std::size_t closest = 0;  // where the two that are most alike begin to differ
  for (std::size_t i = 1; i < tie.size(); ++i) {
    closest = std::max(closest, common_bytes(key(i - 1), key(i)));
  }
  const std::size_t common = common_bytes(key(0), key(tie.size() - 1));
  const std::size_t end = closest + 1 + kSpareBytes;
  const std::string_view learnt =
      key(0).substr(0, std::min(common, end - std::min(end, kKeyHeadBytes)));
  if (longest_tie(level, learnt, items).size() >= tie.size()) return prefix;
  return share_prefix(learnt);
}

const std::string_view* LeafList::share_prefix(std::string_view bytes) {
  std::atomic<const std::string_view*>& place = prefixes_[hash64(bytes, 0) % prefixes_.size()];
  const std::string_view* const known = place.load(std::memory_order_acquire);
  if (known != nullptr && *known == bytes) return known;
  char* const copy = arena_.allocate(sizeof(std::string_view) + bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy + sizeof(std::string_view));
  const auto* const prefix =
      new (copy) std::string_view(copy + sizeof(std::string_view), bytes.size());
  place.store(prefix, std::memory_order_release);
  return prefix;
}

}  // namespace nacre
