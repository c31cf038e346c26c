// manifest_format.h - the bytes of a manifest and of CURRENT.
//
// FORMAT  CURRENT is one line: the name of the manifest in force, a space, and XXH3 of the name
// with seed 0 as 16 lower-case hexadecimal digits.
//
// FORMAT  a manifest is a header of 64 bytes and records. Numbers are little endian.
//
//   header   "NACREMAN" | u32 format | u32 zero | u64 features | u64 salt | 16 bytes store id |
//            u64 manifest number | u64 checksum
//            checksum: XXH3 of the 56 bytes before it, seed = mix_seed(salt, manifest number)
//
//   record   u64 checksum | u32 length | u32 kind | u64 guard | payload | zeros up to 8
//            checksum: XXH3 of all after it, zeros too, seed = mix_seed(mix_seed(salt, manifest
//            number), offset of the record)
//            guard: mix_seed(that same seed, kind << 32 | length)
//
//   The edit "next file is 300" (03 02 AC 02) as a record at offset 200 of manifest 7 in a store
//   whose salt is 0123456789ABCDEF:
//   A0 00 B6 91 D2 58 79 5C   04 00 00 00   02 00 00 00   0B DB 7A AF 61 41 3C BA
//   03 02 AC 02 00 00 00 00
//
// A record is on stable storage before the next is begun. So bytes behind a record prove that it
// was synced, and damage to it is no torn write. The guard is what makes the end of a damaged
// record known for certain, even where a crash leaves old bytes of other files in new blocks.
//
// The seeds bind each record to its store, its file and its place: bytes of an older manifest, or
// of this one at another place, don't verify.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "nacre/result.h"

namespace nacre {

inline constexpr std::uint64_t kManifestHeaderBytes = 64;
inline constexpr std::uint64_t kManifestRecordHeaderBytes = 24;
inline constexpr std::uint32_t kManifestFormat = 1;
/// A manifest is read into memory as a whole; this bounds it. Enough for a million tables.
inline constexpr std::uint64_t kManifestBytesMax = 256 << 20;

/// What tells one store from all others. Drawn at random when the store is made, never changed.
struct StoreIdentity {
  std::uint64_t salt = 0;  // seeds every checksum and filter of the store
  std::array<std::uint8_t, 16> id{};
  bool operator==(const StoreIdentity&) const = default;
};

enum class ManifestKind : std::uint32_t { kSnapshot = 1, kEdit = 2 };

/// Where a record is: all that its checksum and guard depend on beside its bytes.
struct ManifestPlace {
  std::uint64_t file_seed = 0;  // manifest_seed()
  std::uint64_t offset = 0;
};
std::uint64_t manifest_seed(const StoreIdentity& identity, FileNumber number);

std::string encode_manifest_header(const StoreIdentity& identity, FileNumber number);
/// `bytes` are the file from its beginning, `path` is for the message. kUnsupported when a newer
/// Nacre wrote it.
Result<StoreIdentity> decode_manifest_header(std::string_view bytes, FileNumber number,
                                             std::string_view path);

struct ManifestRecord {
  std::uint32_t kind = 0;    // may be one that this version does not know
  std::string_view payload;  // into the bytes that were read
  std::uint64_t end = 0;     // the offset behind the record
};
std::string encode_manifest_record(const ManifestPlace& place, ManifestKind kind,
                                   std::string_view payload);
/// The record at place.offset of the file `bytes`, or nothing when no valid one is there.
std::optional<ManifestRecord> read_manifest_record(std::string_view bytes,
                                                   const ManifestPlace& place);
/// Where a record at place.offset would end, which may lie behind the file, checksum unseen: its
/// guard proves that this length was written at this place of this manifest. Nothing without.
std::optional<std::uint64_t> guarded_record_end(std::string_view bytes, const ManifestPlace& place);

std::string encode_current(FileNumber number);
/// Nothing for every text that encode_current() would not return.
std::optional<FileNumber> parse_current(std::string_view text);

}  // namespace nacre
