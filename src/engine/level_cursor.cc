#include "engine/level_cursor.h"

#include <algorithm>

#include "key/empty_cursor.h"

namespace nacre::engine {

namespace {

class LevelCursor final : public EntryCursor {
 public:
  LevelCursor(std::span<const TablePtr> tables, CursorUse use) : tables_(tables), use_(use) {}

  void first() override {
    open(0);
    if (inner_ != nullptr) inner_->first();
    settle_forward();
  }
  void last() override {
    open(tables_.size() - 1);
    if (inner_ != nullptr) inner_->last();
    settle_backward();
  }
  void approach(std::string_view key, Approach step) override {
    if (step == Approach::kLocate) open(table_at(key));
    if (inner_ != nullptr) inner_->approach(key, step);
  }
  void seek(std::string_view key, Trailer trailer) override {
    open(table_at(key));
    if (inner_ != nullptr) inner_->seek(key, trailer);
    settle_forward();
  }
  void seek_before(std::string_view key, Trailer trailer) override {
    // The table that could hold `key` may begin at or after (key, trailer): settling goes on to the
    // one before it.
    open(std::min(table_at(key), tables_.size() - 1));
    if (inner_ != nullptr) inner_->seek_before(key, trailer);
    settle_backward();
  }
  void next() override {
    inner_->next();
    inner_->valid() ? show() : settle_forward();
  }
  void next_key() override {
    inner_->next_key();
    inner_->valid() ? show() : settle_forward();
  }
  void prev() override {
    inner_->prev();
    inner_->valid() ? show() : settle_backward();
  }

 private:
  /// The first table whose largest key is at or after `key`.
  std::size_t table_at(std::string_view key) const {
    const auto found =
        std::partition_point(tables_.begin(), tables_.end(),
                             [&](const TablePtr& table) { return table->meta.largest < key; });
    return static_cast<std::size_t>(found - tables_.begin());
  }

  void open(std::size_t index) {
    if (index == index_ && inner_ != nullptr) return;
    index_ = index;
    inner_ = index < tables_.size() ? make_table_cursor(*tables_[index], use_) : nullptr;
  }

  void settle_forward() {
    while (inner_ != nullptr && !inner_->valid() && inner_->status().ok()) {
      open(index_ + 1);
      if (inner_ != nullptr) inner_->first();
    }
    stand();
  }
  void settle_backward() {
    while (inner_ != nullptr && !inner_->valid() && inner_->status().ok()) {
      open(index_ - 1);  // before the first: wraps to no table
      if (inner_ != nullptr) inner_->last();
    }
    stand();
  }
  void stand() {
    // An error is for good.
    inner_ != nullptr && inner_->valid() && status_.ok() ? show() : end();
  }
  void show() {
    entry_at_ = &inner_->entry();
    alone_ = inner_->alone();
    valid_ = true;
  }
  /// Where no table has an entry any more, or one has failed.
  void end() {
    valid_ = false;
    if (inner_ != nullptr && !inner_->status().ok()) fail(inner_->status());
  }

  const std::span<const TablePtr> tables_;
  const CursorUse use_;
  std::size_t index_ = 0;
  std::unique_ptr<EntryCursor> inner_;  // of tables_[index_]; null outside
};

}  // namespace

std::unique_ptr<EntryCursor> make_table_cursor(const Table& table, CursorUse use) {
  Result<const TableReader*> reader = table.load();
  if (!reader.ok()) return std::make_unique<EmptyCursor>(std::move(reader).error());
  return (*reader)->cursor(use);
}

std::unique_ptr<EntryCursor> make_level_cursor(std::span<const TablePtr> tables, CursorUse use) {
  return std::make_unique<LevelCursor>(tables, use);
}

}  // namespace nacre::engine
