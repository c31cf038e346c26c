#include "table/stored_table.h"

#include "base/try.h"
#include "table/block.h"

namespace nacre {

Status StoredTable::read(std::uint64_t offset, std::span<char> out) const {
  const std::size_t size = NACRE_TRY(file->read(offset, out));
  if (size != out.size()) return corruption(offset + size, "file ends early");
  return {};
}

Status StoredTable::decode_block(std::uint32_t i, const StoredBlock& block, char* out) const {
  if (Status status = decompress(block.codec, block.bytes, out, block.raw_size); !status.ok()) {
    if (status.code() != Code::kCorruption) return std::move(status).with_context(name);
    return corruption(index.offset(i), status.message());
  }
  return check_block(i, std::string_view(out, block.raw_size));
}

Status StoredTable::check_block(std::uint32_t i, std::string_view raw_block) const {
  const std::uint64_t offset = index.offset(i);
  NACRE_TRY(Block::validate(raw_block, name, offset));
  const Block block(raw_block.data());
  if (block.count() != index.entries(i)) {
    return corruption(offset, "block does not have the entries that the index says");
  }
  std::string key;
  block.copy_key(block.count() - 1, key);
  const int end = index.compare_separator(i, key);
  if (end < 0 || (index.spills(i) && end != 0)) {
    return corruption(offset, "block ends after its separator");
  }
  if (i == 0) return {};
  block.copy_key(0, key);
  const int begin = index.compare_separator(i - 1, key);
  if (index.spills(i - 1) ? begin != 0 : begin >= 0) {
    return corruption(offset, "block begins before the separator of the block before it");
  }
  return {};
}

}  // namespace nacre
