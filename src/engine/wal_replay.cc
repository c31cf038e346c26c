#include "engine/wal_replay.h"

#include <algorithm>
#include <optional>

#include "base/hash.h"
#include "base/try.h"
#include "engine/batch_codec.h"
#include "lsm/file_name.h"
#include "wal/wal_reader.h"
#include "wal/wal_writer.h"

namespace nacre::engine {

namespace {

class Replay {
 public:
  Replay(Context& context, FileNumber floor, Seq last_seq, RecoveryInfo& info)
      : context_(context), info_(info), floor_(floor), last_seq_(last_seq) {}

  Status segment(FileNumber number, bool is_last);
  Replayed take() { return {last_seq_, std::move(memtables_)}; }

 private:
  struct Tail {
    FileNumber number{};
    std::uint64_t length = 0;  // where its records end
  };
  const Tail* predecessor(const WalHeader& header) const;
  Status check_chain(const WalReader& reader);
  Status check_foreign(const WalReader& reader);
  Status apply(const WalReader& reader, const WalRecord& record);
  Status read_all(WalReader& reader, bool applying);
  Status check_dropped(WalReader& reader);
  static Status check_not_cut(const WalReader& reader);
  void drop_from_here(const WalReader& reader);
  LiveMemtable& memtable();

  Context& context_;
  RecoveryInfo& info_;
  const FileNumber floor_;
  Seq last_seq_;
  std::vector<MemtablePtr> memtables_;

  /// Whom the next segment may follow: the last one with records, and the empty ones since. An
  /// empty one is also left by a begin() that failed after it had made the file; nobody follows
  /// that.
  std::vector<Tail> tails_;
  std::optional<Status> dropped_;  // set once the rest is being dropped: what it would be if
                                   // somebody proved that it had been synced
};

LiveMemtable& Replay::memtable() {
  if (memtables_.empty() ||
      memtables_.back()->table.memory_bytes() >= context_.settings.memtable_bytes) {
    const std::string hint =
        memtables_.empty() ? std::string() : memtables_.back()->table.common_prefix();
    memtables_.push_back(std::make_shared<LiveMemtable>(
        context_.settings.memtable_bytes, context_.runtime->budget, context_.runtime->pages, hint));
  }
  return *memtables_.back();
}

Status Replay::apply(const WalReader& reader, const WalRecord& record) {
  if (record.first_seq <= last_seq_) {
    return Status::corruption_at(reader.path(), record.offset,
                                 "seq " + std::to_string(record.first_seq) +
                                     " is not above the one before, " + std::to_string(last_seq_));
  }
  LiveMemtable& live = memtable();
  BatchReader batch(record.payload);
  Seq seq = record.first_seq;
  for (Operation op; batch.next(&op); ++seq) {
    live.table.add(make_trailer(seq, op.kind), op.key, op.value, hash64(op.key, context_.salt));
  }
  if (!batch.status().ok()) {
    return Status(batch.status())
        .with_context(reader.path() + ": offset " + std::to_string(record.offset));
  }
  if (seq == record.first_seq) {
    return Status::corruption_at(reader.path(), record.offset, "a batch without operations");
  }
  last_seq_ = live.last_seq = seq - 1;
  ++info_.records_replayed;
  return {};
}

Status Replay::read_all(WalReader& reader, bool applying) {
  for (;;) {
    const std::optional<WalRecord> record = NACRE_TRY(reader.next());
    if (!record.has_value()) return {};
    if (applying) NACRE_TRY(apply(reader, *record));
  }
}

void Replay::drop_from_here(const WalReader& reader) {
  dropped_ = reader.stop_status();
  info_.clean = false;
  info_.bytes_dropped += reader.stop().dropped_bytes;
  if (info_.detail.empty()) info_.detail = std::string(dropped_->message());
}

/// A segment after the place where dropping began. It must not prove that the place was synced.
Status Replay::check_dropped(WalReader& reader) {
  NACRE_TRY(read_all(reader, /*applying=*/false));
  const bool new_chain = reader.header().has_value() && raw(reader.header()->previous) == 0;
  const bool holds_records = reader.stop().last_seq != 0;
  if (reader.stop().kind == WalStop::Kind::kCorrupt) return reader.stop_status();
  if (reader.synced_evidence() || (new_chain && holds_records)) {
    return Status(*dropped_).with_context(reader.path() + " proves that it had been synced");
  }
  if (holds_records) info_.bytes_dropped += reader.stop().offset - kWalHeaderBytes;
  return {};
}

/// The segment that the header says it follows, or null when that is not one of tails_.
const Replay::Tail* Replay::predecessor(const WalHeader& header) const {
  const auto found = std::find_if(tails_.begin(), tails_.end(),
                                  [&](const Tail& tail) { return tail.number == header.previous; });
  return found == tails_.end() ? nullptr : &*found;
}

/// Judges the link from a segment to its predecessor; sets dropped_ when the wal ends between them.
Status Replay::check_chain(const WalReader& reader) {
  const WalHeader& header = *reader.header();
  if (tails_.empty()) return {};
  if (raw(header.previous) == 0) {
    dropped_ = Status::corruption_at(context_.path(wal_name(tails_.back().number)),
                                     tails_.back().length, "the wal goes on in a new chain");
    return {};
  }
  const Tail* before = predecessor(header);
  if (before == nullptr) {
    return Status::corruption(reader.path() + ": follows segment " + wal_name(header.previous) +
                              ", which is missing");
  }
  if (header.previous_length < before->length) {
    return Status::corruption(reader.path() + ": says that " + wal_name(before->number) +
                              " ended at " + std::to_string(header.previous_length) +
                              ", but it has records up to " + std::to_string(before->length));
  }
  if (header.previous_length > before->length) {
    dropped_ = Status::corruption_at(context_.path(wal_name(before->number)), before->length,
                                     "the segment lost its end");
    info_.clean = false;
    info_.detail = std::string(dropped_->message());
  }
  return {};
}

/// A file with the header of another segment. Below the floor, or without records, that is what a
/// crash can leave in a new file: blocks of a removed one. Else somebody has moved files.
Status Replay::check_foreign(const WalReader& reader) {
  if (raw(*reader.foreign()) < raw(floor_)) return {};
  auto claimed = NACRE_TRY(WalReader::open(context_.fs(), reader.path(), std::nullopt));
  const std::optional<WalRecord> record = NACRE_TRY(claimed->next());
  if (!record.has_value()) return {};
  return Status::corruption_at(reader.path(), 0, "this is segment " + wal_name(*reader.foreign()));
}

/// Of the newest segment. Its first window was on stable storage before its first record, and
/// before the floor named it; only a segment that has a successor is cut to its length.
Status Replay::check_not_cut(const WalReader& reader) {
  if (reader.file_bytes() >= kWalWindowMin) return {};
  return Status::corruption_at(reader.path(), reader.file_bytes(), "the file was cut here");
}

Status Replay::segment(FileNumber number, bool is_last) {
  auto reader = NACRE_TRY(WalReader::open(context_.fs(), context_.path(wal_name(number)),
                                          WalIdentity{context_.salt, number}));
  ++info_.wal_segments;
  if (reader->foreign().has_value()) NACRE_TRY(check_foreign(*reader));
  if (!dropped_.has_value() && reader->header().has_value()) NACRE_TRY(check_chain(*reader));
  if (dropped_.has_value()) return check_dropped(*reader);

  NACRE_TRY(read_all(*reader, /*applying=*/true));
  if (is_last && (number == floor_ || reader->stop().last_seq != 0)) {
    NACRE_TRY(check_not_cut(*reader));
  }
  switch (reader->stop().kind) {
    case WalStop::Kind::kEnd:
      break;
    case WalStop::Kind::kTorn:
      drop_from_here(*reader);
      break;
    case WalStop::Kind::kNoHeader:
      // Its creation was cut by a crash or an error. Nothing follows it, and nothing was in it; but
      // the segment at the floor was whole when the floor became durable.
      return number == floor_ ? reader->stop_status() : Status();
    case WalStop::Kind::kCorrupt:
    case WalStop::Kind::kNone:
      return reader->stop_status();
  }
  if (reader->stop().last_seq != 0) tails_.clear();
  tails_.push_back({number, reader->stop().offset});
  return {};
}

}  // namespace

Result<Replayed> replay_wal(Context& context, const std::vector<FileNumber>& segments,
                            FileNumber floor, Seq last_seq, RecoveryInfo& info) {
  if (raw(floor) != 0 && (segments.empty() || segments.front() != floor)) {
    return Status::corruption(context.path(wal_name(floor)) +
                              ": this wal segment is needed but missing");
  }
  Replay replay(context, floor, last_seq, info);
  for (const FileNumber number : segments) {
    NACRE_TRY(replay.segment(number, number == segments.back()));
  }
  if (info.records_replayed > 0) info.clean = false;
  return replay.take();
}

}  // namespace nacre::engine
