#include "table/table_cursor.h"

#include <utility>

#include "base/check.h"
#include "table/block_source.h"

namespace nacre {
namespace {

/// Source: `open(block)`, `prefetch(block)` and `prefetch_slot(block)`, see block_source.h.
template <typename Source>
class TableCursor final : public EntryCursor {
 public:
  explicit TableCursor(std::shared_ptr<const TableReader> table)
      : table_(std::move(table)), index_(table_->stored().index), source_(*table_) {}

  void first() override {
    if (enter(0)) show(0);
  }

  void last() override {
    if (enter(index_.count() - 1)) show(count_ - 1);
  }

  void approach(std::string_view key, Approach step) override {
    if (step == Approach::kLocate) {
      located_ = index_.find(key);
      if (located_ < index_.count()) source_.prefetch_slot(located_);
    } else if (located_ < index_.count()) {
      source_.prefetch(located_);
    }
  }

  void seek(std::string_view key, Trailer trailer) override {
    std::uint32_t row = 0;
    if (!settle(locate(key), key, trailer, &row)) return;
    if (row < count_) return show(row);
    step_to(block_ + 1, true);
  }

  void seek_before(std::string_view key, Trailer trailer) override {
    const std::uint32_t block = locate(key);
    if (block == index_.count()) return last();
    std::uint32_t row = 0;
    if (!settle(block, key, trailer, &row)) return;
    if (row > 0) return show(row - 1);
    step_to(block_ - 1, false);
  }

  void next() override {
    NACRE_DCHECK(valid_);
    if (row_ + 1 < count_) [[likely]]
      return show(row_ + 1);
    step_to(block_ + 1, true);
  }

  void next_key() override {
    NACRE_DCHECK(valid_);
    if (alone_) return next();
    while (row_ + 1 < count_) {
      if (!rows_.same_key(row_++)) return show(row_);
    }
    if (index_.spills(block_)) return EntryCursor::next_key();  // on the last row of the block
    step_to(block_ + 1, true);
  }

  void prev() override {
    NACRE_DCHECK(valid_);
    if (row_ > 0) return show(row_ - 1);
    step_to(block_ - 1, false);
  }

 private:
  /// Makes `block` the current one, standing on nothing yet. False after a failure, for good.
  bool enter(std::uint32_t block) {
    valid_ = false;
    if (!status_.ok()) return false;
    if (entered_ && block == block_) return true;
    entered_ = false;
    Result<const char*> data = source_.open(block);
    if (!data.ok()) {
      fail(std::move(data).error());
      return false;
    }
    view_ = Block(*data);
    rows_.enter(view_);
    block_ = block;
    count_ = rows_.count();
    alone_ = rows_.has_single_versions() && !index_.spills(block) &&
             (block == 0 || !index_.spills(block - 1));
    entered_ = true;
    return true;
  }

  /// The first block that may hold `key`: what approach() has found out, or else found now.
  std::uint32_t locate(std::string_view key) {
    const std::uint32_t block = std::exchange(located_, kUnknown);
    if (block == kUnknown) return index_.find(key);
    NACRE_DCHECK(block == index_.find(key));
    return block;
  }

  /// Enters the block that (key, trailer) belongs to, one of those from `first` on, and gives its
  /// row there: that of the first entry at or after it, or count_ when that is the first of the
  /// next block. False when all entries are before it, or after a failure.
  bool settle(std::uint32_t first, std::string_view key, Trailer trailer, std::uint32_t* row) {
    valid_ = false;
    if (first == index_.count()) return false;
    for (std::uint32_t block = first;; ++block) {
      if (!enter(block)) return false;
      *row = view_.lower_bound(key, trailer);
      if (*row < count_ || !index_.spills(block)) return true;
    }
  }

  /// To the first or the last row of a neighbour; to nothing past the ends, where the number of the
  /// block is count() or has wrapped around.
  void step_to(std::uint32_t block, bool to_first) {
    valid_ = false;
    if (block >= index_.count() || !enter(block)) return;
    const std::uint32_t neighbour = to_first ? block + 1 : block - 1;
    if (neighbour < index_.count()) source_.prefetch(neighbour);
    show(to_first ? 0 : count_ - 1);
  }

  void show(std::uint32_t row) {
    row_ = row;
    rows_.show(row, &entry_);
    valid_ = true;
  }

  static constexpr std::uint32_t kUnknown = ~std::uint32_t{0};

  const std::shared_ptr<const TableReader> table_;
  const TableIndex& index_;
  Source source_;
  Block::Rows rows_;
  Block view_{nullptr};
  std::uint32_t block_ = 0;  // what view_ shows, while entered_
  std::uint32_t count_ = 0;
  std::uint32_t row_ = 0;
  bool entered_ = false;
  std::uint32_t located_ = kUnknown;  // by approach(), until the seek
};

}  // namespace

std::unique_ptr<EntryCursor> make_table_cursor(std::shared_ptr<const TableReader> table,
                                               CursorUse use) {
  if (use == CursorUse::kRead) return std::make_unique<TableCursor<CachedBlocks>>(std::move(table));
  return std::make_unique<TableCursor<StreamedBlocks>>(std::move(table));
}

}  // namespace nacre
