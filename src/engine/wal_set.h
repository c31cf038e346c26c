// wal_set.h - the wal segments of an open store: one that is written, older ones that are not yet
// on stable storage, and those that only wait for the flush of their writes.
//
// Positions in the wal are counted through all segments of this run, as an Lsn, so that "everything
// up to here is on stable storage" is one number.
//
// THREADS    append(), begin() and their const companions: under the commit lock. sync_through(),
//            prepare_ahead() and drop_before(): any.
// INVARIANT  (W1) a segment is synced only after all older ones were: a record that proves a sync
// of
//            its segment proves that its predecessors are whole.
//            (W2) the first failed write or sync is kept and returned by every later call, until
//            abandon() starts again with new files.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>

#include "base/guarded.h"
#include "engine/context.h"
#include "wal/wal_writer.h"

namespace nacre::engine {

using Lsn = std::uint64_t;

class WalSet {
 public:
  explicit WalSet(Context& context) : context_(context) {}

  /// Before the first begin(), which will follow the last of these: segments of an earlier run, on
  /// stable storage before its first record. Their files stay until drop_before().
  void follow(std::vector<FileNumber> older, std::uint64_t length_of_last);
  /// Starts the segment `number` with room for a record of `payload_bytes` and makes it current.
  Status begin(FileNumber number, std::uint64_t payload_bytes);
  bool started() const { return active_ != nullptr; }
  bool fits(std::uint64_t payload_bytes) const { return active_->writer->fits(payload_bytes); }
  FileNumber current() const { return active_->number; }
  /// Writes one record, handed to the kernel when it returns. Returns its end.
  Result<Lsn> append(Seq first_seq, std::string_view payload);
  bool wants_prepare() const { return active_->writer->wants_prepare(); }
  Lsn end() const { return active_->base + active_->writer->length(); }

  /// Makes space ready in the current segment; what it can't do, append() does and reports.
  void prepare_ahead();
  /// Puts everything up to `lsn` on stable storage. Callers share one sync.
  Status sync_through(Lsn lsn);
  /// Lets segments go whose writes are all in durable tables.
  void drop_before(FileNumber floor);
  /// Gives up every segment, failed ones included; begin() must follow. Their files stay until
  /// drop_before().
  void abandon();

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
  struct Sync {
    std::deque<SegmentPtr> segments;  // oldest first; the last is the current one
    std::vector<FileNumber> others;   // of an earlier run, or abandoned
    Lsn synced = 0;
    bool running = false;
    Status failure;
  };
  static Result<Lsn> sync_segments(const std::deque<SegmentPtr>& segments);

  Context& context_;
  SegmentPtr active_;     // guarded by the commit lock; the same as segments.back()
  FileNumber earlier_{};  // whom the first segment follows, 0 for nobody; as active_
  std::uint64_t earlier_length_ = 0;
  Guarded<Sync> sync_;
  std::condition_variable changed_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> syncs_{0};
};

}  // namespace nacre::engine
