#include "table/index.h"

#include <algorithm>
#include <bit>

#include "base/byte_reader.h"
#include "base/check.h"
#include "base/limits.h"
#include "key/head_window.h"
#include "table/table_format.h"

namespace nacre {
namespace {

constexpr std::size_t kHeadSize = 8;
// What the arrays in memory can address.
constexpr std::uint64_t kSeparatorBytesMax = 0xFFFFFFFF;
constexpr std::uint64_t kBlocksMax = 0xFFFFFFF0;
constexpr std::uint64_t kBlockEntriesMax = 0x7FFFFFFF;
// Shortest entry of the section: one byte each for size, entries and length.
constexpr std::uint64_t kRowBytesMin = 3;

/// The first 8 bytes as a big-endian integer, zeros after the end: orders like the bytes, but for
/// ties between keys that end within them.
std::uint64_t head_of(std::string_view suffix) {
  if (suffix.size() >= kHeadSize) return __builtin_bswap64(load<std::uint64_t>(suffix.data()));
  std::uint64_t head = 0;
  for (const char byte : suffix) head = head << 8 | static_cast<unsigned char>(byte);
  return suffix.empty() ? 0 : head << (8 * (kHeadSize - suffix.size()));
}

}  // namespace

std::string shortest_separator(std::string_view last, std::string_view next) {
  const std::size_t shared = common_prefix(last, next);
  for (std::size_t i = shared; i < last.size(); ++i) {
    const auto byte = static_cast<unsigned char>(last[i]);
    if (byte == 0xFF) continue;
    std::string separator(last.substr(0, i + 1));
    separator.back() = static_cast<char>(byte + 1);
    // At the first difference one more may already be `next`; later it can't be.
    if (i > shared || std::string_view(separator) < next) return separator;
  }
  return std::string(last);
}

void IndexBuilder::add(std::uint64_t stored_bytes, std::uint64_t entries, bool spills,
                       std::string_view separator) {
  separators_ += separator;
  blocks_.push_back({stored_bytes, entries * 2 + (spills ? 1 : 0), separators_.size()});
}

void IndexBuilder::clear() {
  blocks_.clear();
  separators_.clear();
}

void IndexBuilder::finish(LargeString& out) const {
  put_varint(out, blocks_.size());
  if (blocks_.empty()) {
    put_string(out, {});
    return;
  }
  const std::size_t shared = common_prefix(separator(0), separator(blocks_.size() - 1));
  put_string(out, separator(0).substr(0, shared));
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    put_varint(out, blocks_[i].stored_bytes);
    put_varint(out, blocks_[i].entries_and_spills);
    put_string(out, separator(i).substr(shared));
  }
}

Result<TableIndex> TableIndex::decode(std::string_view section, std::uint64_t data_bytes) {
  ByteReader reader(section);
  const std::uint64_t count = reader.varint_up_to(kBlocksMax);
  TableIndex index;
  index.prefix_ = reader.take(reader.varint_up_to(kKeyBytesMax));
  if (!reader.ok() || count == 0 || count > reader.remaining() / kRowBytesMin ||
      section.size() > kSeparatorBytesMax) {
    return Status::corruption("index count is impossible");
  }
  LargeVector<std::uint64_t> heads;
  heads.reserve(count);
  index.offsets_.reserve(count + 1);
  index.entries_.reserve(count);
  index.ends_.reserve(count + 1);
  index.offsets_.push_back(0);
  index.ends_.push_back(0);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t offset = index.offsets_.back();
    const std::uint64_t stored = reader.varint_up_to(data_bytes - offset);
    const std::uint64_t entries = reader.varint_up_to(kBlockEntriesMax * 2 + 1);
    const std::string_view suffix = reader.string();
    if (!reader.ok() || stored <= kBlockTrailerBytes || entries / 2 == 0 ||
        suffix.size() > kKeyBytesMax - index.prefix_.size()) {
      return Status::corruption("index entry is impossible");
    }
    if (i > 0) {
      const bool continues = (index.entries_.back() & 1) != 0;
      const int order = index.separator_suffix(static_cast<std::uint32_t>(i - 1)).compare(suffix);
      if (order > 0 || (order == 0 && !continues)) {
        return Status::corruption("index separators are not in order");
      }
    }
    heads.push_back(head_of(suffix));
    index.offsets_.push_back(offset + stored);
    index.entries_.push_back(static_cast<std::uint32_t>(entries));
    index.separators_ += suffix;
    index.ends_.push_back(static_cast<std::uint32_t>(index.separators_.size()));
  }
  if (!reader.done() || index.offsets_.back() != data_bytes || (index.entries_.back() & 1) != 0) {
    return Status::corruption("index does not end with the last block");
  }
  index.separators_.shrink_to_fit();
  index.tree_ = HeadTree(heads);
  return index;
}

std::uint32_t TableIndex::find(std::string_view key) const {
  if (!key.starts_with(prefix_)) return key < prefix_ ? 0 : count();
  const std::string_view suffix = key.substr(prefix_.size());
  const std::uint64_t head = head_of(suffix);
  const std::uint32_t first = tree_.rank(head);
  if (first == count() || !separator_below(first, head, suffix)) return first;
  return find_in_tie(first, head, suffix);
}

/// The separator of `first` has the same head and is below: looks on in steps that double, then
/// halves the last one.
std::uint32_t TableIndex::find_in_tie(std::uint32_t first, std::uint64_t head,
                                      std::string_view suffix) const {
  std::uint64_t below = first;
  std::uint64_t step = 1;
  while (below + step < count() &&
         separator_below(static_cast<std::uint32_t>(below + step), head, suffix)) {
    below += step;
    step *= 2;
  }
  std::uint64_t end = std::min<std::uint64_t>(below + step, count());
  while (end - below > 1) {
    const std::uint64_t middle = below + (end - below) / 2;
    (separator_below(static_cast<std::uint32_t>(middle), head, suffix) ? below : end) = middle;
  }
  return static_cast<std::uint32_t>(end);
}

int TableIndex::compare_separator(std::uint32_t i, std::string_view key) const {
  const std::size_t size = std::min(key.size(), prefix_.size());
  const int order = std::string_view(prefix_).compare(key.substr(0, size));
  return order != 0 ? order : separator_suffix(i).compare(key.substr(size));
}

std::uint64_t TableIndex::memory_bytes() const {
  return prefix_.capacity() + tree_.memory_bytes() + 8 * offsets_.capacity() +
         4 * entries_.capacity() + 4 * ends_.capacity() + separators_.capacity();
}

}  // namespace nacre
