#include "engine/wal_replay.h"

#include <algorithm>
#include <optional>

#include "base/try.h"
#include "engine/parallel.h"
#include "engine/replay_room.h"
#include "engine/wal_chain.h"
#include "lsm/file_name.h"
#include "wal/wal_reader.h"
#include "wal/wal_writer.h"

namespace nacre::engine {

namespace {

/// Less than this is read faster than a helper begins.
constexpr std::uint64_t kBytesForHelpers = 4 << 20;

class Replay {
 public:
  Replay(Context& context, const ReplayStart& start, RecoveryInfo& info)
      : context_(context),
        info_(info),
        floor_(start.floor),
        room_(start.room),
        last_seq_(start.last_seq) {}

  Status run(const std::vector<FileNumber>& numbers);
  Replayed result();

 private:
  Status open(const std::vector<FileNumber>& numbers);
  void load();
  Status judge(WalSegment& segment);
  Status judge_link(const WalSegment& segment);
  Status judge_stop(const WalSegment& segment);
  Status judge_dropped(WalSegment& segment);
  Status judge_fresh();
  Status check_foreign(const WalReader& reader);
  Status check_not_cut(const WalSegment& segment) const;
  void drop_from_here(const WalReader& reader);
  void note_dropped(const WalReader& reader, const Status& why);
  bool never_used(const WalSegment& segment) const;
  Status load_cut_group();
  std::uint64_t synced_to(std::size_t index) const;

  Context& context_;
  RecoveryInfo& info_;
  const FileNumber floor_;
  ReplayRoom room_;
  LoaderMemories memories_;
  Seq last_seq_;
  FileNumber newest_{};               // that was begun
  std::vector<WalSegment> segments_;  // the wal
  std::vector<WalSegment> fresh_;     // of chains that nobody went on with
  std::vector<SegmentGroup> groups_;
  std::vector<JudgedSegment> judged_;  // of segments_, those up to where the wal ends
  std::optional<Status> dropped_;      // set once the rest is being dropped: what it would be if
                                       // somebody proved that it had been synced
};

/// Opens all segments and keeps those that are the wal.
Status Replay::open(const std::vector<FileNumber>& numbers) {
  std::vector<WalSegment> all;
  std::vector<ChainLink> links;
  for (const FileNumber number : numbers) {
    auto reader = NACRE_TRY(WalReader::open(context_.fs(), context_.path(wal_name(number)),
                                            WalIdentity{context_.salt, number}));
    ++info_.wal_segments;
    if (reader->foreign().has_value()) NACRE_TRY(check_foreign(*reader));
    if (reader->stop().kind == WalStop::Kind::kCorrupt) return reader->stop_status();
    const std::optional<WalHeader>& header = reader->header();
    links.push_back({.number = number,
                     .has_header = header.has_value(),
                     .begun = reader->begun(),
                     .previous = header.has_value() ? header->previous : FileNumber{}});
    if (reader->begun() || number == floor_) newest_ = number;
    all.push_back({.number = number, .reader = std::move(reader), .error = {}});
  }
  const WalChain chain = find_chain(links);
  if (chain.stray.has_value()) {
    const ChainLink& stray = links[*chain.stray];
    return Status::corruption(context_.path(wal_name(stray.number)) + ": follows segment " +
                              wal_name(stray.previous) + ", which is missing");
  }
  // Made ahead and begun, but a crash has taken the beginning, and nobody follows.
  for (std::size_t i = chain.members.back() + 1; i < all.size(); ++i) {
    const WalReader& reader = *all[i].reader;
    const bool torn = reader.header().has_value() && reader.stop().kind == WalStop::Kind::kTorn;
    if (torn && !reader.begun()) note_dropped(reader, reader.stop_status());
  }
  for (const std::size_t i : chain.members) segments_.push_back(std::move(all[i]));
  for (const std::size_t i : chain.fresh) fresh_.push_back(std::move(all[i]));
  return {};
}

/// Newest first: these stay in memory as far as there is room.
void Replay::load() {
  std::vector<std::uint64_t> bytes;
  std::uint64_t sum = 0;
  for (const WalSegment& segment : segments_) {
    bytes.push_back(segment.reader->file_bytes());
    sum += bytes.back();
  }
  groups_ = group_segments(bytes, std::min(context_.settings.memtable_bytes, kWalSegmentBytes));
  const std::size_t helpers =
      sum < kBytesForHelpers ? 0 : context_.settings.options.background_threads;
  run_parallel(context_.executor(), helpers, groups_.size(), [&](std::size_t i) {
    const std::size_t index = groups_.size() - 1 - i;
    const SegmentGroup& group = groups_[index];
    load_group(context_, std::span(segments_).subspan(group.begin, group.end - group.begin), index,
               room_, memories_);
  });
}

Status Replay::run(const std::vector<FileNumber>& numbers) {
  if (numbers.empty()) return {};
  NACRE_TRY(open(numbers));
  load();
  for (WalSegment& segment : segments_) NACRE_TRY(judge(segment));
  NACRE_TRY(judge_fresh());
  // The header of an empty one may not be on stable storage: nobody may follow it. That of the
  // first is.
  while (judged_.size() > 1 && segments_[judged_.size() - 1].records == 0) judged_.pop_back();
  return load_cut_group();
}

Status Replay::judge(WalSegment& segment) {
  if (!dropped_.has_value() && segment.reader->header().has_value()) {
    if (never_used(segment)) return {};
    NACRE_TRY(judge_link(segment));
  }
  if (dropped_.has_value()) return judge_dropped(segment);
  if (segment.records > 0 && segment.first_seq <= last_seq_) {
    return Status::corruption_at(segment.reader->path(), segment.first_offset,
                                 "seq " + std::to_string(segment.first_seq) +
                                     " is not above the one before, " + std::to_string(last_seq_));
  }
  NACRE_TRY(Status(segment.error));
  NACRE_TRY(check_not_cut(segment));
  last_seq_ = std::max(last_seq_, segment.last_seq);
  info_.records_replayed += segment.records;
  return judge_stop(segment);
}

/// The newest segment when the one before it was written to after it had been made: making it
/// failed, and so did removing it.
bool Replay::never_used(const WalSegment& segment) const {
  return !judged_.empty() && &segment == &segments_.back() && segment.records == 0 &&
         segment.error.ok() && segment.reader->begun() &&
         *segment.reader->previous_length() < judged_.back().end;
}

/// Judges the link from a segment to its predecessor; sets dropped_ when the wal ends between them.
Status Replay::judge_link(const WalSegment& segment) {
  if (judged_.empty()) return {};
  const WalReader& reader = *segment.reader;
  if (!reader.begun()) {
    dropped_ =
        Status::corruption_at(reader.path(), kWalHeaderBytes, "the segment lost its beginning");
    note_dropped(reader, *dropped_);
    return {};
  }
  const std::uint64_t said = *reader.previous_length();
  const JudgedSegment& before = judged_.back();
  const std::string name = wal_name(before.number);
  if (said < before.end) {
    return Status::corruption(reader.path() + ": says that " + name + " ended at " +
                              std::to_string(said) + ", but it has records up to " +
                              std::to_string(before.end));
  }
  if (said > before.end) {
    dropped_ = Status::corruption_at(context_.path(name), before.end, "the segment lost its end");
    info_.clean = false;
    info_.detail = std::string(dropped_->message());
  }
  return {};
}

/// Of the newest segment that was begun. Its first window was on stable storage before its first
/// record, and before the floor named it; a segment is cut to its length only when it has a
/// successor, and it is on stable storage that this one was begun.
Status Replay::check_not_cut(const WalSegment& segment) const {
  const WalReader& reader = *segment.reader;
  if (segment.number != newest_ || reader.file_bytes() >= kWalWindowMin) return {};
  if (segment.number != floor_ && segment.records == 0) return {};
  return Status::corruption_at(reader.path(), reader.file_bytes(), "the file was cut here");
}

Status Replay::judge_stop(const WalSegment& segment) {
  const WalReader& reader = *segment.reader;
  switch (reader.stop().kind) {
    case WalStop::Kind::kEnd:
      break;
    case WalStop::Kind::kTorn:
      drop_from_here(reader);
      break;
    case WalStop::Kind::kNoHeader:
      // The first one of a store whose creation was cut short. The segment at the floor was whole
      // when the floor became durable.
      if (segment.number == floor_) return reader.stop_status();
      break;
    case WalStop::Kind::kCorrupt:
    case WalStop::Kind::kNone:
      return reader.stop_status();
  }
  judged_.push_back({.number = segment.number,
                     .size = reader.file_bytes(),
                     .end = reader.stop().offset,
                     .last_seq = last_seq_});
  return {};
}

void Replay::drop_from_here(const WalReader& reader) {
  dropped_ = reader.stop_status();
  note_dropped(reader, *dropped_);
}

void Replay::note_dropped(const WalReader& reader, const Status& why) {
  info_.clean = false;
  info_.bytes_dropped += reader.stop().dropped_bytes;
  if (info_.detail.empty()) info_.detail = std::string(why.message());
}

/// A segment after the place where dropping began. It must not prove that the place was synced.
Status Replay::judge_dropped(WalSegment& segment) {
  WalReader& reader = *segment.reader;
  while (NACRE_TRY(reader.next()).has_value()) {
  }
  const bool new_chain = reader.header().has_value() && raw(reader.header()->previous) == 0;
  const bool holds_records = reader.stop().last_seq != 0;
  if (reader.stop().kind == WalStop::Kind::kCorrupt) return reader.stop_status();
  if (reader.synced_evidence() || (new_chain && holds_records)) {
    return Status(*dropped_).with_context(reader.path() + " proves that it had been synced");
  }
  if (holds_records) info_.bytes_dropped += reader.stop().offset - kWalHeaderBytes;
  return {};
}

/// Segments that follow none of the wal: nobody may have written into them.
Status Replay::judge_fresh() {
  if (fresh_.empty()) return {};
  if (!dropped_.has_value()) {
    const JudgedSegment end = judged_.empty() ? JudgedSegment() : judged_.back();
    dropped_ = Status::corruption_at(context_.path(wal_name(end.number)), end.end,
                                     "the wal goes on in a new chain");
  }
  for (WalSegment& segment : fresh_) NACRE_TRY(judge_dropped(segment));
  return {};
}

/// Segments are loaded before they are judged: when the wal ends inside a group, its memtable holds
/// too much and is made again of the part that counts.
Status Replay::load_cut_group() {
  const std::size_t count = judged_.size();
  for (std::size_t index = room_.first_kept(); index < groups_.size(); ++index) {
    const SegmentGroup& group = groups_[index];
    if (group.begin >= count || group.end <= count) continue;
    const auto cut = std::span(segments_).subspan(count, group.end - count);
    if (std::all_of(cut.begin(), cut.end(), [](const WalSegment& segment) {
          return segment.records == 0 && segment.error.ok();
        })) {
      continue;
    }
    std::vector<WalSegment> again;
    for (std::size_t i = group.begin; i < count; ++i) {
      const FileNumber number = segments_[i].number;
      auto reader = NACRE_TRY(WalReader::open(context_.fs(), segments_[i].reader->path(),
                                              WalIdentity{context_.salt, number}));
      again.push_back({.number = number, .reader = std::move(reader), .error = {}});
    }
    room_.keep(index, nullptr);
    load_group(context_, again, index, room_, memories_);
    for (const WalSegment& segment : again) NACRE_TRY(Status(segment.error));
  }
  return {};
}

Replayed Replay::result() {
  Replayed result;
  result.last_seq = last_seq_;
  for (std::size_t i = 0; i < judged_.size(); ++i) judged_[i].synced_to = synced_to(i);
  const std::size_t first_kept = room_.first_kept();
  result.to_flush = first_kept < groups_.size()
                        ? std::min(groups_[first_kept].begin, judged_.size())
                        : judged_.size();
  for (std::size_t index = first_kept; index < groups_.size(); ++index) {
    if (groups_[index].begin >= judged_.size()) break;
    if (MemtablePtr memtable = room_.find(index)) result.memtables.push_back(std::move(memtable));
  }
  result.segments = std::move(judged_);
  return result;
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

/// How much of a segment that was judged is on stable storage beyond doubt: a record says so, or
/// one of a later segment, since older segments are synced before.
std::uint64_t Replay::synced_to(std::size_t index) const {
  for (std::size_t later = index + 1; later < judged_.size(); ++later) {
    if (segments_[later].reader->synced_evidence()) return judged_[index].end;
  }
  return std::min(segments_[index].reader->synced_to(), judged_[index].end);
}

}  // namespace

Result<Replayed> replay_wal(Context& context, const std::vector<FileNumber>& numbers,
                            const ReplayStart& start, RecoveryInfo& info) {
  if (raw(start.floor) != 0 && (numbers.empty() || numbers.front() != start.floor)) {
    return Status::corruption(context.path(wal_name(start.floor)) +
                              ": this wal segment is needed but missing");
  }
  Replay replay(context, start, info);
  NACRE_TRY(replay.run(numbers));
  if (info.records_replayed > 0) info.clean = false;
  return replay.result();
}

}  // namespace nacre::engine
