#include "engine/table_output.h"

#include "base/hash.h"
#include "base/try.h"
#include "lsm/file_name.h"
#include "table/table_reader.h"

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

Result<std::shared_ptr<TableReader>> open_reader(Context& context, FileNumber number) {
  const std::string path = context.path(table_name(number));
  auto file = NACRE_TRY(context.fs().open(path, context.settings.read_mode));
  return TableReader::open(std::move(file), {.name = path,
                                             .salt = context.salt,
                                             .number = number,
                                             .cache = context.runtime->cache,
                                             .budget = context.runtime->budget});
}

}  // namespace

Result<std::unique_ptr<TableOutput>> TableOutput::create(Context& context, FileNumber number,
                                                         bool last_level) {
  std::unique_ptr<TableOutput> output(new TableOutput(context, number));
  output->file_ = NACRE_TRY(context.fs().create(context.path(table_name(number))));
  const Options& options = context.settings.options;
  TableBuilderOptions table;
  table.salt = context.salt;
  table.number = number;
  table.block_bytes = options.block_bytes;
  table.filter_bits = options.filter_bits;
  table.codec = codec_of(last_level ? options.last_level_compression.value_or(options.compression)
                                    : options.compression);
  table.write_bytes = table_io_bytes(context.runtime->budget.limit());
  table.block_done = [self = output.get()](std::string_view block) {
    self->charge_.resize(self->builder_->memory_bytes());
    self->keep(block);
  };
  output->builder_ = std::make_unique<TableBuilder>(*output->file_, std::move(table));
  return output;
}

TableOutput::~TableOutput() {
  if (finished_ || file_ == nullptr) return;
  file_.reset();
  context_.reaper.remove(FileType::kTable, number_);
}

/// Nobody can evict a kept block before the table is open, so no table keeps more than a small part
/// of the budget; and nothing is evicted for it.
void TableOutput::keep(std::string_view block) {
  const MemoryBudget& budget = context_.runtime->budget;
  const std::uint64_t limit = budget.limit();
  keeping_ = keeping_ && kept_bytes_ + block.size() <= limit / 16 &&
             budget.used() + block.size() <= limit - limit / 8;
  if (!keeping_) return;
  FrameBuffer frame = context_.runtime->cache->allocate(block.size());
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
  auto table = std::make_shared<Table>();
  table->meta = {.number = number_,
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
  builder_.reset();
  charge_.resize(0);
  table->reader = NACRE_TRY(open_reader(context_, number_));
  table->reader->adopt(std::move(kept_));
  finished_ = true;
  return TablePtr(std::move(table));
}

Result<TablePtr> open_table(Context& context, const TableMeta& meta) {
  Result<std::shared_ptr<TableReader>> reader = open_reader(context, meta.number);
  if (!reader.ok()) {
    if (reader.error().code() != Code::kNotFound) return std::move(reader).error();
    return Status::corruption(context.path(table_name(meta.number)) +
                              ": the manifest names this table, but the file is missing");
  }
  const TableProperties& properties = (*reader)->properties();
  if (properties.entries != meta.entries || properties.smallest != meta.smallest ||
      properties.largest != meta.largest) {
    return Status::corruption(context.path(table_name(meta.number)) +
                              ": not the table that the manifest describes");
  }
  auto table = std::make_shared<Table>();
  table->meta = meta;
  table->reader = std::move(*reader);
  return TablePtr(std::move(table));
}

}  // namespace nacre::engine
