// entry_cursor.h - a walk over sorted entries, in both directions.
//
// A cursor stands on an entry or on nothing. Moves are virtual; looking at the entry is not: the
// mover leaves it in `entry_`, or points to that of the cursor that it is made of. Every version of
// every key is visited: hiding old versions and deletes is the business of engine/scan.
//
// THREADS    one thread at a time.
// LIFETIME   entry() is valid until the next move or the end of the cursor.
// ERRORS     a failed move leaves the cursor on nothing with status() set, for good: an end with
//            ok() is the true end. Whoever stops at !valid() must ask status().
#pragma once

#include <cstdint>
#include <string_view>

#include "key/entry.h"
#include "nacre/status.h"

namespace nacre {

class EntryCursor {
 public:
  EntryCursor() = default;
  EntryCursor(const EntryCursor&) = delete;
  EntryCursor& operator=(const EntryCursor&) = delete;
  virtual ~EntryCursor() = default;

  bool valid() const { return valid_; }
  const Entry& entry() const { return *entry_at_; }
  /// True when it is known that no version of this key lies ahead, in the direction of the last
  /// move.
  bool alone() const { return alone_; }
  const Status& status() const { return status_; }

  virtual void first() = 0;
  virtual void last() = 0;
  /// The memory that a seek waits for comes in two loads that depend on each other. Whoever seeks
  /// with many cursors lets each take a step before any takes the next: then the waits overlap.
  /// Optional. The next move must be a seek or seek_before of the same key.
  enum class Approach : std::uint8_t {
    kLocate,  ///< Finds out where the key would be, and has that place fetched.
    kFetch,   ///< Has fetched what a search of the place begins with.
  };
  virtual void approach(std::string_view /*key*/, Approach /*step*/) {}
  /// To the first entry at or after (key, trailer) in the order of entry.h.
  virtual void seek(std::string_view key, Trailer trailer) = 0;
  /// To the last entry before (key, trailer).
  virtual void seek_before(std::string_view key, Trailer trailer) = 0;
  /// These need valid().
  virtual void next() = 0;
  virtual void prev() = 0;
  /// To the first entry after this one that has another key.
  virtual void next_key();

 protected:
  void fail(Status status) {
    valid_ = false;
    status_ = std::move(status);
  }

  Entry entry_;
  const Entry* entry_at_ = &entry_;
  bool valid_ = false;
  bool alone_ = false;
  Status status_;
};

}  // namespace nacre
