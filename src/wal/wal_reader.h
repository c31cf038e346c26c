// wal_reader.h - reads the records of one segment, and says exactly where and why it stopped.
//
//   while (auto record = NACRE_TRY(reader->next())) apply(record->payload);
//   switch (reader->stop().kind) ...
//
// An error from next() is a failed read of the file, nothing else: damage is a stop, because what
// it means depends on the other segments, which the engine knows and the reader does not:
//
//   kEnd       every record was read; only zeros follow. A segment that has a successor must end
//              at the previous_length that the successor's header names.
//   kTorn      bad bytes, and nothing in this segment proves that they had been synced: what a
//              crash leaves. Dropped, to be reported. Corruption all the same if a later segment
//              has synced_evidence(), since older segments are always synced first.
//   kCorrupt   bytes that were on stable storage changed, or what is whole makes no sense.
//   kNoHeader  no header and no whole record: in the newest segment, its creation was cut by a
//              crash; anywhere else, corruption.
//
// THREADS    one at a time.
// LIFETIME   a payload is valid until the next call of next().
// MEMORY     a piece of 256 KiB, or the largest record, which is never larger than the file; from
//            the first call of next() until it has stopped.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nacre/env.h"
#include "nacre/result.h"
#include "wal/wal_format.h"
#include "wal/wal_window.h"

namespace nacre {

struct WalRecord {
  Seq first_seq = 0;
  std::string_view payload;
  std::uint64_t offset = 0;
  std::uint64_t synced_to = 0;  // as the record says
};

struct WalStop {
  enum class Kind : std::uint8_t { kNone, kEnd, kTorn, kCorrupt, kNoHeader };
  Kind kind = Kind::kNone;          // kNone: records may follow
  std::uint64_t offset = 0;         // end of the good records, where the trouble begins
  std::uint64_t dropped_bytes = 0;  // from there to the last byte that is not zero; not kCorrupt
  Seq last_seq = 0;                 // first seq of the last good record, 0 when there is none
  std::string what;                 // for a person; empty for kEnd
};

/// "end", "torn", "corrupt", "no header", "none".
std::string_view stop_name(WalStop::Kind kind);

class WalReader {
 public:
  /// Opens the segment at `path`. Without `expected`, as in a tool, the header is taken at its
  /// word. kUnsupported when a newer Nacre wrote it; other damage to the header is a stop.
  static Result<std::unique_ptr<WalReader>> open(FileSystem& fs, const std::string& path,
                                                 std::optional<WalIdentity> expected);
  /// The same for a file that is open. `path` is for messages.
  static Result<std::unique_ptr<WalReader>> open(std::unique_ptr<RandomAccessFile> file,
                                                 std::string path,
                                                 std::optional<WalIdentity> expected);

  /// The next record, or nothing once stopped.
  Result<std::optional<WalRecord>> next();

  const WalStop& stop() const { return stop_; }
  /// kCorruption with path and offset after kTorn, kCorrupt or kNoHeader, else success: for the
  /// engine that has decided that the stop is not a harmless one.
  Status stop_status() const;

  /// Nothing when the header could not be read.
  const std::optional<WalHeader>& header() const { return header_; }
  /// Where the previous segment ended. Nothing without a header, and when this segment was made
  /// ahead and its link can't be read: it was not begun, or it has lost its beginning and is
  /// stopped.
  const std::optional<std::uint64_t>& previous_length() const { return previous_length_; }
  bool begun() const { return previous_length_.has_value(); }
  /// The segment whose header stands in this file instead of its own; the stop is then kNoHeader
  /// unless a record of this segment follows.
  const std::optional<FileNumber>& foreign() const { return foreign_; }
  /// How far the records say that this segment was synced. Complete once stopped.
  std::uint64_t synced_to() const { return synced_to_; }
  /// Whether this segment was synced after a record of it was written, which the engine does only
  /// once every older segment is whole on stable storage. Complete once stopped.
  bool synced_evidence() const { return synced_to_ > 0; }
  const std::string& path() const { return path_; }
  std::uint64_t file_bytes() const { return window_.file_size(); }

 private:
  WalReader(std::unique_ptr<RandomAccessFile> file, std::string path);
  Status read_header(std::optional<WalIdentity> expected);
  Status stop_without_header(const WalIdentity& identity);
  Status stop_at_bad(std::string what);
  void stop_corrupt(std::string what);
  Result<std::optional<WalRecord>> accept(const WalRecordHeader& header, std::string_view bytes);

  const std::unique_ptr<RandomAccessFile> file_;
  const std::string path_;
  WalWindow window_;
  std::optional<WalHeader> header_;
  std::optional<std::uint64_t> previous_length_;
  std::optional<FileNumber> foreign_;
  std::uint64_t segment_seed_ = 0;
  std::uint64_t at_ = 0;  // where the next record begins
  std::uint64_t synced_to_ = 0;
  WalStop stop_;
};

}  // namespace nacre
