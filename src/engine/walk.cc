#include "engine/walk.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/level_cursor.h"
#include "key/merging_cursor.h"

namespace nacre::engine {

namespace {

/// So many versions of a key are stepped over before a search is the shorter way.
constexpr int kStepsMax = 64;

bool meets(const TableMeta& meta, const Range& range) {
  return !(range.lower.has_value() && meta.largest < *range.lower) &&
         !(range.upper.has_value() && meta.smallest >= *range.upper);
}

/// The tables of a level >= 1 that meet the range: they lie side by side.
std::span<const TablePtr> tables_in(std::span<const TablePtr> tables, const Range& range) {
  const auto meets_range = [&](const TablePtr& table) { return meets(table->meta, range); };
  const auto begin = std::find_if(tables.begin(), tables.end(), meets_range);
  const auto end = std::find_if_not(begin, tables.end(), meets_range);
  return {begin, end};
}

/// All entries of a view that may lie in the range, newest source first. `*level0` is how many of
/// the sources are tables of level 0.
///
/// A memtable that is empty now, after the seq of the walk was taken, has nothing for it later.
std::unique_ptr<EntryCursor> merged_cursor(const View& view, const Range& range,
                                           std::size_t* level0) {
  std::vector<std::unique_ptr<EntryCursor>> sources;
  const auto add_memtable = [&](const LiveMemtable& memtable) {
    if (!memtable.table.empty()) sources.push_back(memtable.table.cursor());
  };
  add_memtable(*view.active);
  for (const MemtablePtr& memtable : view.frozen) add_memtable(*memtable);
  for (const TablePtr& table : view.version->level(0)) {
    if (!meets(table->meta, range)) continue;
    sources.push_back(make_table_cursor(*table, CursorUse::kRead));
    ++*level0;
  }
  for (int level = 1; level < kLevelCount; ++level) {
    const auto tables = tables_in(view.version->level(level), range);
    if (!tables.empty()) sources.push_back(make_level_cursor(tables, CursorUse::kRead));
  }
  return make_merging_cursor(std::move(sources));
}

}  // namespace

Walk::Walk(std::shared_ptr<Engine> engine, ViewPtr view, Seq seq, Range range)
    : engine_(std::move(engine)),
      view_(std::move(view)),
      seq_(seq),
      range_(std::move(range)),
      inner_(merged_cursor(*view_, range_, &level0_)) {}

Walk::~Walk() {
  const View* const view = view_.get();
  inner_.reset();
  view_.reset();
  if (!engine_->is_current(view)) engine_->old_view_released();
}

void Walk::first() {
  begin(/*backward=*/false);
  count_positioning();
  if (range_.lower.has_value()) {
    inner_->seek(*range_.lower, kNewestTrailer);
  } else {
    inner_->first();
  }
  find_forward();
}

void Walk::last() {
  begin(/*backward=*/true);
  count_positioning();
  if (range_.upper.has_value()) {
    inner_->seek_before(*range_.upper, kNewestTrailer);
  } else {
    inner_->last();
  }
  find_backward();
}

void Walk::seek(std::string_view key) {
  if (before_lower(key)) return first();
  begin(/*backward=*/false);
  count_positioning();
  inner_->seek(key, kNewestTrailer);
  find_forward();
}

void Walk::seek_for_prev(std::string_view key) {
  if (past_upper(key)) return last();
  begin(/*backward=*/true);
  count_positioning();
  // Past all versions of `key` itself: before the first entry of the next possible key.
  std::string after(key);
  after += '\0';
  inner_->seek_before(after, kNewestTrailer);
  find_backward();
}

void Walk::count_positioning() const {
  if (level0_ > 1) engine_->walked(level0_ - 1);
}

void Walk::next() {
  if (copied_) {
    saved_key_ += '\0';  // the next possible key
    inner_->seek(saved_key_, kNewestTrailer);
  } else {
    inner_->next_key();
  }
  begin(/*backward=*/false);
  find_forward();
}

void Walk::prev() {
  if (!backward_) {
    saved_key_.assign(inner_->entry().key);
    begin(/*backward=*/true);
    inner_->seek_before(saved_key_, kNewestTrailer);
  } else if (!copied_) {
    inner_->prev();
  }
  find_backward();
}

/// From where the merged cursor stands to the first live key, if the range has one.
void Walk::find_forward() {
  DeadRun run;
  valid_ = false;
  while (inner_->valid() && !past_upper(inner_->entry().key)) {
    const Entry& entry = inner_->entry();
    if (seq_of(entry.trailer) > seq_) {
      inner_->next();
    } else if (kind_of(entry.trailer) == Kind::kPut) {
      valid_ = true;
      break;
    } else {
      saved_key_.assign(entry.key);
      if (run.first.empty()) run.first = saved_key_;
      if (++run.passed == DeadSpans::kAskAfter && jump(run)) continue;
      inner_->next_key();
    }
  }
  if (run.passed >= DeadSpans::kNoteAfter) note_forward(run);
}

/// The same towards smaller keys. Versions of a key come oldest first: the last visible one counts.
void Walk::find_backward() {
  DeadRun run;
  valid_ = false;
  while (inner_->valid() && !before_lower(inner_->entry().key)) {
    const Entry& entry = inner_->entry();
    copied_ = !inner_->alone();
    if (!copied_ && seq_of(entry.trailer) <= seq_ && kind_of(entry.trailer) == Kind::kPut) {
      valid_ = true;
      break;
    }
    saved_key_.assign(entry.key);
    if (!copied_) inner_->prev();
    const bool live = copied_ && take_newest_backward();
    // An error in the middle of a key must not show an older version of it.
    if (!inner_->status().ok()) return;
    if (live) {
      valid_ = true;
      break;
    }
    if (run.first.empty()) run.first = saved_key_;
    if (++run.passed == DeadSpans::kAskAfter) jump(run);
  }
  if (run.passed >= DeadSpans::kNoteAfter) note_backward(run);
}

/// Copies the newest visible value of saved_key_, of which the merged cursor stands on the oldest
/// version, and goes before all of them. False when the key is dead.
bool Walk::take_newest_backward() {
  bool live = false;
  const auto take = [&](const Entry& entry) {
    if (seq_of(entry.trailer) > seq_) return;
    live = kind_of(entry.trailer) == Kind::kPut;
    if (live) saved_value_.assign(entry.value);
  };
  for (int steps = 0; inner_->valid() && inner_->entry().key == saved_key_; ++steps) {
    if (steps == kStepsMax) {
      inner_->seek(saved_key_, read_trailer(seq_));
      if (inner_->valid() && inner_->entry().key == saved_key_) take(inner_->entry());
      inner_->seek_before(saved_key_, kNewestTrailer);
      break;
    }
    take(inner_->entry());
    inner_->prev();
  }
  return live;
}

/// Over the keys that are known to be dead, if the one that the walk stands on is one of them.
bool Walk::jump(DeadRun& run) {
  DeadSpans& spans = engine_->dead_spans();
  if (!spans.any()) return false;
  const auto span = spans.find(saved_key_, seq_);
  if (!span.has_value()) return false;
  backward_ ? inner_->seek_before(span->lower, kNewestTrailer)
            : inner_->seek(span->upper, kNewestTrailer);
  run.passed = 0;
  return true;
}

/// Leaves word that nothing lives between the first dead key and where the walk ended.
void Walk::note_forward(const DeadRun& run) {
  if (!inner_->status().ok()) return;
  if (inner_->valid()) {
    engine_->note_dead(run.first, valid_ ? inner_->entry().key : *range_.upper, seq_);
  } else {
    engine_->note_dead(run.first, saved_key_ + '\0', seq_);
  }
}

void Walk::note_backward(const DeadRun& run) {
  const std::string end = run.first + '\0';
  if (valid_) {
    engine_->note_dead(std::string(key()) + '\0', end, seq_);
  } else {
    engine_->note_dead(inner_->valid() ? *range_.lower : saved_key_, end, seq_);
  }
}

}  // namespace nacre::engine
