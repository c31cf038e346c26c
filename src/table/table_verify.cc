// Part of table_reader.h: reading a whole table and doubting all of it.
#include <algorithm>

#include "base/hash.h"
#include "base/try.h"
#include "table/block_source.h"
#include "table/table_reader.h"

namespace nacre {
namespace {

/// What the blocks say, gathered to be compared with the properties.
struct Tally {
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;
  std::uint64_t key_bytes = 0;
  std::uint64_t value_bytes = 0;
  Seq min_seq = kSeqMax;
  Seq max_seq = 0;
  std::string smallest;
  std::string last_key;
  Trailer last_trailer{};

  void add(std::string_view key, Trailer trailer, std::string_view value) {
    if (entries == 0) smallest = key;
    ++entries;
    deletes += kind_of(trailer) == Kind::kDelete ? 1 : 0;
    key_bytes += key.size();
    value_bytes += value.size();
    min_seq = std::min(min_seq, seq_of(trailer));
    max_seq = std::max(max_seq, seq_of(trailer));
  }

  bool agrees(const TableProperties& properties) const {
    return entries == properties.entries && deletes == properties.deletes &&
           key_bytes == properties.key_bytes && value_bytes == properties.value_bytes &&
           min_seq == properties.min_seq && max_seq == properties.max_seq &&
           smallest == properties.smallest && last_key == properties.largest;
  }
};

}  // namespace

Status TableReader::verify(const std::function<bool(std::uint64_t)>& progress) const {
  NACRE_TRY(verify_blocks(progress));
  NACRE_TRY(verify_frame());
  if (progress && !progress(file_bytes())) return Status::closed("verification was stopped");
  return {};
}

Status TableReader::verify_blocks(const std::function<bool(std::uint64_t)>& progress) const {
  const TableIndex& index = stored_.index;
  StreamedBlocks source(*this);
  Block::Rows rows;
  Tally tally;
  for (std::uint32_t i = 0; i < index.count(); ++i) {
    const std::uint64_t offset = index.offset(i);
    if (progress && !progress(offset)) return Status::closed("verification was stopped");
    const Block block(NACRE_TRY(source.open(i)));
    rows.enter(block);
    for (std::uint32_t row = 0; row < block.count(); ++row) {
      Entry entry;
      rows.show(row, &entry);
      // Within a block, Block::validate() has looked at the order.
      if (row == 0 && i > 0 &&
          compare(tally.last_key, tally.last_trailer, entry.key, entry.trailer) >= 0) {
        return stored_.corruption(offset, "block begins before the end of the block before it");
      }
      if (!filter_.may_contain(hash64(entry.key, salt_))) {
        return stored_.corruption(offset, "key of the block is missing from the filter");
      }
      tally.add(entry.key, entry.trailer, entry.value);
    }
    block.copy_key(block.count() - 1, tally.last_key);
    tally.last_trailer = block.trailer(block.count() - 1);
  }
  if (!tally.agrees(properties_)) {
    return stored_.corruption(find_section(sections_, SectionId::kProperties)->offset,
                              "properties disagree with the entries");
  }
  return {};
}

/// What was read when the table was opened, read again: the file may have changed since.
Status TableReader::verify_frame() const {
  std::string bytes(kFooterBytes, '\0');
  NACRE_TRY(stored_.read(file_bytes() - kFooterBytes, bytes));
  const Footer footer = NACRE_TRY(decode_footer(stored_.seed, stored_.name, file_bytes(), bytes));
  bytes.resize(footer.directory_length);
  NACRE_TRY(stored_.read(footer.directory_offset, bytes));
  const auto sections = NACRE_TRY(decode_directory(stored_.seed, stored_.name, footer, bytes));
  for (const Section& section : sections) {
    bytes.resize(section.length);
    NACRE_TRY(stored_.read(section.offset, bytes));
    NACRE_TRY(check_section(stored_.seed, stored_.name, section, bytes));
  }
  return {};
}

}  // namespace nacre
