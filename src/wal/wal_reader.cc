#include "wal/wal_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/coding.h"
#include "base/try.h"
#include "wal/wal_scan.h"

namespace nacre {

std::string_view stop_name(WalStop::Kind kind) {
  switch (kind) {
    case WalStop::Kind::kEnd:
      return "end";
    case WalStop::Kind::kTorn:
      return "torn";
    case WalStop::Kind::kCorrupt:
      return "corrupt";
    case WalStop::Kind::kNoHeader:
      return "no header";
    case WalStop::Kind::kNone:
      break;
  }
  return "none";
}

WalReader::WalReader(std::unique_ptr<RandomAccessFile> file, std::string path)
    : file_(std::move(file)), path_(std::move(path)), window_(*file_) {}

Result<std::unique_ptr<WalReader>> WalReader::open(FileSystem& fs, const std::string& path,
                                                   std::optional<WalIdentity> expected) {
  return open(NACRE_TRY(fs.open(path, ReadMode::kBuffered)), path, expected);
}

Result<std::unique_ptr<WalReader>> WalReader::open(std::unique_ptr<RandomAccessFile> file,
                                                   std::string path,
                                                   std::optional<WalIdentity> expected) {
  std::unique_ptr<WalReader> reader(new WalReader(std::move(file), std::move(path)));
  NACRE_TRY(reader->read_header(expected));
  return reader;
}

Status WalReader::read_header(std::optional<WalIdentity> expected) {
  // Not through the window: many readers may be open that nobody reads on yet.
  std::array<char, kWalHeaderBytes + kWalLinkBytes> buffer;
  const std::size_t length = NACRE_TRY(file_->read(0, buffer));
  if (length < std::min<std::uint64_t>(buffer.size(), window_.file_size())) {
    return Status(Code::kIo, path_ + ": read ended at offset " + std::to_string(length));
  }
  const std::string_view all(buffer.data(), length);
  const std::string_view bytes = all.substr(0, kWalHeaderBytes);
  Result<WalHeader> header = decode_wal_header(bytes, path_);
  if (!header.ok()) {
    if (header.error().code() == Code::kUnsupported) return std::move(header).error();
    // Records can still be told by the identity that the caller expects, or that the bytes claim.
    if (!expected && bytes.size() == kWalHeaderBytes) {
      expected = WalIdentity{load<std::uint64_t>(bytes.data() + 16),
                             FileNumber{load<std::uint64_t>(bytes.data() + 24)}};
    }
    return stop_without_header(expected.value_or(WalIdentity{}));
  }
  segment_seed_ = wal_segment_seed(header->identity);
  if (expected && expected->salt != header->identity.salt) {
    stop_corrupt("wal segment of another store");
    return Status();
  }
  if (expected && expected->number != header->identity.number) {
    // Blocks of a removed segment, found by a crash in a file that was just created; or the file of
    // a live segment under a wrong name. The engine knows which numbers are live.
    foreign_ = header->identity.number;
    return stop_without_header(*expected);
  }
  header_ = *header;
  at_ = kWalHeaderBytes;
  previous_length_ = header->previous_length;
  if (!header->made_ahead) return Status();
  previous_length_ = decode_wal_link(all.substr(at_), header->identity);
  if (!begun()) return stop_at_bad("the segment does not say where it follows");
  at_ += kWalLinkBytes;
  return Status();
}

/// The header is synced before the first record is written: a whole record shows that the header
/// was whole once. Without one nothing is lost, since this segment then holds nothing.
Status WalReader::stop_without_header(const WalIdentity& identity) {
  const WalScanAnswer found = NACRE_TRY(scan_wal_rest(
      *file_, {.segment_seed = wal_segment_seed(identity), .from = 0, .any_record = true}));
  if (found.proved) {
    stop_corrupt("damaged wal header before a whole record at offset " +
                 std::to_string(found.proof_at));
  } else if (found.undecided) {
    stop_corrupt("damaged wal header, and too many bytes like records to tell what was lost");
  } else {
    stop_.kind = WalStop::Kind::kNoHeader;
    stop_.dropped_bytes = found.data_end;
    stop_.what = foreign_ ? "wal header of segment " + std::to_string(raw(*foreign_)) +
                                ", and no record of this one follows"
                 : found.data_end == 0
                     ? "wal header was never written"
                     : "wal header is cut short or damaged, and no record follows";
  }
  return Status();
}

Result<std::optional<WalRecord>> WalReader::next() {
  if (stop_.kind != WalStop::Kind::kNone) return std::optional<WalRecord>();
  const std::uint64_t left = window_.file_size() - at_;
  if (left < kWalRecordHeaderBytes) {
    NACRE_TRY(stop_at_bad("record header is cut short"));
    return std::optional<WalRecord>();
  }
  const std::string_view start = NACRE_TRY(window_.view(at_, kWalRecordHeaderBytes));
  const WalRecordHeader header = load_record_header(start.data());
  if (!record_is_plausible(header, at_, window_.file_size())) {
    NACRE_TRY(stop_at_bad("record header makes no sense"));
    return std::optional<WalRecord>();
  }
  const std::string_view bytes = NACRE_TRY(window_.view(at_, wal_record_bytes(header.length)));
  if (!record_verifies(bytes, wal_record_seed(segment_seed_, at_))) {
    NACRE_TRY(stop_at_bad("record checksum does not match"));
    return std::optional<WalRecord>();
  }
  return accept(header, bytes);
}

/// The bytes are those that were written. They may still be nonsense that a writer with a bug, or
/// an attacker who knows the salt, has put there.
Result<std::optional<WalRecord>> WalReader::accept(const WalRecordHeader& header,
                                                   std::string_view bytes) {
  if (header.kind != kWalBatchKind) {
    stop_corrupt("record of unknown kind " + std::to_string(header.kind));
    return std::optional<WalRecord>();
  }
  if (header.first_seq < stop_.last_seq) {
    stop_corrupt("record of seq " + std::to_string(header.first_seq) + " after seq " +
                 std::to_string(stop_.last_seq));
    return std::optional<WalRecord>();
  }
  const WalRecord record{.first_seq = header.first_seq,
                         .payload = bytes.substr(kWalRecordHeaderBytes, header.length),
                         .offset = at_,
                         .synced_to = header.synced_to};
  at_ += bytes.size();
  synced_to_ = std::max(synced_to_, header.synced_to);
  stop_.last_seq = header.first_seq;
  return std::optional<WalRecord>(record);
}

/// No record begins at at_: the end, a torn tail, or corruption.
Status WalReader::stop_at_bad(std::string what) {
  window_.release();
  const WalScanAnswer found = NACRE_TRY(scan_wal_rest(
      *file_, {.segment_seed = segment_seed_, .from = at_, .want_any_synced = synced_to_ == 0}));
  synced_to_ = std::max(synced_to_, found.synced_to);
  if (found.proved) {
    stop_corrupt(what + ", in bytes that the record at offset " + std::to_string(found.proof_at) +
                 " says were synced");
  } else if (found.undecided) {
    stop_corrupt(what + ", before too many bytes like records to tell whether it was synced");
  } else {
    stop_.offset = at_;
    stop_.dropped_bytes = found.data_end - at_;
    stop_.kind = found.data_end == at_ ? WalStop::Kind::kEnd : WalStop::Kind::kTorn;
    if (stop_.kind == WalStop::Kind::kTorn) stop_.what = std::move(what);
  }
  return Status();
}

void WalReader::stop_corrupt(std::string what) {
  stop_.kind = WalStop::Kind::kCorrupt;
  stop_.offset = at_;
  stop_.what = std::move(what);
}

Status WalReader::stop_status() const {
  if (stop_.kind == WalStop::Kind::kNone || stop_.kind == WalStop::Kind::kEnd) return Status();
  return Status::corruption_at(path_, stop_.offset, stop_.what);
}

}  // namespace nacre
