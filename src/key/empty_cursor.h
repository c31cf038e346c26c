// empty_cursor.h - a cursor over no entries at all, or over entries that could not be opened.
//
// THREADS  one thread at a time.
#pragma once

#include "key/entry_cursor.h"

namespace nacre {

class EmptyCursor final : public EntryCursor {
 public:
  /// Stands on nothing for ever: with an error, as a cursor that failed.
  explicit EmptyCursor(Status status = Status()) { status_ = std::move(status); }

  void first() override {}
  void last() override {}
  void seek(std::string_view, Trailer) override {}
  void seek_before(std::string_view, Trailer) override {}
  void next() override {}
  void prev() override {}
};

}  // namespace nacre
