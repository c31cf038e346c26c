// block_format.h - the bytes of a block: up to a few dozen neighbouring entries, used in place.
//
// A key in a block is three parts that are never put together on disk: the prefix that all keys of
// the block share; the head, the next 4 bytes (fewer when the key ends before); and the tail, what
// is left. Heads are stored as integers that compare like the bytes, zero padded, so that a search
// is a vector compare over one small array, and ties alone look at tails. Nothing is coded relative
// to a neighbour: any entry costs the same to reach, in any direction.
//
// INVARIANT  entries ascend strictly in the order of entry.h; all versions of a key are in one
//            block. Offsets fit 32 bits.
//
// FORMAT  little endian; the columns follow each other in this order. n is the entry count, W the
//         offset width: 4 with kWideOffsets, else 2.
//
//    0  u8  format (1)                   1  u8  flags, below
//    2  u8  trailer width w (0 to 8)     3  u8  head size of every key (0 to 4), 0xFF: a column
//    4  u32 n, at least 1                8  u64 the smallest trailer of the block
//   16  u32 prefix size                 20  u32 tail size, when all are the same
//   24  u32 value size, when all same   28  u32 where the tails begin
//   32  u32 where the values begin
//   36  prefix, zeros to a multiple of 4
//       heads        u32 x n         first 4 bytes after the prefix, the first counts most
//       tail ends    uW x (n + 1)    0, then where each tail ends; absent with kTailsSameSize
//       value ends   uW x (n + 1)    likewise; absent with kValuesSameSize
//       trailers     w bytes x n     what to add to the smallest trailer, with kOneKind in units
//                                    of one seq; absent (w = 0) when all trailers are the same
//       head sizes   u8 x n          bytes of the head that are key; absent unless the header
//                                    says 0xFF
//       tails, then values           each without gaps; the block ends with the last value
//
// EXAMPLE  (app, 9, put) -> "x"   (apple, 12, put) -> "red"   (apple, 7, delete)
//          (apricot, 8, put) -> "";   prefix "ap", smallest trailer 0x700
//
//   00  01 00 02 ff  04 00 00 00   format 1, narrow offsets, w = 2, head sizes in a column, n = 4
//   08  00 07 00 00  00 00 00 00   smallest trailer: seq 7, delete
//   10  02 00 00 00  00 00 00 00   prefix of 2; tails differ in size
//   18  00 00 00 00  58 00 00 00   values differ in size; tails at 0x58
//   20  59 00 00 00  61 70 00 00   values at 0x59; "ap", padding
//   28  00 00 00 70  00 65 6c 70   heads "p...", "ple."
//   30  00 65 6c 70  6f 63 69 72   heads "ple.", "rico"
//   38  00 00 00 00  00 00 00 00   tail ends 0, 0, 0, 0 ...
//   40  01 00 00 00  01 00 04 00   ... 1; value ends 0, 1, 4 ...
//   48  04 00 04 00  01 02 01 05   ... 4, 4; trailers +0x201, +0x501 ...
//   50  00 00 01 01  01 03 03 04   ... +0, +0x101; head sizes 1, 3, 3, 4
//   58  74 78 72 65  64            tail "t"; values "x", "red"
#pragma once

#include <cstdint>
#include <string_view>

#include "base/coding.h"

namespace nacre {

inline constexpr std::uint8_t kBlockFormat = 1;
inline constexpr std::size_t kBlockHeaderBytes = 36;
inline constexpr std::uint64_t kBlockBytesMax = 0xFFFFFFFF;
inline constexpr std::uint32_t kBlockHeadBytes = 4;
/// In the place of the head size: each key has its own, in a column.
inline constexpr std::uint8_t kHeadSizeColumn = 0xFF;

// Block flags.
inline constexpr std::uint8_t kWideOffsets = 1;     // ends are u32, not u16
inline constexpr std::uint8_t kTailsSameSize = 2;   // no tail ends
inline constexpr std::uint8_t kValuesSameSize = 4;  // no value ends
inline constexpr std::uint8_t kOneKind = 8;         // trailers differ in the seq only
inline constexpr std::uint8_t kBlockFlagsKnown = 15;

/// The first 4 bytes of a key without its prefix as an integer that compares like them; what is
/// missing counts as zero, so that "a" and "a\0" have the same head.
inline std::uint32_t block_head(std::string_view suffix) {
  if (suffix.size() >= kBlockHeadBytes)
    return __builtin_bswap32(load<std::uint32_t>(suffix.data()));
  std::uint32_t head = 0;
  for (std::size_t i = 0; i < suffix.size(); ++i) {
    head |= std::uint32_t{static_cast<unsigned char>(suffix[i])} << (24 - 8 * i);
  }
  return head;
}

/// The header, and the places of the columns that follow from it. Places are 64 bits wide so that
/// no header, however wrong, makes them wrap.
struct BlockHeader {
  std::uint8_t format = kBlockFormat;
  std::uint8_t flags = 0;
  std::uint8_t trailer_width = 0;
  std::uint8_t head_size = 0;
  std::uint32_t count = 0;
  std::uint64_t trailer_base = 0;
  std::uint32_t prefix_size = 0;
  std::uint32_t tail_size = 0;
  std::uint32_t value_size = 0;
  std::uint32_t tails_at = 0;
  std::uint32_t values_at = 0;

  // The compiler drops the loads of what a caller does not use.
  static BlockHeader load_from(const char* block) {
    BlockHeader header;
    header.format = load<std::uint8_t>(block);
    header.flags = load<std::uint8_t>(block + 1);
    header.trailer_width = load<std::uint8_t>(block + 2);
    header.head_size = load<std::uint8_t>(block + 3);
    header.count = load<std::uint32_t>(block + 4);
    header.trailer_base = load<std::uint64_t>(block + 8);
    header.prefix_size = load<std::uint32_t>(block + 16);
    header.tail_size = load<std::uint32_t>(block + 20);
    header.value_size = load<std::uint32_t>(block + 24);
    header.tails_at = load<std::uint32_t>(block + 28);
    header.values_at = load<std::uint32_t>(block + 32);
    return header;
  }

  void store_to(char* block) const {
    store(block, format);
    store(block + 1, flags);
    store(block + 2, trailer_width);
    store(block + 3, head_size);
    store(block + 4, count);
    store(block + 8, trailer_base);
    store(block + 16, prefix_size);
    store(block + 20, tail_size);
    store(block + 24, value_size);
    store(block + 28, tails_at);
    store(block + 32, values_at);
  }

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  std::uint64_t offset_width() const { return has(kWideOffsets) ? 4 : 2; }
  std::uint64_t ends_bytes() const { return (std::uint64_t{count} + 1) * offset_width(); }
  int trailer_shift() const { return has(kOneKind) ? 8 : 0; }

  std::uint64_t heads_at() const {
    return (kBlockHeaderBytes + std::uint64_t{prefix_size} + 3) & ~std::uint64_t{3};
  }
  std::uint64_t tail_ends_at() const { return heads_at() + std::uint64_t{count} * kBlockHeadBytes; }
  std::uint64_t value_ends_at() const {
    return tail_ends_at() + (has(kTailsSameSize) ? 0 : ends_bytes());
  }
  std::uint64_t trailers_at() const {
    return value_ends_at() + (has(kValuesSameSize) ? 0 : ends_bytes());
  }
  std::uint64_t head_sizes_at() const {
    return trailers_at() + std::uint64_t{count} * trailer_width;
  }
  /// Where the tails must begin.
  std::uint64_t columns_end() const {
    return head_sizes_at() + (head_size == kHeadSizeColumn ? count : 0);
  }
};

}  // namespace nacre
