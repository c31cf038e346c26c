// leaf_list.h - the skip list of a memtable, with nodes of many keys on every level.
//
// Level 0 is a linked list of leaves, each with up to 29 keys; every level above is a linked list
// of nodes that name up to 29 nodes of the level below. A search goes right while the next node
// still begins at or before its key, then down, as in any skip list; but where a classic one meets
// a cache miss per key it passes, this one meets one per level.
//
//   level 1   [ "" , "k" ] ---------------------------> null
//               |      \_______________
//   level 0   ["a" "c" "f"] ---------> ["k" "p"] -----> null
//
// Towers grow upwards and without coins: a full node hands its upper half to a new right
// neighbour, and only then is the neighbour's low key added one level up. In between, or should a
// reader come by an old way, it finds the neighbour by going right: an upper level is only ever a
// short cut. Nothing is removed, so nothing has to be reclaimed before the end.
//
// A node learns. When heads of different keys are equal its prefix was a bad guess; the split then
// chooses a better one for each half (see LeafNode on signposts), so that heads tell keys apart
// whatever the keys begin with. Prefixes are shared through a small table.
//
// THREADS    readers take no lock and never wait. Writers lock one node at a time.
// LIFETIME   nodes, records and prefixes live in the arena, which must outlive the list.
// SOURCES    W. Pugh, Skip lists (1990); P. Lehman and S. B. Yao, Efficient locking for concurrent
//            operations on B-trees (1981), for going right; J. Munro, T. Papadakis, R. Sedgewick,
//            Deterministic skip lists (1992), for towers without coins.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "mem/head_search.h"
#include "mem/leaf_node.h"
#include "mem/record.h"
#include "mem/record_sort.h"

namespace nacre {

/// What a search looks for, with its head under the prefix of the node at hand.
class LeafTarget {
 public:
  enum class Where : std::uint8_t {
    kAt,      // the node that holds `key` or would
    kBefore,  // the node that holds the last key below `key`
    kEnd,     // the last node
  };
  explicit LeafTarget(std::string_view key, Where where = Where::kAt) : key_(key), where_(where) {}

  std::string_view key() const { return key_; }
  std::uint64_t head() const { return head_; }
  /// Most nodes share one prefix, so this is nearly always a comparison of pointers.
  void aim(const std::string_view* prefix) {
    if (prefix == prefix_) return;
    prefix_ = prefix;
    head_ = where_ == Where::kEnd ? kHeadMax : head_of(key_, *prefix);
  }
  /// Whether a node with this low key is at or left of the wanted one.
  bool admits(std::string_view low) const {
    if (where_ == Where::kAt) return low <= key_;
    return where_ == Where::kEnd || low < key_;
  }

 private:
  const std::string_view key_;
  const Where where_;
  const std::string_view* prefix_ = nullptr;
  std::uint64_t head_ = 0;
};

class LeafList {
 public:
  LeafList(Arena& arena, std::string_view prefix_hint,
           const HeadKernels& kernels = head_kernels().front());
  LeafList(const LeafList&) = delete;
  LeafList& operator=(const LeafList&) = delete;

  /// The newest record of `key`, or null.
  const Record* find(std::string_view key) const;
  /// A leaf at or before the one that `target` names, nearly always that one. Its memory is asked
  /// for but not looked at.
  LeafNode* near_leaf(LeafTarget& target) const { return descend(target, 0); }
  /// The leaf that `target` names, looked for from `near` on. It may split at any time: go on with
  /// passed().
  static LeafNode* leaf(LeafNode* near, LeafTarget& target);
  /// The right neighbour when `target` lies there or beyond, else null.
  static LeafNode* passed(const LeafNode& node, const LeafTarget& target);

  /// A leaf from which insert() finds its place; asked for early, so that the leaf is on its way
  /// into the cache while the record is written.
  LeafNode* approach(LeafTarget& target) const;
  /// Adds a record whose key is that of `target`. (key, trailer) must be new.
  void insert(LeafNode* from, LeafTarget& target, Record* record);
  /// Makes an empty list that nobody else knows yet hold these records, which sort_records() has
  /// sorted and linked to nothing.
  void build(std::span<const HeadedRecord> sorted);

 private:
  struct Item {
    std::uint64_t head;  // under `prefix`
    void* value;
    std::uint32_t lane;  // its bit in the node, 0 for the one that is being added
    const std::string_view* prefix = nullptr;  // none: the head is not known yet
  };

  LeafNode* descend(LeafTarget& target, std::uint32_t level) const;
  LeafNode* choose_child(const LeafNode& node, const LeafTarget& target) const;
  static LeafNode* lock_place(LeafNode* node, LeafTarget& target);
  bool add_version(LeafNode& leaf, const LeafTarget& target, Record* record);
  void place(LeafNode& node, const LeafTarget& target, void* value);
  void split(LeafNode& node, Item added);
  void raise(LeafNode& node, LeafNode* left, LeafNode* right);
  LeafNode* make_node(std::uint32_t level, const std::string_view* prefix,
                      std::span<const Item> items);
  static std::string_view key_of(std::uint32_t level, const void* value);
  static std::uint64_t head_under(std::string_view prefix, std::uint32_t level, const Item& item);
  static std::span<const Item> longest_tie(std::uint32_t level, std::string_view prefix,
                                           std::span<const Item> items);
  const std::string_view* better_prefix(std::uint32_t level, const std::string_view* prefix,
                                        std::span<const Item> items);
  void add_node(std::vector<LeafNode*>& nodes, std::uint32_t level, const std::string_view* prefix,
                std::vector<Item>& items);
  const std::string_view* share_prefix(std::string_view bytes);

  Arena& arena_;
  const HeadKernels kernels_;
  std::atomic<LeafNode*> root_{nullptr};       // the first node of the top level
  std::atomic<LeafNode*> last_leaf_{nullptr};  // a hint: usually the last leaf
  std::mutex growth_;                          // one new top level at a time
  std::array<std::atomic<const std::string_view*>, 64> prefixes_{};
};

}  // namespace nacre
