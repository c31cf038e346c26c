#include "engine/table_output.h"

#include "base/hash.h"
#include "base/try.h"
#include "engine/table_files.h"

namespace nacre::engine {

namespace {

Codec codec_of(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return Codec::kNone;
    case Compression::kLz4:
      return Codec::kLz4;
    case Compression::kZstd:
      return Codec::kZstd;
  }
  return Codec::kNone;
}

}  // namespace

Result<std::unique_ptr<TableOutput>> TableOutput::create(Context& context, FileNumber number,
                                                         OutputKind kind) {
  std::unique_ptr<TableOutput> output(new TableOutput(context, number, kind));
  output->file_ = NACRE_TRY(context.fs().create(context.path(table_name(number))));
  const Options& options = context.settings.options;
  TableBuilderOptions table;
  table.salt = context.salt;
  table.number = number;
  table.block_bytes = options.block_bytes;
  table.filter_bits = options.filter_bits;
  table.codec = codec_of(kind == OutputKind::kLastLevel
                             ? options.last_level_compression.value_or(options.compression)
                             : options.compression);
  table.write_bytes = table_io_bytes(context.runtime->budget.limit());
  table.block_done = [self = output.get()](std::string_view block) {
    self->charge_.resize(self->builder_->memory_bytes());
    self->keep(block);
  };
  output->builder_ = std::make_unique<TableBuilder>(*output->file_, std::move(table),
                                                    context.runtime->builder_memories.take());
  return output;
}

TableOutput::~TableOutput() {
  if (finished_ || file_ == nullptr) return;
  file_.reset();
  context_.reaper.remove(FileType::kTable, number_);
}

/// Nobody can evict a kept block before the table is open: no table keeps more than a small part of
/// the budget, and one that takes room from the cache leaves it as much again.
bool TableOutput::may_keep(std::size_t bytes) const {
  const MemoryBudget& budget = context_.runtime->budget;
  const std::uint64_t limit = budget.limit();
  if (kept_bytes_ + bytes > limit / 16) return false;
  if (budget.used() + bytes <= limit - limit / 8) return true;
  return kind_ == OutputKind::kFlush && budget.used(MemoryUse::kCache) >= 2 * (kept_bytes_ + bytes);
}

void TableOutput::keep(std::string_view block) {
  if (!keeping_) return;
  FrameBuffer frame;
  if (may_keep(block.size())) frame = context_.runtime->cache->try_allocate(block.size());
  keeping_ = static_cast<bool>(frame);
  if (!keeping_) return;
  block.copy(frame.data(), block.size());
  kept_.push_back(std::move(frame));
  kept_bytes_ += block.size();
}

Status TableOutput::add(const Entry& entry) {
  return builder_->add(entry, hash64(entry.key, context_.salt));
}

std::uint64_t TableOutput::bytes() const { return builder_->bytes_estimate(); }

Result<TablePtr> TableOutput::finish() {
  TableSummary summary = NACRE_TRY(builder_->finish());
  NACRE_TRY(file_->sync());
  NACRE_TRY(file_->close());
  NACRE_TRY(context_.fs().sync_dir(context_.dir));
  TableMeta meta{.number = number_,
                 .bytes = summary.bytes,
                 .smallest = std::move(summary.smallest),
                 .largest = std::move(summary.largest),
                 .min_seq = summary.min_seq,
                 .max_seq = summary.max_seq,
                 .entries = summary.entries,
                 .deletes = summary.deletes,
                 .key_bytes = summary.key_bytes,
                 .value_bytes = summary.value_bytes,
                 .created_micros = context_.clock().wall_micros()};
  context_.runtime->builder_memories.give_back(builder_->take_memory());
  builder_.reset();
  charge_.resize(0);
  TablePtr table = NACRE_TRY(open_table(context_, std::move(meta)));
  NACRE_TRY(table->load())->adopt(std::move(kept_));
  finished_ = true;
  return table;
}

}  // namespace nacre::engine
