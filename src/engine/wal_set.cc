#include "engine/wal_set.h"

#include <utility>

#include "base/try.h"
#include "lsm/file_name.h"

namespace nacre::engine {

namespace {

/// kNoSpace promises that nothing happened, which is not known of a write or sync that failed.
Status outcome_open(Status status) {
  if (status.code() != Code::kNoSpace) return status;
  return Status(Code::kIo, std::string(status.message()));
}

}  // namespace

WalSet::WalSet(Context& context, FileNumbers& numbers)
    : context_(context), numbers_(numbers), shared_(context.executor(), [this]() -> Result<Lsn> {
        Result<Lsn> end = sync_segments();
        if (!end.ok()) return outcome_open(std::move(end).error());
        return end;
      }) {}

void WalSet::follow(std::vector<FileNumber> older, std::uint64_t length_of_last) {
  if (older.empty()) return;
  earlier_ = older.back();
  earlier_length_ = length_of_last;
  files_.lock()->others = std::move(older);
}

/// The segment of options.header, its name and header on stable storage.
Result<WalSet::SegmentPtr> WalSet::make_segment(WalWriter::Options options) {
  auto segment = std::make_shared<Segment>();
  segment->number = options.header.identity.number;
  options.mode = context_.settings.options.log_mode;
  const std::string path = context_.path(wal_name(segment->number));
  segment->writer = NACRE_TRY(WalWriter::create(context_.fs(), path, options));
  if (Status synced = context_.fs().sync_dir(context_.dir); !synced.ok()) {
    segment->writer.reset();
    context_.reaper.remove(FileType::kWal, segment->number);
    return synced;
  }
  return segment;
}

/// What begin() will want, made while the current segment is still written. Whoever begins a
/// segment meanwhile takes a larger number: then this one comes too late, for good.
void WalSet::make_next() {
  WalWriter::Options options;
  {
    auto files = files_.lock();
    if (next_state_.load(std::memory_order_relaxed) != NextState::kWanted) return;
    next_state_.store(NextState::kMaking, std::memory_order_relaxed);
    const Segment& current = *files->segments.back();
    options.header.identity = {context_.salt, numbers_.take()};
    options.header.previous = current.number;
    options.header.made_ahead = true;
    options.window = current.writer->window();
  }
  Result<SegmentPtr> made = make_segment(options);
  if (!made.ok()) return;  // begin() finds none
  {
    auto files = files_.lock();
    if (next_state_.load(std::memory_order_relaxed) == NextState::kMaking) {
      next_state_.store(NextState::kSettled, std::memory_order_relaxed);
      files->next = std::move(*made);
      return;
    }
  }
  (*made)->writer.reset();
  context_.reaper.remove(FileType::kWal, options.header.identity.number);
}

/// What was made ahead, if it will do, begun as the follower of the current segment; or null.
WalSet::SegmentPtr WalSet::take_next(std::uint64_t payload_bytes) {
  SegmentPtr next;
  {
    auto files = files_.lock();
    next_state_.store(NextState::kSettled, std::memory_order_relaxed);
    next = std::exchange(files->next, nullptr);
  }
  if (next == nullptr) return nullptr;
  if (next->writer->fits(payload_bytes + kWalLinkBytes) &&
      next->writer->link(active_->writer->length()).ok()) {
    return next;
  }
  files_.lock()->others.push_back(next->number);
  return nullptr;
}

Status WalSet::begin(std::uint64_t payload_bytes) {
  SegmentPtr segment = take_next(payload_bytes);
  if (segment == nullptr) {
    WalWriter::Options options;
    options.capacity = wal_capacity_for(payload_bytes);
    options.header.identity = {context_.salt, numbers_.take()};
    if (active_ != nullptr) {
      options.window = active_->writer->window();
      options.expected_length = active_->writer->length();
      options.header.previous = active_->number;
      options.header.previous_length = active_->writer->length();
    } else {
      options.header.previous = earlier_;
      options.header.previous_length = earlier_length_;
    }
    segment = NACRE_TRY(make_segment(options));
  }
  segment->base = active_ == nullptr ? shared_.synced() : end();
  const bool restarts = active_ == nullptr;
  active_ = segment;
  {
    auto files = files_.lock();
    next_state_.store(NextState::kUnasked, std::memory_order_relaxed);
    files->segments.push_back(std::move(segment));
  }
  if (restarts) shared_.restart();
  return {};
}

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
    auto files = files_.lock();
    if (files->segments.empty()) return;
    segment = files->segments.back();
  }
  segment->writer->prepare_ahead().ignore();  // append() tries again, and reports
  make_next();
}

Result<Lsn> WalSet::sync_segments() {
  const std::deque<SegmentPtr> segments = files_.lock()->segments;
  const std::uint64_t start = context_.clock().monotonic_nanos();
  for (std::size_t i = 1; i < segments.size(); ++i) {
    if (!segments[i - 1]->sealed) NACRE_TRY(segments[i]->writer->sync_link());  // W3
  }
  for (const SegmentPtr& segment : segments) {
    if (segment->sealed || segment == segments.back()) continue;
    NACRE_TRY(segment->writer->seal());
    segment->sealed = true;
  }
  const Segment& current = *segments.back();
  const Lsn end = current.base + current.writer->length();
  NACRE_TRY(current.writer->sync());
  context_.sync_nanos.record(context_.clock().monotonic_nanos() - start);
  syncs_.fetch_add(1, std::memory_order_relaxed);
  return end;
}

void WalSet::drop_before(FileNumber floor) {
  std::vector<FileNumber> dead;
  {
    auto files = files_.lock();
    while (files->segments.size() > 1 && raw(files->segments.front()->number) < raw(floor)) {
      dead.push_back(files->segments.front()->number);
      files->segments.pop_front();
    }
    std::erase_if(files->others, [&](FileNumber number) {
      if (raw(number) >= raw(floor)) return false;
      dead.push_back(number);
      return true;
    });
  }
  for (const FileNumber number : dead) context_.reaper.remove(FileType::kWal, number);
}

void WalSet::abandon() {
  shared_.stop(Status(Code::kReadOnly, "the wal was replaced after a failure"),
               started() ? end() : shared_.synced());
  auto files = files_.lock();
  for (const SegmentPtr& segment : files->segments) files->others.push_back(segment->number);
  files->segments.clear();
  if (files->next != nullptr) files->others.push_back(files->next->number);
  files->next.reset();
  next_state_.store(NextState::kSettled, std::memory_order_relaxed);
  active_.reset();
  earlier_ = FileNumber{};
  earlier_length_ = 0;
}

void WalSet::remove_next() {
  SegmentPtr next;
  {
    auto files = files_.lock();
    next = std::exchange(files->next, nullptr);
  }
  if (next == nullptr) return;
  next->writer.reset();
  context_.reaper.remove(FileType::kWal, next->number);
}

}  // namespace nacre::engine
