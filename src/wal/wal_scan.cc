#include "wal/wal_scan.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "base/coding.h"
#include "base/try.h"
#include "wal/wal_format.h"
#include "wal/wal_hasher.h"
#include "wal/wal_window.h"

namespace nacre {

namespace {

class Scan {
 public:
  Scan(const RandomAccessFile& file, const WalScanQuestion& question)
      : question_(question),
        pieces_(file),
        records_(file),
        budget_(kHashFactor * (file.size() - question.from)) {
    answer_.data_end = question.from;
  }

  Result<WalScanAnswer> run() {
    const std::uint64_t size = pieces_.file_size();
    for (std::uint64_t at = question_.from; at < size && !answer_.proved; at += WalWindow::kPiece) {
      // A header may begin at the last multiple of 8 of this piece: look a little further.
      const std::uint64_t length = std::min(WalWindow::kPiece + kWalRecordHeaderBytes, size - at);
      const std::string_view piece = NACRE_TRY(pieces_.view(at, length));
      NACRE_TRY(try_piece(at, piece));
    }
    return answer_;
  }

 private:
  Status try_piece(std::uint64_t start, std::string_view piece) {
    for (std::size_t i = 0; i < piece.size() && i < WalWindow::kPiece; i += 8) {
      note_data(start + i, piece.substr(i, 8));
      if (start + i < skip_to_ || piece.size() - i < kWalRecordHeaderBytes) continue;
      const WalRecordHeader header = load_record_header(piece.data() + i);
      if (!matters(header) || !record_is_plausible(header, start + i, pieces_.file_size())) {
        continue;
      }
      NACRE_TRY(try_record(start + i, header));
      if (answer_.proved) break;
    }
    return Status();
  }

  void note_data(std::uint64_t offset, std::string_view bytes) {
    if (bytes.size() == 8 && load<std::uint64_t>(bytes.data()) == 0) return;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != 0) answer_.data_end = offset + i + 1;
    }
  }

  bool matters(const WalRecordHeader& header) const {
    if (header.kind != kWalBatchKind) return false;
    if (question_.any_record) return true;
    const bool nothing_known = question_.want_any_synced && answer_.synced_to == 0;
    return header.synced_to > (nothing_known ? 0 : question_.from);
  }

  Status try_record(std::uint64_t offset, const WalRecordHeader& header) {
    const std::uint64_t length = wal_record_bytes(header.length);
    if (length > budget_) {
      answer_.undecided = true;
      return Status();
    }
    budget_ -= length;
    const bool whole = NACRE_TRY(verify(offset, header));
    if (!whole) return Status();
    answer_.synced_to = std::max(answer_.synced_to, header.synced_to);
    answer_.proved = question_.any_record || header.synced_to > question_.from;
    answer_.proof_at = offset;
    skip_to_ = offset + length;  // no record begins inside another
    return Status();
  }

  /// Like record_verifies(), holding no more than one piece of the record.
  Result<bool> verify(std::uint64_t offset, const WalRecordHeader& header) {
    WalHasher hasher(wal_record_seed(question_.segment_seed, offset));
    const std::uint64_t payload_end = offset + kWalRecordHeaderBytes + header.length;
    for (std::uint64_t at = offset + 8; at < payload_end;) {
      const std::uint64_t count = std::min(WalWindow::kPiece, payload_end - at);
      hasher.add(NACRE_TRY(records_.view(at, count)));
      at += count;
    }
    if (hasher.digest() != header.checksum) return false;
    const std::uint64_t end = offset + wal_record_bytes(header.length);
    const std::string_view padding = NACRE_TRY(records_.view(payload_end, end - payload_end));
    return std::all_of(padding.begin(), padding.end(), [](char byte) { return byte == 0; });
  }

  const WalScanQuestion question_;
  WalWindow pieces_;   // what is scanned
  WalWindow records_;  // what is hashed: kept apart, so that a view of pieces_ stays valid
  std::uint64_t budget_;
  std::uint64_t skip_to_ = 0;
  WalScanAnswer answer_;
};

}  // namespace

Result<WalScanAnswer> scan_wal_rest(const RandomAccessFile& file, const WalScanQuestion& question) {
  return Scan(file, question).run();
}

}  // namespace nacre
