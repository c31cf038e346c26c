// wal_writer.h - writes one segment of the wal (the bytes are drawn in wal_format.h).
//
// An append is a copy into space that was filled with zeros before, a sync has no file metadata to
// commit: somebody must keep zeros ready ahead of the writer. That is prepare_ahead(), run by a
// helper when wants_prepare() says so. The space kept ready, the window, starts at 64 KiB and grows
// fourfold, up to 4 MiB, each time the helper comes too late or nearly so: the measure is the bytes
// that were appended between the moment the helper was wanted and the moment it was done, so that
// no clock is needed and an idle store holds little.
//
//   0        synced()          length()        prepared
//   | stable  | handed to kernel | zeros, >= window / 2 | nothing yet          | capacity
//
// A segment may be created before the one that it follows has ended. Its header is on stable
// storage then like that of any other; link() says where the other one ended, and costs as much as
// a record.
//
// THREADS    append() by one thread at a time; beside it any number of sync(), prepare_ahead() and
//            the questions. create() and link() with no other call under way, seal() with at most
//            prepare_ahead(), which it waits for; sync_link() and seal() by one thread at a time.
// ERRORS     after a failed write or sync every call returns that error, for good: what the file
//            holds is no longer known. A failed preparation (a full disk) is not of that sort: the
//            append that needed it changed nothing, and a later one may succeed.
// INVARIANT  what a record says was synced is on stable storage. It says nothing (0) until a sync()
//            after the first append has succeeded; the engine calls that only once every older
//            segment is synced whole, which is what makes it evidence for those too.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "nacre/env.h"
#include "nacre/result.h"
#include "wal/wal_format.h"

namespace nacre {

inline constexpr std::uint64_t kWalWindowMin = 64 << 10;
inline constexpr std::uint64_t kWalWindowMax = 4 << 20;

class WalWriter {
 public:
  struct Options {
    LogMode mode = LogMode::kMapped;
    std::uint64_t capacity = kWalSegmentBytes;  // wal_capacity_for() the first batch
    WalHeader header;
    /// Where the window starts: window() of the previous segment when the store is busy.
    std::uint64_t window = kWalWindowMin;
    /// Where it will end, as far as one can guess; 0: no idea. Little is prepared past it until the
    /// segment has got there, since what is never written would be zeros for nothing.
    std::uint64_t expected_length = 0;
  };

  /// Creates the segment, its header on stable storage, its first window prepared. The caller syncs
  /// the directory. On an error nothing is left behind if the file can be removed.
  static Result<std::unique_ptr<WalWriter>> create(FileSystem& fs, const std::string& path,
                                                   const Options& options);

  /// Begins a segment whose header says that it was made ahead. Once, before the first append.
  Status link(std::uint64_t previous_length);
  /// Puts the link, if there is one, on stable storage. Records don't tell of this sync: it may
  /// come before older segments are synced. It must come before the previous one is cut.
  Status sync_link();

  /// Whether a batch of this size has room. When it has not, the segment is full.
  bool fits(std::uint64_t payload) const {
    return wal_record_bytes(payload) <= capacity_ - length();
  }

  /// Adds a record whose payload is `payload` and then `more`; it must fit, and `first_seq` must
  /// not be less than that of the record before. Returns the end of the record: it is durable once
  /// synced() is at least that.
  Result<std::uint64_t> append(Seq first_seq, std::string_view payload, std::string_view more = {});

  /// Makes everything durable whose append returned before this call. Free when all of it is.
  Status sync();

  /// Whether prepare_ahead() has work to do.
  bool wants_prepare() const {
    const std::uint64_t ready = prepared_.load(std::memory_order_relaxed);
    return ready < prepare_limit() && ready < length() + window() / 2;
  }
  /// Fills a window of zeros ahead of the writer. Slow.
  Status prepare_ahead();

  /// Cuts the file to length(), syncs and closes it. Every later call fails with kClosed.
  Status seal();

  const std::string& path() const { return path_; }
  FileNumber number() const { return identity_.number; }
  /// Whether a write or sync has failed: every later call fails too.
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  /// The end of the last record.
  std::uint64_t length() const { return length_.load(std::memory_order_acquire); }
  /// All bytes below it are on stable storage.
  std::uint64_t synced() const { return synced_.load(std::memory_order_acquire); }
  std::uint64_t window() const { return window_.load(std::memory_order_relaxed); }
  bool half_full() const { return length() >= capacity_ / 2; }
  /// How many appends found no space prepared.
  std::uint64_t late_prepares() const { return late_prepares_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t kPastEnd = 256 << 10;

  WalWriter(std::unique_ptr<LogFile> file, std::string path, const Options& options);
  Status begin(const WalHeader& header);
  Status write_small(std::uint64_t at, WalRecordHeader header, std::string_view payload,
                     std::string_view more);
  Status write_large(std::uint64_t at, WalRecordHeader header, std::string_view payload,
                     std::string_view more);
  Status prepare_now(std::uint64_t end);
  Status prepare_to(std::uint64_t end);
  void grow_window();
  std::uint64_t prepare_limit() const {
    const bool got_there = length() >= expected_length_ + kPastEnd / 2;
    if (expected_length_ == 0 || got_there) return capacity_;
    return std::min(capacity_, expected_length_ + kPastEnd);
  }
  Status fail(Status status);
  Status lasting_error();

  const std::unique_ptr<LogFile> file_;
  const std::string path_;
  const WalIdentity identity_;
  const std::uint64_t segment_seed_;
  const std::uint64_t capacity_;
  std::uint64_t expected_length_;  // changed by link(), before anyone else knows this writer
  bool link_synced_ = true;        // the same, and then for the thread that syncs

  // Written by the appender.
  std::atomic<std::uint64_t> length_{kWalHeaderBytes};
  Seq last_seq_ = 0;
  std::atomic<std::uint64_t> late_prepares_{0};

  std::atomic<std::uint64_t> synced_{kWalHeaderBytes};
  std::mutex preparing_;                    // held while prepared_ and window_ change
  std::atomic<std::uint64_t> prepared_{0};  // at most what the file says
  std::atomic<std::uint64_t> window_;
  std::atomic<bool> failed_{false};  // error_ is set
  Guarded<Status> error_;
};

}  // namespace nacre
