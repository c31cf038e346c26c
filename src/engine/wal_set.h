// wal_set.h - the wal segments of an open store: one that is written, older ones that are not yet
// on stable storage, and those that only wait for the flush of their writes.
//
// Positions are counted through all segments, as an Lsn (shared_sync.h), so that "everything up to
// here is on stable storage" is one number.
//
// The next segment is made ahead, once somebody says that it will be wanted soon: then begin() only
// writes into it where it follows, and waits for no device.
//
//     | older | older | current, half full   |   next: header, zeros
//     sealed by a sync   append()                made by prepare_ahead(), begun by begin()
//
// What was made ahead is used by the begin() after it or not at all, so that numbers ascend.
//
// THREADS    append(), begin() and their const companions: under the commit lock. sync_through(),
//            prepare_ahead() and drop_before(): any.
// INVARIANT  (W1) a segment is synced only after all older ones were: a record that proves a sync
//            of its segment proves that its predecessors are whole. A link may be synced before;
//            no record tells of that.
//            (W2) the first failed write or sync is kept and returned by every later call, until
//            abandon() starts again with new files. What fails while the next segment is made
//            ahead is no failure: begin() makes one then, and reports.
//            (W3) a segment is cut to its length only when the link or header of its successor is
//            on stable storage: a short segment without one has been damaged.
#pragma once

#include <deque>
#include <memory>

#include "base/guarded.h"
#include "engine/context.h"
#include "engine/file_numbers.h"
#include "engine/shared_sync.h"
#include "wal/wal_writer.h"

namespace nacre::engine {

class WalSet {
 public:
  WalSet(Context& context, FileNumbers& numbers);
  /// See SharedSync::set_show().
  void set_show(SharedSync::Show show) { shared_.set_show(std::move(show)); }

  /// Before the first begin(), which will follow the last of these: segments of an earlier run, on
  /// stable storage before its first record. Their files stay until drop_before().
  void follow(std::vector<FileNumber> older, std::uint64_t length_of_last);
  /// Starts a segment with room for a record of `payload_bytes` and makes it current.
  Status begin(std::uint64_t payload_bytes);
  bool started() const { return active_ != nullptr; }
  bool fits(std::uint64_t payload_bytes) const { return active_->writer->fits(payload_bytes); }
  FileNumber current() const { return active_->number; }
  /// Writes one record, handed to the kernel when it returns. Returns its end.
  Result<Lsn> append(Seq first_seq, std::string_view payload);
  bool half_full() const { return active_->writer->half_full(); }
  /// The current segment is well on its way to its end: prepare_ahead() shall make the next one.
  void want_next() {
    if (next_state_.load(std::memory_order_relaxed) == NextState::kUnasked) {
      next_state_.store(NextState::kWanted, std::memory_order_relaxed);
    }
  }
  bool wants_prepare() const {
    return next_state_.load(std::memory_order_relaxed) == NextState::kWanted ||
           active_->writer->wants_prepare();
  }
  Lsn end() const { return active_->base + active_->writer->length(); }

  /// Makes space ready in the current segment, and the next segment when it is wanted; what it
  /// can't do, append() and begin() do and report.
  void prepare_ahead();
  /// Puts everything up to `lsn` on stable storage. Callers share one sync, and if there is a
  /// `write`, it is shown before they return.
  Status sync_through(Lsn lsn, Seq write = 0) { return shared_.through(lsn, write); }
  /// See SharedSync::given_up().
  bool given_up(Lsn lsn) { return shared_.given_up(lsn); }
  /// Lets segments go whose writes are all in durable tables.
  void drop_before(FileNumber floor);
  /// Gives up every segment, failed ones included; begin() must follow. Their files stay until
  /// drop_before().
  void abandon();
  /// Removes what was made ahead and is not used: the store closes.
  void remove_next();

  std::uint64_t bytes_written() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }

 private:
  struct Segment {
    FileNumber number{};
    std::unique_ptr<WalWriter> writer;
    Lsn base = 0;         // of the first byte of the file
    bool sealed = false;  // on stable storage for good; touched by the syncing thread alone
  };
  using SegmentPtr = std::shared_ptr<Segment>;
  struct Files {
    std::deque<SegmentPtr> segments;  // oldest first; the last is the current one
    SegmentPtr next;                  // made ahead to follow the current one, not begun; or null
    std::vector<FileNumber> others;   // of an earlier run, abandoned, or made in vain
  };
  enum class NextState : std::uint8_t {
    kUnasked,
    kWanted,
    kMaking,
    kSettled,  // it is there, could not be made, or would come too late
  };

  Result<Lsn> sync_segments();
  Result<SegmentPtr> make_segment(WalWriter::Options options);
  void make_next();
  SegmentPtr take_next(std::uint64_t payload_bytes);

  Context& context_;
  FileNumbers& numbers_;
  SegmentPtr active_;     // guarded by the commit lock; the same as segments.back()
  FileNumber earlier_{};  // whom the first segment follows, 0 for nobody; as active_
  std::uint64_t earlier_length_ = 0;
  Guarded<Files> files_;
  SharedSync shared_;
  /// want_next() changes it under the commit lock, all else under that of files_.
  std::atomic<NextState> next_state_{NextState::kUnasked};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> syncs_{0};
};

}  // namespace nacre::engine
