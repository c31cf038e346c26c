// block.h - a block as it lies in memory: entries by number, search, and the one check of its
// bytes.
//
// validate() looks at every byte once, when a block comes from a file. From then on a Block trusts
// what it reads: accessors are a few loads, without checks.
//
// THREADS    any number may read.
// OWNS       nothing; copies like a pointer. Views point into the block unless it is said
// otherwise. INVARIANT  made only from bytes that validate() accepted or a BlockBuilder wrote.
// FORMAT     block_format.h
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/coding.h"
#include "key/entry.h"
#include "nacre/status.h"
#include "table/block_format.h"

namespace nacre {

class Block {
 public:
  class Rows;

  /// ok when no call on a Block of these bytes can go wrong; else kCorruption or, when they are the
  /// work of a newer version, kUnsupported. `file` and `offset` say in the message where they are.
  static Status validate(std::string_view bytes, std::string_view file, std::uint64_t offset);

  explicit Block(const char* data) : data_(data) {}

  std::uint32_t count() const { return header().count; }
  /// What all keys of the block begin with.
  std::string_view prefix() const { return {data_ + kBlockHeaderBytes, header().prefix_size}; }
  std::size_t key_size(std::uint32_t i) const {
    const BlockHeader h = header();
    return h.prefix_size + head_size(h, i) + tail(h, i).size();
  }
  Trailer trailer(std::uint32_t i) const { return trailer(header(), i); }
  std::string_view value(std::uint32_t i) const { return value(header(), i); }

  /// Sets `out` to the whole key.
  void copy_key(std::uint32_t i, std::string& out) const;

  /// The first entry at or after (key, trailer); count() when there is none.
  std::uint32_t lower_bound(std::string_view key, Trailer trailer) const;
  /// The newest version of `key` with a seq of at most `seq`. entry->key is then the caller's key.
  bool find(std::string_view key, Seq seq, Entry* entry) const;

  /// For people and tests: one line for the layout, one per entry.
  std::string render() const;

 private:
  /// What of a sought key follows the prefix, cut like the keys of the block.
  struct Target {
    explicit Target(std::string_view suffix)
        : head(block_head(suffix)),
          head_size(suffix.size() < kBlockHeadBytes ? static_cast<std::uint32_t>(suffix.size())
                                                    : kBlockHeadBytes),
          tail(suffix.substr(head_size)) {}
    std::uint32_t head;
    std::uint32_t head_size;
    std::string_view tail;
  };

  BlockHeader header() const { return BlockHeader::load_from(data_); }
  std::uint32_t head(const BlockHeader& h, std::uint32_t i) const {
    return load<std::uint32_t>(data_ + h.heads_at() + std::uint64_t{i} * kBlockHeadBytes);
  }
  std::uint32_t head_size(const BlockHeader& h, std::uint32_t i) const {
    if (h.head_size != kHeadSizeColumn) return h.head_size;
    return load<std::uint8_t>(data_ + h.head_sizes_at() + i);
  }
  std::string_view tail(const BlockHeader& h, std::uint32_t i) const {
    if (h.has(kTailsSameSize)) {
      return {data_ + h.tails_at + std::uint64_t{i} * h.tail_size, h.tail_size};
    }
    return between_ends(h, h.tail_ends_at(), h.tails_at, i);
  }
  std::string_view value(const BlockHeader& h, std::uint32_t i) const {
    if (h.has(kValuesSameSize)) {
      return {data_ + h.values_at + std::uint64_t{i} * h.value_size, h.value_size};
    }
    return between_ends(h, h.value_ends_at(), h.values_at, i);
  }
  Trailer trailer(const BlockHeader& h, std::uint32_t i) const {
    if (h.trailer_width == 0) return Trailer{h.trailer_base};
    // Loads the 8 bytes that end with this delta: what comes before it is always in the block.
    const char* end = data_ + h.trailers_at() + (std::uint64_t{i} + 1) * h.trailer_width;
    const std::uint64_t delta = load<std::uint64_t>(end - 8) >> (64 - 8 * h.trailer_width);
    return Trailer{h.trailer_base + (delta << h.trailer_shift())};
  }
  std::string_view between_ends(const BlockHeader& h, std::uint64_t ends_at, std::uint64_t base,
                                std::uint32_t i) const {
    const char* ends = data_ + ends_at + i * h.offset_width();
    if (h.has(kWideOffsets)) {
      const auto begin = load<std::uint32_t>(ends);
      return {data_ + base + begin, load<std::uint32_t>(ends + 4) - begin};
    }
    const auto begin = load<std::uint16_t>(ends);
    return {data_ + base + begin, static_cast<std::size_t>(load<std::uint16_t>(ends + 2) - begin)};
  }

  /// Entry i against the target, like memcmp.
  int compare_suffix(const BlockHeader& h, std::uint32_t i, const Target& target) const;
  std::uint32_t lower_bound_in_tie(const BlockHeader& h, std::uint32_t first, const Target& target,
                                   Trailer trailer) const;

  const char* data_;
};

/// A block under a cursor, row by row: its header is decoded once, and the prefix of its keys is
/// written once into the buffer in which each row puts the rest of its key.
class Block::Rows {
 public:
  /// Begins with a block.
  void enter(Block block);
  std::uint32_t count() const { return header_.count; }
  /// All entries have seq 0: a merge at the bottom left one version of each key.
  bool has_single_versions() const {
    return header_.trailer_width == 0 && seq_of(Trailer{header_.trailer_base}) == 0;
  }
  /// Whether the neighbours i and i + 1 are versions of one key.
  bool same_key(std::uint32_t i) const {
    return block_.head(header_, i) == block_.head(header_, i + 1) &&
           block_.head_size(header_, i) == block_.head_size(header_, i + 1) &&
           block_.tail(header_, i) == block_.tail(header_, i + 1);
  }
  /// Sets `entry` to entry i. Its key is valid until the next call.
  void show(std::uint32_t i, Entry* entry) {
    const std::size_t head_size = block_.head_size(header_, i);
    const std::string_view tail = block_.tail(header_, i);
    const std::size_t size = header_.prefix_size + head_size + tail.size();
    if (size + kBlockHeadBytes > capacity_) [[unlikely]]
      grow(size);
    // All 4 bytes of the head are written; head_size says how many count.
    char* const suffix = key_.get() + header_.prefix_size;
    store(suffix, __builtin_bswap32(block_.head(header_, i)));
    if (!tail.empty()) tail.copy(suffix + head_size, tail.size());
    *entry = {{key_.get(), size}, block_.trailer(header_, i), block_.value(header_, i)};
  }

 private:
  void grow(std::size_t size);

  Block block_{nullptr};
  BlockHeader header_;
  std::unique_ptr<char[]> key_;
  std::size_t capacity_ = 0;
};

}  // namespace nacre
