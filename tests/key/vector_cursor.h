// vector_cursor.h - entries in a vector as a cursor: the simplest one, and so the oracle of others.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "key/entry_cursor.h"

namespace nacre::test {

/// An entry that owns its bytes.
struct OwnedEntry {
  std::string key;
  Trailer trailer{};
  std::string value;

  friend bool operator<(const OwnedEntry& a, const OwnedEntry& b) {
    return compare(a.key, a.trailer, b.key, b.trailer) < 0;
  }
};

class VectorCursor final : public EntryCursor {
 public:
  /// `entries` are in order. Standing on entry number `bad` is an error.
  explicit VectorCursor(std::vector<OwnedEntry> entries, std::optional<std::size_t> bad = {})
      : entries_(std::move(entries)), bad_(bad) {}

  void first() override { stand_on(0); }
  void last() override { stand_on(entries_.size() - 1); }
  void seek(std::string_view key, Trailer trailer) override { stand_on(bound(key, trailer)); }
  void seek_before(std::string_view key, Trailer trailer) override {
    stand_on(bound(key, trailer) - 1);
  }
  void next() override { stand_on(at_ + 1); }
  void prev() override { stand_on(at_ - 1); }

 private:
  std::size_t bound(std::string_view key, Trailer trailer) const {
    const OwnedEntry target{std::string(key), trailer, ""};
    return static_cast<std::size_t>(std::lower_bound(entries_.begin(), entries_.end(), target) -
                                    entries_.begin());
  }

  /// Entry number `i`; a number out of range, -1 wrapped round among them, is the end.
  void stand_on(std::size_t i) {
    if (!status_.ok()) return;
    at_ = i;
    shown_.clear();  // whoever still looks at the entry before sees other bytes
    if (bad_ == i) return fail(Status::corruption("bad entry"));
    valid_ = i < entries_.size();
    if (!valid_) return;
    shown_ = entries_[i].key;
    entry_ = {shown_, entries_[i].trailer, entries_[i].value};
  }

  std::vector<OwnedEntry> entries_;
  std::optional<std::size_t> bad_;
  std::size_t at_ = 0;
  std::string shown_;
};

}  // namespace nacre::test
