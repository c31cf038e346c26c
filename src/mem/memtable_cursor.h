// memtable_cursor.h - walks a leaf list in both directions, every version of every key.
//
// Works on a sorted copy of one leaf at a time. Forward it follows the leaves; backward it searches
// again from the top for the leaf before, once per leaf. Versions are chained from new to old, so
// going backward through them takes a stack.
//
// THREADS    as in cursor.h; writers may add to the list meanwhile. What was added before the
//            cursor last moved is never skipped, what comes later may or may not be seen.
// LIFETIME   the list must outlive the cursor; the bytes of an entry live as long as the list.
#pragma once

#include <string_view>
#include <vector>

#include "key/entry_cursor.h"
#include "mem/leaf_list.h"
#include "mem/leaf_view.h"

namespace nacre {

class MemtableCursor final : public EntryCursor {
 public:
  explicit MemtableCursor(const LeafList& list) : list_(list) {}

  void first() override;
  void last() override;
  void approach(std::string_view key, Approach step) override;
  void seek(std::string_view key, Trailer trailer) override;
  void seek_before(std::string_view key, Trailer trailer) override;
  void next() override;
  void next_key() override;
  void prev() override;

 private:
  /// Loads the leaf that `target` names, looked for from `near` on.
  void settle(LeafNode* near, LeafTarget& target, LeafView::Fetch fetch);
  void place(std::string_view key);
  void stand(const Record* version, bool alone);
  void stand_forward(const Record* version);
  /// On the newest version of the key at index_, or of the first key after `key` to the right.
  void stand_on_newest(std::string_view key);
  void stand_on_oldest();
  /// On the oldest version of the last key before `key`.
  void stand_before(std::string_view key);

  const LeafList& list_;
  LeafNode* near_ = nullptr;  // between the steps of approach()
  bool placed_ = false;       // view_ and index_ are where approach() has put them
  LeafView view_;
  int index_ = 0;
  const Record* version_ = nullptr;   // the entry, a version of the key at index_
  std::vector<const Record*> newer_;  // going backward: the versions before it, newest first
};

}  // namespace nacre
