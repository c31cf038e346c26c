#include "engine/wal_set.h"

#include "base/try.h"
#include "lsm/file_name.h"

namespace nacre::engine {

void WalSet::follow(std::vector<FileNumber> older, std::uint64_t length_of_last) {
  if (older.empty()) return;
  earlier_ = older.back();
  earlier_length_ = length_of_last;
  sync_.lock()->others = std::move(older);
}

Status WalSet::begin(FileNumber number, std::uint64_t payload_bytes) {
  auto segment = std::make_shared<Segment>();
  segment->number = number;
  WalWriter::Options options;
  options.mode = context_.settings.options.log_mode;
  options.capacity = wal_capacity_for(payload_bytes);
  options.header.identity = {context_.salt, number};
  if (active_ != nullptr) {
    options.window = active_->writer->window();
    options.expected_length = active_->writer->length();
    options.header.previous = active_->number;
    options.header.previous_length = active_->writer->length();
  } else {
    options.header.previous = earlier_;
    options.header.previous_length = earlier_length_;
  }
  segment->writer =
      NACRE_TRY(WalWriter::create(context_.fs(), context_.path(wal_name(number)), options));
  if (Status synced = context_.fs().sync_dir(context_.dir); !synced.ok()) {
    segment->writer.reset();
    context_.reaper.remove(FileType::kWal, number);
    return synced;
  }
  auto sync = sync_.lock();
  segment->base = active_ == nullptr ? sync->synced : end();
  if (active_ == nullptr) sync->failure = Status();
  sync->segments.push_back(segment);
  active_ = std::move(segment);
  return {};
}

namespace {

/// kNoSpace promises that nothing happened, which is not known of a write or sync that failed.
Status outcome_open(Status status) {
  if (status.code() != Code::kNoSpace) return status;
  return Status(Code::kIo, std::string(status.message()));
}

}  // namespace

Result<Lsn> WalSet::append(Seq first_seq, std::string_view payload) {
  WalWriter& writer = *active_->writer;
  const std::uint64_t before = writer.length();
  Result<std::uint64_t> after = writer.append(first_seq, payload);
  if (!after.ok()) {
    return writer.failed() ? outcome_open(std::move(after).error()) : std::move(after).error();
  }
  bytes_.fetch_add(*after - before, std::memory_order_relaxed);
  return active_->base + *after;
}

void WalSet::prepare_ahead() {
  SegmentPtr segment;
  {
    auto sync = sync_.lock();
    if (sync->segments.empty()) return;
    segment = sync->segments.back();
  }
  segment->writer->prepare_ahead().ignore();  // append() tries again, and reports
}

Result<Lsn> WalSet::sync_segments(const std::deque<SegmentPtr>& segments) {
  for (const SegmentPtr& segment : segments) {
    if (segment->sealed || segment == segments.back()) continue;
    NACRE_TRY(segment->writer->seal());
    segment->sealed = true;
  }
  const Segment& current = *segments.back();
  const Lsn end = current.base + current.writer->length();
  NACRE_TRY(current.writer->sync());
  return end;
}

Status WalSet::sync_through(Lsn lsn) {
  auto sync = sync_.lock();
  sync.wait(changed_, context_.executor(),
            [&] { return sync->synced >= lsn || !sync->failure.ok() || !sync->running; });
  if (!sync->failure.ok()) return sync->failure;
  if (sync->synced >= lsn) return {};
  sync->running = true;
  const std::deque<SegmentPtr> segments = sync->segments;
  Result<Lsn> synced = lsn;
  sync.unlock_while([&] {
    const std::uint64_t start = context_.clock().monotonic_nanos();
    synced = sync_segments(segments);
    context_.sync_nanos.record(context_.clock().monotonic_nanos() - start);
    syncs_.fetch_add(1, std::memory_order_relaxed);
  });
  sync->running = false;
  if (synced.ok()) {
    sync->synced = std::max(sync->synced, *synced);
  } else {
    sync->failure = outcome_open(std::move(synced).error());
  }
  changed_.notify_all();
  return sync->failure;
}

void WalSet::drop_before(FileNumber floor) {
  std::vector<FileNumber> dead;
  {
    auto sync = sync_.lock();
    while (sync->segments.size() > 1 && raw(sync->segments.front()->number) < raw(floor)) {
      dead.push_back(sync->segments.front()->number);
      sync->segments.pop_front();
    }
    std::erase_if(sync->others, [&](FileNumber number) {
      if (raw(number) >= raw(floor)) return false;
      dead.push_back(number);
      return true;
    });
  }
  for (const FileNumber number : dead) context_.reaper.remove(FileType::kWal, number);
}

void WalSet::abandon() {
  auto sync = sync_.lock();
  sync.wait(changed_, context_.executor(), [&] { return !sync->running; });
  for (const SegmentPtr& segment : sync->segments) sync->others.push_back(segment->number);
  if (started()) sync->synced = std::max(sync->synced, end());
  sync->segments.clear();
  if (sync->failure.ok()) sync->failure = Status(Code::kReadOnly, "the wal is being replaced");
  active_.reset();
  earlier_ = FileNumber{};
  earlier_length_ = 0;
}

}  // namespace nacre::engine
