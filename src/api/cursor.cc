// Snapshots, cursors and scans as users hold them.

#include "nacre/cursor.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "engine/engine.h"
#include "engine/walk.h"
#include "nacre/snapshot.h"

namespace nacre {

Snapshot::Snapshot(std::shared_ptr<engine::Engine> engine, std::uint64_t seq)
    : engine_(std::move(engine)), seq_(seq) {}

Snapshot::Snapshot(Snapshot&& other) noexcept
    : engine_(std::move(other.engine_)), seq_(std::exchange(other.seq_, 0)) {}

Snapshot& Snapshot::operator=(Snapshot&& other) noexcept {
  std::swap(engine_, other.engine_);
  std::swap(seq_, other.seq_);
  return *this;
}

Snapshot::~Snapshot() {
  if (engine_ != nullptr) engine_->release_snapshot(seq_);
}

Range Range::prefix(std::string_view prefix) {
  Range range{.lower = std::string(prefix), .upper = std::string(prefix)};
  // The first key that does not begin with the prefix: its last byte that can grow, grown.
  while (!range.upper->empty() && range.upper->back() == '\xff') range.upper->pop_back();
  if (range.upper->empty()) {
    range.upper.reset();
  } else {
    ++range.upper->back();
  }
  return range;
}

Cursor::Cursor(std::unique_ptr<engine::Walk> walk) : walk_(std::move(walk)) {}

Cursor::Cursor(Cursor&& other) noexcept
    : walk_(std::move(other.walk_)),
      entry_(std::exchange(other.entry_, {})),
      valid_(std::exchange(other.valid_, false)) {}

Cursor& Cursor::operator=(Cursor&& other) noexcept {
  walk_ = std::move(other.walk_);
  entry_ = std::exchange(other.entry_, {});
  valid_ = std::exchange(other.valid_, false);
  return *this;
}

Cursor::~Cursor() = default;

void Cursor::show() {
  valid_ = walk_->valid();
  if (valid_) entry_ = {walk_->key(), walk_->value()};
}

const Status& Cursor::status() const { return walk_->status(); }

void Cursor::first() {
  walk_->first();
  show();
}
void Cursor::last() {
  walk_->last();
  show();
}
void Cursor::seek(std::string_view key) {
  walk_->seek(key);
  show();
}
void Cursor::seek_for_prev(std::string_view key) {
  walk_->seek_for_prev(key);
  show();
}
void Cursor::next() {
  walk_->next();
  show();
}
void Cursor::prev() {
  walk_->prev();
  show();
}

Scan::Scan(Cursor cursor, bool reverse) : cursor_(std::move(cursor)), reverse_(reverse) {}
Scan::Scan(Status error) : error_(std::move(error)) {}

Scan::Scan(Scan&& other) noexcept
    : cursor_(std::exchange(other.cursor_, std::nullopt)),
      error_(std::exchange(other.error_, Status())),
      reverse_(other.reverse_),
      looked_(other.looked_) {}

Scan& Scan::operator=(Scan&& other) noexcept {
  std::swap(cursor_, other.cursor_);
  std::swap(error_, other.error_);
  std::swap(reverse_, other.reverse_);
  std::swap(looked_, other.looked_);
  return *this;
}

Scan::~Scan() {
  const Status& outcome = cursor_.has_value() ? cursor_->status() : error_;
  if (outcome.ok() || looked_) return;
  std::fprintf(stderr, "nacre: a scan ended early and nobody asked its status(): %s\n",
               outcome.to_string().c_str());
  std::abort();
}

Scan::Iterator Scan::begin() {
  if (cursor_.has_value()) reverse_ ? cursor_->last() : cursor_->first();
  return Iterator(this);
}

const Status& Scan::status() const {
  looked_ = true;
  return cursor_.has_value() ? cursor_->status() : error_;
}

}  // namespace nacre
