#include "engine/wal_load.h"

#include <optional>
#include <utility>

#include "base/hash.h"
#include "base/try.h"
#include "engine/batch_codec.h"
#include "engine/flush.h"
#include "lsm/file_name.h"

namespace nacre::engine {

namespace {

/// A memtable that is being filled.
class Filling {
 public:
  explicit Filling(const Context& context, LoaderMemory memory = {})
      : memtable_(std::make_shared<LiveMemtable>(context.settings.memtable_bytes,
                                                 context.runtime->budget, context.runtime->pages,
                                                 std::string_view())),
        loader_(memtable_->table, context.runtime->budget, std::move(memory)),
        salt_(context.salt) {}

  void add(Seq seq, const Operation& op) {
    loader_.add(make_trailer(seq, op.kind), op.key, op.value, hash64(op.key, salt_));
    memtable_->last_seq = seq;
  }
  bool empty() const { return loader_.empty(); }
  std::uint64_t memory_bytes() const { return loader_.memory_bytes(); }
  MemtablePtr finish() {
    loader_.finish();
    return std::move(memtable_);
  }
  LoaderMemory take_memory() { return loader_.take_memory(); }

 private:
  MemtablePtr memtable_;
  MemtableLoader loader_;
  const std::uint64_t salt_;
};

/// Calls add(seq, operation) for all operations of a record, in order.
template <typename Add>
Status take_record(WalSegment& segment, const WalRecord& record, Add&& add) {
  const std::string& path = segment.reader->path();
  if (segment.records > 0 && record.first_seq <= segment.last_seq) {
    return Status::corruption_at(path, record.offset,
                                 "seq " + std::to_string(record.first_seq) +
                                     " is not above the one before, " +
                                     std::to_string(segment.last_seq));
  }
  BatchReader batch(record.payload);
  Seq seq = record.first_seq;
  for (Operation op; batch.next(&op); ++seq) add(seq, op);
  if (!batch.status().ok()) {
    return Status(batch.status()).with_context(path + ": offset " + std::to_string(record.offset));
  }
  if (seq == record.first_seq) {
    return Status::corruption_at(path, record.offset, "a batch without operations");
  }
  if (segment.records == 0) {
    segment.first_seq = record.first_seq;
    segment.first_offset = record.offset;
  }
  segment.last_seq = seq - 1;
  ++segment.records;
  return {};
}

template <typename Add>
Status take_segment(WalSegment& segment, Add&& add) {
  for (;;) {
    const std::optional<WalRecord> record = NACRE_TRY(segment.reader->next());
    if (!record.has_value()) return {};
    NACRE_TRY(take_record(segment, *record, add));
  }
}

}  // namespace

LoaderMemory LoaderMemories::take() {
  auto free = free_.lock();
  if (free->empty()) return {};
  LoaderMemory memory = std::move(free->back());
  free->pop_back();
  return memory;
}

void LoaderMemories::give_back(LoaderMemory memory) { free_.lock()->push_back(std::move(memory)); }

void load_group(Context& context, std::span<WalSegment> segments, std::size_t group,
                ReplayRoom& room, LoaderMemories& memories) {
  std::optional<Filling> filling;
  std::uint64_t charged = 0;
  if (room.charge(group, 0)) filling.emplace(context, memories.take());
  const auto add = [&](Seq seq, const Operation& op) {
    if (!filling.has_value()) return;
    filling->add(seq, op);
    const std::uint64_t bytes = filling->memory_bytes();
    if (bytes == charged) return;
    charged = bytes;
    if (!room.charge(group, bytes)) filling.reset();
  };
  for (WalSegment& segment : segments) {
    segment.error = take_segment(segment, add);
    if (!segment.error.ok()) return;
  }
  if (!filling.has_value() || filling->empty()) return;
  MemtablePtr memtable = filling->finish();
  memtable->first_segment = segments.front().number;
  memories.give_back(filling->take_memory());
  const std::uint64_t bytes = memtable->table.memory_bytes();
  room.keep(group, std::move(memtable));
  static_cast<void>(room.charge(group, bytes));  // less than before
}

Result<std::vector<TablePtr>> flush_segments(Context& context, FileNumbers& numbers,
                                             std::span<const JudgedSegment> segments) {
  std::vector<TablePtr> tables;
  std::optional<Filling> filling;
  const auto flush = [&]() -> Status {
    if (!filling.has_value()) return {};
    const MemtablePtr memtable = filling->finish();
    filling.reset();
    tables.push_back(NACRE_TRY(flush_memtable(context, numbers, *memtable)));
    return {};
  };
  Status failure;
  for (const JudgedSegment& judged : segments) {
    WalSegment segment;
    segment.number = judged.number;
    segment.reader = NACRE_TRY(WalReader::open(context.fs(), context.path(wal_name(judged.number)),
                                               WalIdentity{context.salt, judged.number}));
    NACRE_TRY(take_segment(segment, [&](Seq seq, const Operation& op) {
      if (!failure.ok()) return;
      if (!filling.has_value()) filling.emplace(context);
      filling->add(seq, op);
      if (filling->memory_bytes() >= context.settings.memtable_bytes) failure = flush();
    }));
    NACRE_TRY(Status(failure));
    if (segment.reader->stop().offset != judged.end ||
        (segment.records > 0 && segment.last_seq != judged.last_seq)) {
      return Status::corruption_at(segment.reader->path(), segment.reader->stop().offset,
                                   "the segment changed while the store was being opened");
    }
  }
  NACRE_TRY(flush());
  return tables;
}

}  // namespace nacre::engine
