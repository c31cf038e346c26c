#include "table/table_builder.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/try.h"
#include "key/head_window.h"

namespace nacre {
namespace {

constexpr std::uint64_t kIndexBytesMax = 0xFFFFFFFF;
// The most that a block takes besides entries, and an entry besides key and value: head 4, two
// offsets of 4, trailer 8, head size 1.
constexpr std::size_t kBlockOverhead = kBlockHeaderBytes + 3 + 8;
constexpr std::size_t kEntryOverhead = 21;

}  // namespace

TableBuilder::TableBuilder(WritableFile& file, TableBuilderOptions options,
                           TableBuilderMemory memory)
    : file_(file),
      options_(std::move(options)),
      seed_(options_.salt, options_.number),
      compressor_(options_.codec),
      gathered_(kBlockOverhead),
      index_(std::move(memory.index)),
      filter_(options_.filter_bits, std::move(memory.hashes)),
      out_(std::move(memory.out)) {
  index_.clear();
  out_.clear();
  properties_.codec = options_.codec;
  properties_.notes = options_.notes;
  properties_.min_seq = kSeqMax;
  out_.reserve(options_.write_bytes + options_.write_bytes / 4);
}

Status TableBuilder::add(const Entry& entry, std::uint64_t key_hash) {
  if (!is_known(kind_of(entry.trailer)) || entry.key.size() > kKeyBytesMax ||
      entry.value.size() > kValueBytesMax) [[unlikely]] {
    return Status::corruption("entry of an unknown kind or size on its way to a table");
  }
  if (block_.empty()) {
    properties_.smallest = entry.key;  // the first entry: whoever cuts a block adds to the next
  } else {
    const int order = block_.last_key().compare(entry.key);
    if (order > 0 || (order == 0 && raw(last_trailer_) <= raw(entry.trailer))) [[unlikely]] {
      return Status::corruption("entries out of order on their way to a table");
    }
    if (!fits(entry) && (order != 0 || gathered_ >= options_.spill_bytes)) {
      NACRE_TRY(order == 0 ? cut_block(true, entry.key)
                           : cut_block(false, shortest_separator(block_.last_key(), entry.key)));
    }
  }
  block_.add(entry);
  gathered_ += entry.key.size() + entry.value.size() + kEntryOverhead;
  filter_.add(key_hash);
  last_trailer_ = entry.trailer;
  const Seq seq = seq_of(entry.trailer);
  properties_.min_seq = std::min(properties_.min_seq, seq);
  properties_.max_seq = std::max(properties_.max_seq, seq);
  properties_.entries += 1;
  properties_.deletes += kind_of(entry.trailer) == Kind::kDelete ? 1 : 0;
  properties_.key_bytes += entry.key.size();
  properties_.value_bytes += entry.value.size();
  return {};
}

/// False when the block would pass block_bytes with this entry. The bound that add() keeps answers
/// for most entries; near the end the builder's own estimate is asked.
bool TableBuilder::fits(const Entry& entry) const {
  const std::size_t size = entry.key.size() + entry.value.size() + kEntryOverhead;
  if (gathered_ + size <= options_.block_bytes) return true;
  const std::size_t estimate = block_.size_estimate();
  if (estimate >= options_.block_bytes) return false;
  // Keys ascend, so that the first and the last alone decide the prefix that all share. What the
  // new key does not share of it comes back into every tail.
  const std::size_t prefix = common_prefix(block_.first_key(), block_.last_key());
  const std::size_t shared = common_prefix(block_.first_key().substr(0, prefix), entry.key);
  return estimate + (prefix - shared) * block_.entries() + size - shared <= options_.block_bytes;
}

Status TableBuilder::cut_block(bool spills, std::string_view separator) {
  const std::string_view raw_block = block_.finish();
  if (options_.block_done) options_.block_done(raw_block);
  const Compressor::Block stored = compressor_.compress(raw_block);
  const std::uint64_t offset = written_ + out_.size();
  out_ += stored.bytes;
  append_block_trailer(seed_, offset,
                       {stored.codec, static_cast<std::uint32_t>(raw_block.size()), stored.bytes},
                       out_);
  index_.add(stored.bytes.size() + kBlockTrailerBytes, block_.entries(), spills, separator);
  properties_.blocks += 1;
  block_.reset();
  gathered_ = kBlockOverhead;
  return out_.size() >= options_.write_bytes ? write_out() : Status();
}

Status TableBuilder::write_out() {
  NACRE_TRY(file_.append(out_));
  written_ += out_.size();
  out_.clear();
  return {};
}

/// What lies in out_ from `start` on is a section.
void TableBuilder::end_section(SectionId id, std::uint32_t flags, std::size_t start) {
  const std::string_view bytes = std::string_view(out_).substr(start);
  const std::uint64_t offset = written_ + start;
  sections_.push_back({id, flags, offset, bytes.size(), hash64(bytes, seed_.at(offset))});
}

TableBuilderMemory TableBuilder::take_memory() {
  return {std::move(out_), std::move(index_), filter_.take_memory()};
}

Result<TableSummary> TableBuilder::finish() {
  NACRE_CHECK(!block_.empty());
  properties_.largest = block_.last_key();
  NACRE_TRY(cut_block(false, properties_.largest));
  const std::size_t index_at = out_.size();
  index_.finish(out_);
  const std::size_t filter_at = out_.size();
  if (filter_at - index_at > kIndexBytesMax) {
    return Status::invalid("table too large for its index");
  }
  end_section(SectionId::kIndex, kSectionRequired, index_at);
  if (filter_.bytes() > 0) {
    filter_.finish(out_);
    end_section(SectionId::kFilter, 0, filter_at);
  }
  const std::size_t properties_at = out_.size();
  out_ += encode_properties(properties_);
  end_section(SectionId::kProperties, kSectionRequired, properties_at);

  Footer footer;
  footer.directory_offset = written_ + out_.size();
  const std::string directory = encode_directory(sections_);
  footer.directory_length = static_cast<std::uint32_t>(directory.size());
  footer.directory_checksum = hash64(directory, seed_.at(footer.directory_offset));
  out_ += directory;
  out_ += encode_footer(seed_, footer);
  NACRE_TRY(write_out());

  TableSummary summary;
  summary.bytes = written_;
  summary.entries = properties_.entries;
  summary.deletes = properties_.deletes;
  summary.smallest = properties_.smallest;
  summary.largest = properties_.largest;
  summary.min_seq = properties_.min_seq;
  summary.max_seq = properties_.max_seq;
  summary.key_bytes = properties_.key_bytes;
  summary.value_bytes = properties_.value_bytes;
  return summary;
}

}  // namespace nacre
