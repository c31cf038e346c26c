#include "table/block_builder.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "key/head_window.h"

namespace nacre {
namespace {

/// Writes an end of a tail or value, u16 or u32.
char* write_end(const BlockHeader& header, char* to, std::uint64_t end) {
  if (header.has(kWideOffsets)) {
    store(to, static_cast<std::uint32_t>(end));
    return to + 4;
  }
  store(to, static_cast<std::uint16_t>(end));
  return to + 2;
}

std::size_t tail_size(std::size_t suffix_size) {
  return suffix_size > kBlockHeadBytes ? suffix_size - kBlockHeadBytes : 0;
}

}  // namespace

void BlockBuilder::add(const Entry& entry) {
  const std::uint64_t trailer = raw(entry.trailer);
  if (rows_.empty()) {
    prefix_size_ = key_size_min_ = key_size_max_ = entry.key.size();
    value_size_min_ = value_size_max_ = entry.value.size();
    trailer_min_ = trailer_max_ = trailer;
  } else {
    NACRE_DCHECK(compare(last_key(), rows_.back().trailer, entry.key, entry.trailer) < 0);
    const std::string_view prefix = std::string_view(keys_).substr(0, prefix_size_);
    if (!entry.key.starts_with(prefix)) prefix_size_ = common_prefix(prefix, entry.key);
    key_size_min_ = std::min(key_size_min_, entry.key.size());
    key_size_max_ = std::max(key_size_max_, entry.key.size());
    value_size_min_ = std::min(value_size_min_, entry.value.size());
    value_size_max_ = std::max(value_size_max_, entry.value.size());
    if (kind_of(entry.trailer) != kind_of(rows_.back().trailer)) one_kind_ = false;
    trailer_min_ = std::min(trailer_min_, trailer);
    trailer_max_ = std::max(trailer_max_, trailer);
  }
  keys_ += entry.key;
  values_ += entry.value;
  rows_.push_back({keys_.size(), values_.size(), entry.trailer});
}

/// The header without the places of tails and values, which finish() knows.
BlockHeader BlockBuilder::layout() const {
  BlockHeader header;
  header.count = static_cast<std::uint32_t>(rows_.size());
  header.prefix_size = static_cast<std::uint32_t>(prefix_size_);
  header.trailer_base = trailer_min_;
  if (one_kind_) header.flags |= kOneKind;
  const std::uint64_t delta_max = (trailer_max_ - trailer_min_) >> header.trailer_shift();
  header.trailer_width = static_cast<std::uint8_t>((std::bit_width(delta_max) + 7) / 8);

  const std::size_t suffix_min = key_size_min_ - prefix_size_;
  const std::size_t suffix_max = key_size_max_ - prefix_size_;
  const bool one_head_size = suffix_min == suffix_max || suffix_min >= kBlockHeadBytes;
  header.head_size =
      one_head_size ? static_cast<std::uint8_t>(std::min<std::size_t>(suffix_min, kBlockHeadBytes))
                    : kHeadSizeColumn;
  if (tail_size(suffix_min) == tail_size(suffix_max)) {
    header.flags |= kTailsSameSize;
    header.tail_size = static_cast<std::uint32_t>(tail_size(suffix_max));
  }
  if (value_size_min_ == value_size_max_) {
    header.flags |= kValuesSameSize;
    header.value_size = static_cast<std::uint32_t>(value_size_max_);
  }
  // The sum of the key sizes bounds that of the tails; a byte or two of slack decides nothing.
  if (std::max(keys_.size(), values_.size()) > 0xFFFF) header.flags |= kWideOffsets;
  return header;
}

std::size_t BlockBuilder::size_estimate() const {
  if (rows_.empty()) return kBlockHeaderBytes;
  const BlockHeader header = layout();
  const std::uint64_t heads =
      header.head_size == kHeadSizeColumn ? 0 : std::uint64_t{header.count} * header.head_size;
  const std::uint64_t tails = keys_.size() - std::uint64_t{header.count} * prefix_size_ - heads;
  return header.columns_end() + tails + values_.size();
}

std::string_view BlockBuilder::finish() {
  NACRE_CHECK(!rows_.empty());
  BlockHeader header = layout();
  std::uint64_t tails = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) tails += tail_size(key(i).size() - prefix_size_);
  const std::uint64_t values_at = header.columns_end() + tails;
  const std::uint64_t size = values_at + values_.size();
  NACRE_CHECK(size <= kBlockBytesMax);
  header.tails_at = static_cast<std::uint32_t>(header.columns_end());
  header.values_at = static_cast<std::uint32_t>(values_at);

  block_.resize(size);
  write_columns(header, block_.data());
  values_.copy(block_.data() + values_at, values_.size());
  return block_;
}

void BlockBuilder::write_columns(const BlockHeader& header, char* block) const {
  header.store_to(block);
  keys_.copy(block + kBlockHeaderBytes, prefix_size_);
  char* const heads = block + header.heads_at();
  const std::size_t padding_at = kBlockHeaderBytes + prefix_size_;
  std::fill(block + padding_at, heads, '\0');

  char* tail_ends = block + header.tail_ends_at();
  char* value_ends = block + header.value_ends_at();
  char* head_sizes = block + header.head_sizes_at();
  char* const tails = block + header.tails_at;
  char* tail = tails;
  if (!header.has(kTailsSameSize)) tail_ends = write_end(header, tail_ends, 0);
  if (!header.has(kValuesSameSize)) value_ends = write_end(header, value_ends, 0);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::string_view suffix = key(i).substr(prefix_size_);
    store(heads + kBlockHeadBytes * i, block_head(suffix));
    const std::size_t head_size = std::min<std::size_t>(suffix.size(), kBlockHeadBytes);
    tail += suffix.copy(tail, std::string_view::npos, head_size);
    if (!header.has(kTailsSameSize)) {
      tail_ends = write_end(header, tail_ends, static_cast<std::uint64_t>(tail - tails));
    }
    if (!header.has(kValuesSameSize)) {
      value_ends = write_end(header, value_ends, rows_[i].value_end);
    }
    if (header.head_size == kHeadSizeColumn) *head_sizes++ = static_cast<char>(head_size);
  }
  write_trailers(header, block + header.trailers_at());
}

void BlockBuilder::write_trailers(const BlockHeader& header, char* to) const {
  if (header.trailer_width == 0) return;
  for (const Row& row : rows_) {
    const std::uint64_t delta = (raw(row.trailer) - trailer_min_) >> header.trailer_shift();
    for (int byte = 0; byte < header.trailer_width; ++byte) {
      *to++ = static_cast<char>(delta >> (8 * byte));
    }
  }
}

void BlockBuilder::reset() {
  keys_.clear();
  values_.clear();
  rows_.clear();
  one_kind_ = true;
}

}  // namespace nacre
