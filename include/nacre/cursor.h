// cursor.h - a walk over the keys of a store at one moment, in both directions.
#pragma once

#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nacre/export.h"
#include "nacre/options.h"
#include "nacre/status.h"

namespace nacre {

namespace engine {
class Engine;
class Walk;
}  // namespace engine

/// Which keys: lower <= key < upper. An unset bound is open.
struct Range {
  std::optional<std::string> lower;
  std::optional<std::string> upper;

  static Range all() { return {}; }
  /// The keys that begin with `prefix`.
  NACRE_API static Range prefix(std::string_view prefix);
};

/// One live key and its value.
struct KeyValue {
  std::string_view key;
  std::string_view value;
};

/// Stands on one entry of its range or on none. It shows the store as it was when it was made, and
/// keeps the tables of that moment on disk while it lives: don't keep idle cursors for hours. May
/// outlive its Db.
///
/// THREADS   one thread at a time.
/// LIFETIME  key() and value() are valid until the next move or the end of the cursor.
/// ERRORS    a move that meets an I/O error or corruption leaves the cursor on nothing with
/// status()
///           set for good. A loop over a cursor ends with a look at status().
/// COST      a seek is one search in each memtable, each table of level 0 and one table of each
///           further level; next() and prev() cost the same and mostly stay within a block.
class NACRE_API Cursor {
 public:
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();

  bool valid() const { return valid_; }
  std::string_view key() const { return entry_.key; }
  std::string_view value() const { return entry_.value; }
  /// ok, or why the cursor stands on nothing although the range may hold more.
  const Status& status() const;

  void first();
  void last();
  /// To the first key >= `key`.
  void seek(std::string_view key);
  /// To the last key <= `key`.
  void seek_for_prev(std::string_view key);
  /// Both need valid().
  void next();
  void prev();

 private:
  friend class engine::Engine;
  explicit Cursor(std::unique_ptr<engine::Walk> walk);
  void show();

  std::unique_ptr<engine::Walk> walk_;  // null only after a move
  KeyValue entry_;                      // where it stands, while valid_
  bool valid_ = false;
};

/// The entries of a range in order, as a C++20 input range:
///
///   nacre::Scan scan = db.scan(nacre::Range::prefix("user/"));
///   for (auto [key, value] : scan) use(key, value);
///   if (!scan.status().ok()) report(scan.status());
///
/// So that a failed scan is not taken for a short one, a Scan that ended in an error which nobody
/// asked for ends the program when it is destroyed. status() is how to ask.
class NACRE_API Scan {
 public:
  struct Sentinel {};
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = KeyValue;

    Iterator() = default;
    explicit Iterator(Scan* scan) : scan_(scan) {}
    KeyValue operator*() const { return scan_->entry(); }
    Iterator& operator++() {
      scan_->advance();
      return *this;
    }
    void operator++(int) { scan_->advance(); }
    bool at_end() const { return scan_->done(); }
    friend bool operator==(const Iterator& it, Sentinel) { return it.at_end(); }

   private:
    Scan* scan_ = nullptr;
  };

  Scan(Cursor cursor, bool reverse);
  /// A scan that could not begin.
  explicit Scan(Status error);
  Scan(Scan&&) noexcept;
  Scan& operator=(Scan&&) noexcept;
  ~Scan();

  /// Goes to the first entry. Call once.
  Iterator begin();
  Sentinel end() const { return {}; }

  /// ok while entries come and at the true end; else why there are no more. Asking is what counts
  /// as having looked.
  const Status& status() const;

 private:
  friend class Iterator;
  KeyValue entry() const { return {cursor_->key(), cursor_->value()}; }
  void advance() { reverse_ ? cursor_->prev() : cursor_->next(); }
  bool done() const { return !cursor_.has_value() || !cursor_->valid(); }

  std::optional<Cursor> cursor_;
  Status error_;
  bool reverse_ = false;
  mutable bool looked_ = false;
};

}  // namespace nacre
