#include <algorithm>
#include <string>

#include "base/limits.h"
#include "table/block.h"

namespace nacre {
namespace {

/// Checks one block. Every check relies only on what the ones before it have shown.
class Validator {
 public:
  Validator(std::string_view bytes, std::string_view file, std::uint64_t offset)
      : bytes_(bytes), file_(file), offset_(offset) {}

  Status run() {
    if (bytes_.size() < kBlockHeaderBytes) return corrupt("is shorter than its header");
    header_ = BlockHeader::load_from(bytes_.data());
    if (Status status = check_header(); !status.ok()) return status;
    if (Status status = check_columns(); !status.ok()) return status;
    return check_entries();
  }

 private:
  Status corrupt(std::string_view what) const {
    return Status::corruption_at(file_, offset_, "block " + std::string(what));
  }
  Status corrupt_entry(std::uint32_t i, std::string_view what) const {
    return corrupt("entry " + std::to_string(i) + ' ' + std::string(what));
  }
  Status unsupported(std::string_view what) const {
    return Status::unsupported(std::string(file_) + ": offset " + std::to_string(offset_) +
                               ": block " + std::string(what));
  }

  Status check_header() const {
    const BlockHeader& h = header_;
    if (h.format == 0) return corrupt("has no format");
    if (h.format != kBlockFormat) {
      return unsupported("has format " + std::to_string(h.format));
    }
    if ((h.flags & ~kBlockFlagsKnown) != 0) return unsupported("has unknown flags");
    if (h.trailer_width > (h.has(kOneKind) ? 7 : 8)) return corrupt("has too wide trailers");
    if (h.head_size > kBlockHeadBytes && h.head_size != kHeadSizeColumn) {
      return corrupt("has a bad head size");
    }
    if (h.count == 0) return corrupt("has no entries");
    if (h.prefix_size > kKeyBytesMax) return corrupt("has a prefix that is too long");
    if (h.columns_end() != h.tails_at || h.tails_at > h.values_at || h.values_at > bytes_.size() ||
        bytes_.size() > kBlockBytesMax) {
      return corrupt("has sizes that do not add up");
    }
    const std::string_view padding = bytes_.substr(
        kBlockHeaderBytes + h.prefix_size, h.heads_at() - kBlockHeaderBytes - h.prefix_size);
    if (padding.find_first_not_of('\0') != padding.npos) return corrupt("has bytes in its padding");
    return Status();
  }

  Status check_columns() const {
    const BlockHeader& h = header_;
    if (!spans_fit(h.has(kTailsSameSize), h.tail_size, h.tail_ends_at(),
                   h.values_at - h.tails_at)) {
      return corrupt("has tails that do not fit");
    }
    if (!spans_fit(h.has(kValuesSameSize), h.value_size, h.value_ends_at(),
                   bytes_.size() - h.values_at)) {
      return corrupt("has values that do not fit");
    }
    return Status();
  }

  /// Whether spans of one size, or with those ends, fill `total` bytes exactly.
  bool spans_fit(bool same_size, std::uint32_t size, std::uint64_t ends_at,
                 std::uint64_t total) const {
    if (same_size) return std::uint64_t{header_.count} * size == total;
    if (size != 0 || end_at(ends_at, 0) != 0) return false;
    std::uint64_t last = 0;
    for (std::uint32_t i = 1; i <= header_.count; ++i) {
      const std::uint64_t end = end_at(ends_at, i);
      if (end < last) return false;
      last = end;
    }
    return last == total;
  }

  std::uint64_t end_at(std::uint64_t ends_at, std::uint32_t i) const {
    const char* end = bytes_.data() + ends_at + i * header_.offset_width();
    return header_.has(kWideOffsets) ? load<std::uint32_t>(end) : load<std::uint16_t>(end);
  }

  // From here on the sizes of all columns are known to be right.

  struct Row {
    std::uint32_t head = 0;
    std::uint32_t head_size = 0;
    std::string_view tail;
    Trailer trailer{};
  };

  Status check_entries() const {
    Row last;
    for (std::uint32_t i = 0; i < header_.count; ++i) {
      Row row;
      if (Status status = check_entry(i, &row); !status.ok()) return status;
      if (i != 0 && !ascends(last, row)) return corrupt_entry(i, "is out of order");
      last = row;
    }
    return Status();
  }

  static bool ascends(const Row& a, const Row& b) {
    if (a.head != b.head) return a.head < b.head;
    if (a.head_size != b.head_size) return a.head_size < b.head_size;
    if (const int order = a.tail.compare(b.tail); order != 0) return order < 0;
    return raw(a.trailer) > raw(b.trailer);
  }

  Status check_entry(std::uint32_t i, Row* row) const {
    const BlockHeader& h = header_;
    row->head =
        load<std::uint32_t>(bytes_.data() + h.heads_at() + std::uint64_t{i} * kBlockHeadBytes);
    row->head_size = h.head_size == kHeadSizeColumn
                         ? load<std::uint8_t>(bytes_.data() + h.head_sizes_at() + i)
                         : h.head_size;
    row->tail = span(h.has(kTailsSameSize), h.tail_size, h.tail_ends_at(), h.tails_at, i);
    if (row->head_size > kBlockHeadBytes) return corrupt_entry(i, "has a bad head size");
    if (row->head_size < kBlockHeadBytes) {
      if (!row->tail.empty()) return corrupt_entry(i, "has a tail after a short head");
      if ((std::uint64_t{row->head} << (8 * row->head_size) & 0xFFFFFFFF) != 0) {
        return corrupt_entry(i, "has bytes after its head");
      }
    }
    if (h.prefix_size + row->head_size + row->tail.size() > kKeyBytesMax) {
      return corrupt_entry(i, "has a key that is too long");
    }
    if (span(h.has(kValuesSameSize), h.value_size, h.value_ends_at(), h.values_at, i).size() >
        kValueBytesMax) {
      return corrupt_entry(i, "has a value that is too long");
    }
    return check_trailer(i, row);
  }

  Status check_trailer(std::uint32_t i, Row* row) const {
    const BlockHeader& h = header_;
    std::uint64_t delta = 0;
    const char* from = bytes_.data() + h.trailers_at() + std::uint64_t{i} * h.trailer_width;
    std::copy_n(from, h.trailer_width, reinterpret_cast<char*>(&delta));
    delta <<= h.trailer_shift();
    if (delta > ~h.trailer_base) return corrupt_entry(i, "has a seq that is too large");
    row->trailer = Trailer{h.trailer_base + delta};
    if (!is_known(kind_of(row->trailer))) {
      return unsupported("entry " + std::to_string(i) + " has kind " +
                         std::to_string(static_cast<int>(kind_of(row->trailer))));
    }
    return Status();
  }

  std::string_view span(bool same_size, std::uint32_t size, std::uint64_t ends_at,
                        std::uint64_t base, std::uint32_t i) const {
    if (same_size) return bytes_.substr(base + std::uint64_t{i} * size, size);
    const std::uint64_t begin = end_at(ends_at, i);
    return bytes_.substr(base + begin, end_at(ends_at, i + 1) - begin);
  }

  std::string_view bytes_;
  std::string_view file_;
  std::uint64_t offset_;
  BlockHeader header_;
};

}  // namespace

Status Block::validate(std::string_view bytes, std::string_view file, std::uint64_t offset) {
  return Validator(bytes, file, offset).run();
}

}  // namespace nacre
