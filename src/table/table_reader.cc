#include "table/table_reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/try.h"
#include "table/table_cursor.h"

namespace nacre {
namespace {

constexpr std::size_t kSmallRead = 16 << 10;      // stored blocks that fit a buffer on the stack
constexpr std::uint64_t kOneReadMax = 256 << 10;  // neighbours that are read in one go

/// Adds the place to an error that has none.
Status at(const StoredTable& table, const Section& section, Status status) {
  if (status.ok()) return status;
  if (status.code() == Code::kCorruption) return table.corruption(section.offset, status.message());
  return std::move(status).with_context(table.name);
}

}  // namespace

/// The end of a table, in one read: footer, directory and, as a rule, properties.
class TableReader::FileEnd {
 public:
  explicit FileEnd(const StoredTable& table)
      : table_(table),
        size_(table.file->size()),
        bytes_(std::min<std::uint64_t>(size_, kBytes), '\0') {}

  Status read() { return table_.read(begin(), bytes_); }
  /// Up to so many bytes.
  std::string_view last(std::size_t bytes) const {
    return std::string_view(bytes_).substr(bytes_.size() - std::min(bytes, bytes_.size()));
  }
  /// Any bytes of the file, from memory if they are there.
  Result<LargeString> bytes(std::uint64_t offset, std::uint64_t length) const {
    if (offset >= begin() && offset <= size_ && length <= size_ - offset) {
      return LargeString(std::string_view(bytes_).substr(offset - begin(), length));
    }
    LargeString bytes(length, '\0');
    NACRE_TRY(table_.read(offset, bytes));
    return bytes;
  }
  Result<LargeString> section(const Section& section) const {
    LargeString content = NACRE_TRY(bytes(section.offset, section.length));
    NACRE_TRY(check_section(table_.seed, table_.name, section, content));
    return content;
  }

 private:
  static constexpr std::uint64_t kBytes = 4 << 10;

  std::uint64_t begin() const { return size_ - bytes_.size(); }

  const StoredTable& table_;
  const std::uint64_t size_;
  std::string bytes_;
};

std::uint64_t table_io_bytes(std::uint64_t budget_bytes) {
  constexpr std::uint64_t kMin = 32 << 10;
  constexpr std::uint64_t kMax = 512 << 10;
  constexpr std::uint64_t kPiecesInBudget = 128;
  return std::clamp(budget_bytes / kPiecesInBudget, kMin, kMax);
}

TableReader::TableReader(Parts parts, TableReaderOptions options)
    : budget_(options.budget),
      salt_(options.salt),
      cache_(std::move(options.cache)),
      stored_(std::move(parts.stored)),
      sections_(std::move(parts.sections)),
      footer_(parts.footer),
      filter_(std::move(parts.filter)),
      properties_(std::move(parts.properties)),
      charge_(budget_, MemoryUse::kTable,
              sizeof(TableReader) + stored_.index.memory_bytes() + filter_.memory_bytes()),
      slots_(cache_, stored_.index.count()) {}

Result<std::shared_ptr<TableReader>> TableReader::open(std::shared_ptr<const RandomAccessFile> file,
                                                       TableReaderOptions options) {
  Parts parts{
      {std::move(file), options.name, TableSeed(options.salt, options.number), {}}, {}, {}, {}, {}};
  {
    FileEnd end(parts.stored);
    NACRE_TRY(end.read());
    NACRE_TRY(read_frame(parts, end));
    NACRE_TRY(read_sections(parts, end));
  }
  NACRE_TRY(check_parts(parts));
  return std::shared_ptr<TableReader>(new TableReader(std::move(parts), std::move(options)));
}

Status TableReader::read_frame(Parts& parts, const FileEnd& end) {
  const StoredTable& table = parts.stored;
  parts.footer =
      NACRE_TRY(decode_footer(table.seed, table.name, table.file->size(), end.last(kFooterBytes)));
  const LargeString directory =
      NACRE_TRY(end.bytes(parts.footer.directory_offset, parts.footer.directory_length));
  parts.sections = NACRE_TRY(decode_directory(table.seed, table.name, parts.footer, directory));
  return {};
}

Status TableReader::read_sections(Parts& parts, const FileEnd& end) {
  StoredTable& table = parts.stored;
  const Section* index = find_section(parts.sections, SectionId::kIndex);
  const Section* properties = find_section(parts.sections, SectionId::kProperties);
  if (index == nullptr || properties == nullptr) {
    return table.corruption(parts.footer.directory_offset, "table without index or properties");
  }
  {
    const LargeString bytes = NACRE_TRY(end.section(*index));
    auto decoded = TableIndex::decode(bytes, parts.sections.front().offset);
    if (!decoded.ok()) return at(table, *index, std::move(decoded).error());
    table.index = std::move(decoded).value();
  }
  {
    const LargeString bytes = NACRE_TRY(end.section(*properties));
    auto decoded = decode_properties(bytes);
    if (!decoded.ok()) return at(table, *properties, std::move(decoded).error());
    parts.properties = std::move(decoded).value();
  }
  if (const Section* filter = find_section(parts.sections, SectionId::kFilter)) {
    parts.filter = Filter::allocate(filter->length);
    const std::span<char> bytes = parts.filter.buffer();
    NACRE_TRY(table.read(filter->offset, bytes));
    NACRE_TRY(check_section(table.seed, table.name, *filter, {bytes.data(), bytes.size()}));
    if (Status status = parts.filter.accept(); status.code() == Code::kUnsupported) {
      parts.filter = Filter();  // of a later kind: the table can be read without
    } else {
      NACRE_TRY(at(table, *filter, std::move(status)));
    }
  }
  return {};
}

/// What one section says must agree with the others.
Status TableReader::check_parts(const Parts& parts) {
  const TableIndex& index = parts.stored.index;
  const TableProperties& properties = parts.properties;
  const std::uint64_t offset = find_section(parts.sections, SectionId::kProperties)->offset;
  std::uint64_t entries = 0;
  for (std::uint32_t i = 0; i < index.count(); ++i) entries += index.entries(i);
  if (properties.blocks != index.count() || properties.entries != entries) {
    return parts.stored.corruption(offset, "index and properties count differently");
  }
  if (index.compare_separator(index.count() - 1, properties.largest) != 0) {
    return parts.stored.corruption(offset, "index does not end with the largest key");
  }
  return {};
}

Lookup TableReader::find(std::string_view key, std::uint64_t hash, Seq seq, Entry* entry,
                         std::uint32_t* block) const {
  if (!filter_.may_contain(hash)) return Lookup::kFiltered;
  *block = stored_.index.find(key);
  if (*block == stored_.index.count()) return Lookup::kAbsent;
  return find_at(key, seq, entry, block);
}

bool TableReader::locate(std::string_view key, std::uint64_t hash, std::uint32_t* block) const {
  if (!filter_.may_contain(hash)) return false;
  *block = stored_.index.find(key);
  if (*block == stored_.index.count()) return false;
  slots_.prefetch_slot(*block);
  return true;
}

Lookup TableReader::find_at(std::string_view key, Seq seq, Entry* entry,
                            std::uint32_t* block) const {
  NACRE_DCHECK(epoch_held());
  for (;;) {
    const char* data = slots_.find(*block);
    if (data == nullptr) return Lookup::kNeedsBlock;
    if (Block(data).find(key, seq, entry)) return Lookup::kFound;
    if (!stored_.index.spills(*block)) return Lookup::kAbsent;
    ++*block;
  }
}

Lookup TableReader::find_in(const BlockPin& pin, std::string_view key, Seq seq, Entry* entry,
                            std::uint32_t* block) const {
  if (Block(pin.data()).find(key, seq, entry)) return Lookup::kFound;
  if (!stored_.index.spills(*block)) return Lookup::kAbsent;
  ++*block;
  return Lookup::kNeedsBlock;
}

Result<BlockPin> TableReader::load(std::uint32_t block) const {
  NACRE_DCHECK(!epoch_held());
  const std::uint64_t size = stored_.index.stored_bytes(block);
  char small[kSmallRead];
  std::unique_ptr<char[]> large;
  if (size > sizeof small) large = std::make_unique_for_overwrite<char[]>(size);
  const std::span<char> buffer(large ? large.get() : small, size);
  NACRE_TRY(stored_.read(stored_.index.offset(block), buffer));
  return accept(block, {buffer.data(), buffer.size()});
}

/// Checks a block as it was read, decompresses it into the cache and makes it known.
Result<BlockPin> TableReader::accept(std::uint32_t block, std::string_view with_trailer) const {
  const StoredBlock stored = NACRE_TRY(stored_.open_block(block, with_trailer));
  FrameBuffer frame = cache_->allocate(stored.raw_size);
  NACRE_TRY(stored_.decode_block(block, stored, frame.data()));
  return slots_.insert(block, std::move(frame));
}

void TableReader::adopt(std::vector<FrameBuffer> blocks) const {
  NACRE_CHECK(blocks.size() <= block_count());
  for (std::uint32_t i = 0; i < blocks.size(); ++i) slots_.insert(i, std::move(blocks[i]));
}

void TableReader::load_many(std::span<BlockLoad> loads) const {
  NACRE_DCHECK(!epoch_held());
  const TableIndex& index = stored_.index;
  std::vector<std::span<BlockLoad>> pieces;  // neighbours in the file, none of them in memory
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const std::uint32_t block = loads[i].block;
    loads[i].pin = slots_.pin(block);
    if (loads[i].pin) continue;
    bytes += index.stored_bytes(block);
    if (!pieces.empty()) {
      std::span<BlockLoad>& piece = pieces.back();
      const bool adjacent = &piece.back() + 1 == &loads[i] && piece.back().block + 1 == block;
      if (adjacent && index.offset(block + 1) - index.offset(piece.front().block) <= kOneReadMax) {
        piece = {piece.data(), piece.size() + 1};
        continue;
      }
    }
    pieces.push_back(loads.subspan(i, 1));
  }
  if (pieces.empty()) return;
  const auto buffer = std::make_unique_for_overwrite<char[]>(bytes);
  std::vector<ReadRequest> requests;
  requests.reserve(pieces.size());
  char* to = buffer.get();
  for (const std::span<BlockLoad> piece : pieces) {
    const std::uint64_t begin = index.offset(piece.front().block);
    const std::uint64_t size = index.offset(piece.back().block + 1) - begin;
    requests.push_back({begin, {to, size}, 0, {}});
    to += size;
  }
  stored_.file->read_many(requests);
  for (std::size_t i = 0; i < pieces.size(); ++i) accept_many(pieces[i], requests[i]);
}

/// Accepts neighbours that `request` has read.
void TableReader::accept_many(std::span<BlockLoad> loads, const ReadRequest& request) const {
  for (BlockLoad& load : loads) {
    const std::uint64_t begin = stored_.index.offset(load.block) - request.offset;
    const std::uint64_t size = stored_.index.stored_bytes(load.block);
    if (!request.status.ok()) {
      load.status = request.status;
    } else if (begin + size > request.count) {
      load.status = stored_.corruption(request.offset + request.count, "file ends early");
    } else {
      auto pin = accept(load.block, {request.out.data() + begin, size});
      load.status = pin.status();
      if (pin.ok()) load.pin = std::move(pin).value();
    }
  }
}

std::unique_ptr<EntryCursor> TableReader::cursor(CursorUse use) const {
  return make_table_cursor(shared_from_this(), use);
}

std::uint64_t TableReader::approximate_bytes(std::string_view lower, std::string_view upper) const {
  const TableIndex& index = stored_.index;
  if (lower > upper || upper < properties_.smallest) return 0;
  const std::uint32_t first = index.find(lower);
  if (first == index.count()) return 0;
  const std::uint32_t last = std::min(index.find(upper), index.count() - 1);
  return index.offset(last) + index.stored_bytes(last) - index.offset(first);
}

}  // namespace nacre
