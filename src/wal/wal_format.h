// wal_format.h - the bytes of a wal segment: one header, then records, then zeros.
//
// A segment is written front to back into space that was filled with zeros ahead of use. Every
// checksum is XXH3-64 with a seed made of the store's salt, the segment's number and, for a record,
// its offset: bytes of another store, another segment or another place never verify.
//
// FORMAT  segment = header, [link], records, zeros up to the end of the prepared space (a sealed
//         segment ends with its last record). All integers little endian.
//
//   header, 64 bytes. These bytes and this checksum stay the same in every format version.
//    0  "NACREWAL"
//    8  u32 format version (1)          12  u32 feature bits that a reader must know:
//                                           1 made ahead, see link; others 0
//   16  u64 salt                        24  u64 number of this segment
//   32  u64 number of the previous segment, 0 for none
//   40  u64 final length of the previous segment; 0 when made ahead
//   48  u64 zero                        56  u64 checksum of bytes [0, 56), seed S
//                                           S = mix_seed(salt, number)
//
//   link, 16 bytes, only in a segment that was made ahead, while the previous one was still
//   written: its first use writes here where that one ended. Before, there are zeros.
//    0  u64 checksum of bytes [8, 16), seed mix_seed(S, 64)
//    8  u64 final length of the previous segment
//
//   record, at a multiple of 8
//    0  u64 checksum of bytes [8, 24 + length), seed mix_seed(S, offset of the record)
//    8  u32 length of the payload
//   12  u32 synced_to / 8: the bytes of this segment that were on stable storage when this record
//           was written; 0 when this segment had not been synced since its creation
//   16  u64 first seq << 8 | record kind (1: a batch)
//   24  payload, then zeros up to a multiple of 8
//
// EXAMPLE  salt 0x0123456789ABCDEF, segment 7 after segment 6 of 4,096 bytes; a batch "hello"
//          (opaque to the wal) of seq 42, written when nothing had been synced.
//
//   000  4e 41 43 52 45 57 41 4c  01 00 00 00 00 00 00 00   NACREWAL, version 1, features 0
//   010  ef cd ab 89 67 45 23 01  07 00 00 00 00 00 00 00   salt, segment 7
//   020  06 00 00 00 00 00 00 00  00 10 00 00 00 00 00 00   previous segment 6, 4,096 bytes long
//   030  00 00 00 00 00 00 00 00  f4 47 92 53 bd 21 90 38   zero, checksum
//   040  8e ae 61 f3 02 1e 0f b1  05 00 00 00 00 00 00 00   checksum, length 5, synced_to 0
//   050  01 2a 00 00 00 00 00 00  68 65 6c 6c 6f 00 00 00   seq 42 and kind 1, "hello", padding
//
//          The same header made ahead, and its link:
//
//   000  4e 41 43 52 45 57 41 4c  01 00 00 00 01 00 00 00   features 1
//   010  ef cd ab 89 67 45 23 01  07 00 00 00 00 00 00 00
//   020  06 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00   previous segment 6, length later
//   030  00 00 00 00 00 00 00 00  a4 6a 30 05 c0 69 07 21   zero, checksum
//   040  cb 55 48 98 97 12 4e 7f  00 10 00 00 00 00 00 00   checksum, 4,096 bytes
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/hash.h"
#include "base/ids.h"
#include "base/limits.h"
#include "nacre/result.h"

namespace nacre {

inline constexpr std::uint32_t kWalFormatVersion = 1;
inline constexpr std::uint64_t kWalHeaderBytes = 64;
inline constexpr std::uint64_t kWalLinkBytes = 16;
inline constexpr std::uint64_t kWalRecordHeaderBytes = 24;
/// The capacity of an ordinary segment. A larger batch gets a segment of its own.
inline constexpr std::uint64_t kWalSegmentBytes = 64 << 20;
inline constexpr std::uint8_t kWalBatchKind = 1;

/// Which segment of which store: what every checksum is seeded with.
struct WalIdentity {
  std::uint64_t salt = 0;
  FileNumber number{};
  bool operator==(const WalIdentity&) const = default;
};

struct WalHeader {
  WalIdentity identity;
  FileNumber previous{};  // 0: none
  std::uint64_t previous_length = 0;
  bool made_ahead = false;  // the length is in the link
  bool operator==(const WalHeader&) const = default;
};

std::array<char, kWalHeaderBytes> encode_wal_header(const WalHeader& header);
/// The header at the start of `bytes`. kCorruption when these are not the bytes of a header,
/// kUnsupported when a newer version wrote them; both name `file`.
Result<WalHeader> decode_wal_header(std::string_view bytes, std::string_view file);

/// The link of a segment that was made ahead: where the previous one ended.
std::array<char, kWalLinkBytes> encode_wal_link(const WalIdentity& identity,
                                                std::uint64_t previous_length);
/// Nothing when these are not the bytes of a link of this segment.
std::optional<std::uint64_t> decode_wal_link(std::string_view bytes, const WalIdentity& identity);

struct WalRecordHeader {
  std::uint64_t checksum = 0;
  std::uint32_t length = 0;     // of the payload
  std::uint64_t synced_to = 0;  // an offset, a multiple of 8
  Seq first_seq = 0;
  std::uint8_t kind = kWalBatchKind;
};

/// Between the encoded header at `bytes`, kWalRecordHeaderBytes of them, and its fields.
void store_record_header(char* bytes, const WalRecordHeader& header);
WalRecordHeader load_record_header(const char* bytes);

/// What a record of this payload takes in the segment, padding included.
constexpr std::uint64_t wal_record_bytes(std::uint64_t payload) {
  return (kWalRecordHeaderBytes + payload + 7) & ~std::uint64_t{7};
}

/// The capacity of a segment that is to hold a batch of this size.
constexpr std::uint64_t wal_capacity_for(std::uint64_t payload) {
  const std::uint64_t needed = kWalHeaderBytes + wal_record_bytes(payload);
  return needed > kWalSegmentBytes ? needed : kWalSegmentBytes;
}

inline std::uint64_t wal_segment_seed(const WalIdentity& identity) {
  return mix_seed(identity.salt, raw(identity.number));
}
inline std::uint64_t wal_record_seed(std::uint64_t segment_seed, std::uint64_t offset) {
  return mix_seed(segment_seed, offset);
}

/// Whether a record with this header can stand at `offset` of a file of `file_size` bytes: its
/// payload fits and is not over the limit, and it does not claim the sync of what came after it.
/// Asked before its bytes are looked at, so that a hostile length costs nothing.
bool record_is_plausible(const WalRecordHeader& header, std::uint64_t offset,
                         std::uint64_t file_size);

/// Whether `record`, wal_record_bytes(length) bytes, is whole: its checksum holds, its padding is
/// zero.
bool record_verifies(std::string_view record, std::uint64_t seed);

/// The checksum of a record of which only the 24 header bytes are at `header`, and whose payload
/// is in two parts.
std::uint64_t record_checksum(const char* header, std::string_view payload, std::string_view more,
                              std::uint64_t seed);

}  // namespace nacre
