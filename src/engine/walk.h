// walk.h - from entries to live keys: the cursor that users move.
//
// Below lies one merged cursor over all entries of a view. A walk shows of each key the newest
// version that its seq may see, and nothing when that is a delete. Where the merged cursor stands
// depends on the direction:
//
//   forward    on the shown entry itself; key and value are views into it
//   backward   the same where the key has one version; else on the last entry before all of its
//              versions, and key and value are copies, because the newest visible version of a key
//              is only known after its older ones
//
// THREADS    one at a time.
// OWNS       counted references to the engine and the view: memtables, tables and their files stay.
#pragma once

#include <memory>
#include <string>

#include "engine/view.h"
#include "key/entry_cursor.h"
#include "nacre/cursor.h"

namespace nacre::engine {

class Engine;

class Walk {
 public:
  Walk(std::shared_ptr<Engine> engine, ViewPtr view, Seq seq, Range range);
  ~Walk();

  bool valid() const { return valid_; }
  std::string_view key() const { return copied_ ? saved_key_ : inner_->entry().key; }
  std::string_view value() const { return copied_ ? saved_value_ : inner_->entry().value; }
  const Status& status() const { return inner_->status(); }

  void first();
  void last();
  void seek(std::string_view key);
  void seek_for_prev(std::string_view key);
  void next();
  void prev();

 private:
  bool before_lower(std::string_view key) const {
    return range_.lower.has_value() && key < *range_.lower;
  }
  bool past_upper(std::string_view key) const {
    return range_.upper.has_value() && key >= *range_.upper;
  }
  /// Dead keys in a row that the current move has passed.
  struct DeadRun {
    std::string first;       // the first of them
    std::size_t passed = 0;  // walked over, since the last jump
  };
  void count_positioning() const;
  bool jump(DeadRun& run);
  void note_forward(const DeadRun& run);
  void note_backward(const DeadRun& run);
  bool take_newest_backward();
  void find_forward();
  void find_backward();
  void begin(bool backward) {
    backward_ = backward;
    copied_ = false;
  }

  const std::shared_ptr<Engine> engine_;
  ViewPtr view_;
  const Seq seq_;
  const Range range_;
  std::size_t level0_ = 0;  // tables of level 0 that inner_ looks into
  std::unique_ptr<EntryCursor> inner_;
  bool valid_ = false;
  bool backward_ = false;
  bool copied_ = false;  // key and value are copies; only when backward_
  std::string saved_key_;
  std::string saved_value_;
};

}  // namespace nacre::engine
