#include "mem/memtable_cursor.h"

#include <cstdint>
#include <utility>

#include "base/check.h"

namespace nacre {

namespace {
// After a seek this many records are fetched ahead of use.
constexpr int kRowsAhead = 8;
}  // namespace

void MemtableCursor::settle(LeafNode* near, LeafTarget& target, LeafView::Fetch fetch) {
  LeafNode* leaf = LeafList::leaf(near, target);
  view_.load(*leaf, fetch);
  while ((leaf = LeafList::passed(*leaf, target)) != nullptr) {
    target.aim(leaf->prefix);
    view_.load(*leaf, fetch);
  }
}

void MemtableCursor::stand(const Record* version, bool alone) {
  version_ = version;
  entry_ = version->entry();
  alone_ = alone;
  valid_ = true;
}

/// Walking forward: what lies ahead is older.
void MemtableCursor::stand_forward(const Record* version) {
  stand(version, version->older.load(std::memory_order_acquire) == nullptr);
}

void MemtableCursor::first() { seek({}, kNewestTrailer); }

void MemtableCursor::last() {
  LeafTarget target({}, LeafTarget::Where::kEnd);
  settle(list_.near_leaf(target), target, LeafView::Fetch::kNone);
  index_ = view_.count() - 1;
  valid_ = false;
  if (index_ >= 0) stand_on_oldest();
}

void MemtableCursor::approach(std::string_view key, Approach step) {
  LeafTarget target(key);
  if (step == Approach::kLocate) {
    near_ = list_.near_leaf(target);
    return;
  }
  settle(std::exchange(near_, nullptr), target, LeafView::Fetch::kNone);
  index_ = view_.lower_bound(target);
  for (int i = -1; i < kRowsAhead; ++i) view_.prefetch(index_ + i);
  placed_ = true;
}

/// The first key at or after `key` is at index_ of the loaded leaf, if that has one.
void MemtableCursor::place(std::string_view key) {
  if (!placed_) {
    approach(key, Approach::kLocate);
    approach(key, Approach::kFetch);
  }
  placed_ = false;
  newer_.clear();
}

void MemtableCursor::seek(std::string_view key, Trailer trailer) {
  place(key);
  if (index_ < view_.count() && view_.key(index_) == key) {
    const Record* const version = Record::at_most(view_.record(index_), trailer);
    if (version != nullptr) {
      stand_forward(version);
      return;
    }
    ++index_;
  }
  stand_on_newest(key);
}

void MemtableCursor::seek_before(std::string_view key, Trailer trailer) {
  place(key);
  for (int i = 2; i < kRowsAhead; ++i) view_.prefetch(index_ - i);
  if (index_ < view_.count() && view_.key(index_) == key) {
    // The oldest of the versions that are newer than `trailer`.
    const Record* found = nullptr;
    for (const Record* version = view_.record(index_);
         version != nullptr && raw(version->trailer) > raw(trailer);
         version = version->older.load(std::memory_order_acquire)) {
      found = version;
    }
    if (found != nullptr) {
      stand(found, found == view_.record(index_));
      return;
    }
  }
  if (index_ == 0) {
    stand_before(key);
    return;
  }
  --index_;
  stand_on_oldest();
}

void MemtableCursor::next() {
  NACRE_DCHECK(valid_);
  newer_.clear();
  if (const Record* const older = version_->older.load(std::memory_order_acquire);
      older != nullptr) {
    stand_forward(older);
    return;
  }
  next_key();
}

void MemtableCursor::next_key() {
  NACRE_DCHECK(valid_);
  newer_.clear();
  ++index_;
  view_.prefetch(index_ + kRowsAhead - 1);
  stand_on_newest(entry_.key);
}

void MemtableCursor::stand_on_newest(std::string_view key) {
  while (index_ >= view_.count()) {
    if (view_.next() == nullptr) {
      valid_ = false;
      return;
    }
    view_.load(*view_.next(), LeafView::Fetch::kAll);
    index_ = 0;
    while (index_ < view_.count() && view_.key(index_) <= key) ++index_;
  }
  stand_forward(view_.record(index_));
}

void MemtableCursor::prev() {
  NACRE_DCHECK(valid_);
  if (version_ != view_.record(index_)) {
    if (newer_.empty()) {
      for (const Record* version = view_.record(index_); version != version_;
           version = version->older.load(std::memory_order_acquire)) {
        newer_.push_back(version);
      }
    }
    const Record* const version = newer_.back();
    newer_.pop_back();
    stand(version, newer_.empty());
    return;
  }
  if (index_ == 0) {
    stand_before(entry_.key);
    return;
  }
  --index_;
  view_.prefetch(index_ - kRowsAhead + 1);
  stand_on_oldest();
}

void MemtableCursor::stand_on_oldest() {
  newer_.clear();
  const Record* version = view_.record(index_);
  while (const Record* const older = version->older.load(std::memory_order_acquire)) {
    newer_.push_back(version);
    version = older;
  }
  stand(version, newer_.empty());
}

void MemtableCursor::stand_before(std::string_view key) {
  valid_ = false;
  if (key.empty()) return;  // nothing is before the empty key
  LeafTarget target(key, LeafTarget::Where::kBefore);
  settle(list_.near_leaf(target), target, LeafView::Fetch::kAll);
  // A leaf other than the first holds its own low key, which is below `key`.
  index_ = view_.lower_bound(target) - 1;
  if (index_ >= 0) stand_on_oldest();
}

}  // namespace nacre
