#include "engine/wal_replay.h"

#include <optional>

#include "base/hash.h"
#include "base/try.h"
#include "engine/batch_codec.h"
#include "lsm/file_name.h"
#include "wal/wal_reader.h"

namespace nacre::engine {

namespace {

class Replay {
 public:
  Replay(Context& context, FileNumber floor, Seq last_seq, RecoveryInfo& info)
      : context_(context), info_(info), floor_(floor), last_seq_(last_seq) {}

  Status segment(FileNumber number, bool is_last);
  Replayed take() { return {last_seq_, std::move(memtables_)}; }

 private:
  Status check_chain(const WalReader& reader);
  Status apply(const WalReader& reader, const WalRecord& record);
  Status read_all(WalReader& reader, bool applying);
  Status check_dropped(WalReader& reader);
  void drop_from_here(const WalReader& reader, std::string_view why);
  LiveMemtable& memtable();

  Context& context_;
  RecoveryInfo& info_;
  const FileNumber floor_;
  Seq last_seq_;
  std::vector<MemtablePtr> memtables_;

  FileNumber previous_{};              // the segment read before, 0 for none
  std::uint64_t previous_length_ = 0;  // where its records ended
  std::optional<Status> dropped_;      // set once the rest is being dropped: what it would be if
                                       // somebody proved that it had been synced
};

LiveMemtable& Replay::memtable() {
  if (memtables_.empty() ||
      memtables_.back()->table.memory_bytes() >= context_.settings.memtable_bytes) {
    const std::string hint =
        memtables_.empty() ? std::string() : memtables_.back()->table.common_prefix();
    memtables_.push_back(
        std::make_shared<LiveMemtable>(context_.runtime->budget, context_.runtime->pages, hint));
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

void Replay::drop_from_here(const WalReader& reader, std::string_view why) {
  dropped_ = reader.stop_status().ok()
                 ? Status::corruption_at(reader.path(), reader.stop().offset, why)
                 : reader.stop_status();
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

/// What the header of a segment says of the one before it.
Status Replay::check_chain(const WalReader& reader) {
  if (raw(previous_) == 0) return {};
  const WalHeader& header = *reader.header();
  if (header.previous != previous_ && raw(header.previous) != 0) {
    return Status::corruption(reader.path() + ": follows segment " + wal_name(header.previous) +
                              ", which is missing");
  }
  if (header.previous == previous_ && header.previous_length < previous_length_) {
    return Status::corruption(reader.path() + ": says that " + wal_name(previous_) + " ended at " +
                              std::to_string(header.previous_length) +
                              ", but it has records up to " + std::to_string(previous_length_));
  }
  return {};
}

Status Replay::segment(FileNumber number, bool is_last) {
  auto reader = NACRE_TRY(WalReader::open(context_.fs(), context_.path(wal_name(number)),
                                          WalIdentity{context_.salt, number}));
  ++info_.wal_segments;
  if (reader->foreign().has_value() && raw(*reader->foreign()) >= raw(floor_)) {
    return Status::corruption_at(reader->path(), 0,
                                 "this is segment " + wal_name(*reader->foreign()));
  }
  if (dropped_.has_value()) return check_dropped(*reader);

  if (reader->header().has_value()) {
    NACRE_TRY(check_chain(*reader));
    const WalHeader& header = *reader->header();
    const bool new_chain = raw(previous_) != 0 && raw(header.previous) == 0;
    const bool lost_tail = raw(previous_) != 0 && header.previous_length > previous_length_;
    if (new_chain || lost_tail) {
      dropped_ = Status::corruption_at(
          context_.path(wal_name(previous_)), previous_length_,
          new_chain ? "the wal goes on in a new chain" : "the segment lost its end");
      if (lost_tail) {
        info_.clean = false;
        info_.detail = std::string(dropped_->message());
      }
      return check_dropped(*reader);
    }
  }

  NACRE_TRY(read_all(*reader, /*applying=*/true));
  switch (reader->stop().kind) {
    case WalStop::Kind::kEnd:
      break;
    case WalStop::Kind::kTorn:
      drop_from_here(*reader, "torn");
      break;
    case WalStop::Kind::kNoHeader:
      drop_from_here(*reader, is_last ? "the segment was being created" : "no header");
      break;
    case WalStop::Kind::kCorrupt:
    case WalStop::Kind::kNone:
      return reader->stop_status();
  }
  previous_ = number;
  previous_length_ = reader->stop().offset;
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
