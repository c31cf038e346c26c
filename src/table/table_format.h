// table_format.h - the frame of a table file: block trailers, sections, directory, footer.
//
// FORMAT     everything little endian, nothing between the parts:
//
//   +---------------------------------------------------------------+ 0
//   | data block 0 | trailer | data block 1 | trailer | ...         |
//   +---------------------------------------------------------------+ offset of the first section
//   | section | section | ...      index, filter, properties        |
//   +---------------------------------------------------------------+ directory offset
//   | directory: 32 bytes for each section, in the order of the file|
//   +---------------------------------------------------------------+ size - 64
//   | footer                                                        |
//   +---------------------------------------------------------------+ size
//
//   trailer   raw size u32 | codec u8 | checksum u64 of the stored block and the 5 bytes before it
//   directory id u32 | flags u32 | offset u64 | length u64 | checksum u64 of the section
//   footer    directory offset u64 | directory length u32 | version u32 | required features u64
//             | file number u64 | store echo u64 | directory checksum u64
//             | checksum u64 of the 48 bytes before it | magic "NacreTbl"
//
//   A block "abc" stored raw:   61 62 63 | 03 00 00 00 | 00 | 8 bytes of checksum
//
// CHECKSUMS  XXH3-64. Those of blocks, sections and the directory are seeded with the store's salt,
//            the file number and the offset, so that neither a block out of place nor another table
//            verifies. The footer's own is seeded with 0: a foreign file is then told from a broken
//            one, and the echo says which store it belongs to without giving its salt away.
// COVERAGE   parts lie back to back, so that every byte of the file is under one of the checksums
//            or is the magic.
// GROWTH     an unknown section with flag 1 (required), an unknown required feature and a larger
//            version are refused as written by a newer Nacre; other unknown sections are skipped.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/large_memory.h"
#include "nacre/result.h"
#include "table/compression.h"

namespace nacre {

inline constexpr std::size_t kBlockTrailerBytes = 13;
inline constexpr std::size_t kDirectoryEntryBytes = 32;
inline constexpr std::size_t kFooterBytes = 64;
inline constexpr std::size_t kSectionsMax = 64;
inline constexpr std::uint32_t kTableVersion = 1;
inline constexpr std::uint64_t kKnownTableFeatures = 0;

/// What the checksums of one table are seeded with.
class TableSeed {
 public:
  TableSeed(std::uint64_t salt, FileNumber number)
      : seed_(mix_seed(salt, raw(number))), echo_(mix_seed(~salt, 0)), number_(number) {}

  std::uint64_t at(std::uint64_t offset) const { return mix_seed(seed_, offset); }
  std::uint64_t store_echo() const { return echo_; }
  FileNumber number() const { return number_; }

 private:
  std::uint64_t seed_;
  std::uint64_t echo_;
  FileNumber number_;
};

/// A stored block taken apart.
struct StoredBlock {
  Codec codec = Codec::kNone;
  std::uint32_t raw_size = 0;
  std::string_view bytes;  // without the trailer
};
/// Writes the trailer of `bytes`, which lie at `offset` of the file.
void append_block_trailer(const TableSeed& seed, std::uint64_t offset, const StoredBlock& block,
                          LargeString& out);
/// Takes apart a block with its trailer, read at `offset`. The checksum holds, the codec is known
/// and the raw size is plausible, or the error says which is not.
Result<StoredBlock> open_stored_block(const TableSeed& seed, std::string_view file,
                                      std::uint64_t offset, std::string_view with_trailer);

enum class SectionId : std::uint32_t { kIndex = 1, kFilter = 2, kProperties = 3 };
inline constexpr std::uint32_t kSectionRequired = 1;

struct Section {
  SectionId id{};
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t checksum = 0;
};
std::string encode_directory(std::span<const Section> sections);

struct Footer {
  std::uint64_t directory_offset = 0;
  std::uint32_t directory_length = 0;
  std::uint64_t required_features = 0;
  std::uint64_t directory_checksum = 0;
};
std::string encode_footer(const TableSeed& seed, const Footer& footer);
/// `tail` holds the last kFooterBytes of a file of `file_size` bytes, or all of a smaller one.
Result<Footer> decode_footer(const TableSeed& seed, std::string_view file, std::uint64_t file_size,
                             std::string_view tail);

/// The sections of a table, after the footer was decoded. Their ids are known or optional, they lie
/// back to back and end where the directory begins.
Result<std::vector<Section>> decode_directory(const TableSeed& seed, std::string_view file,
                                              const Footer& footer, std::string_view bytes);

/// The section with this id, or null.
const Section* find_section(std::span<const Section> sections, SectionId id);
/// Compares the bytes of a section with its checksum.
Status check_section(const TableSeed& seed, std::string_view file, const Section& section,
                     std::string_view bytes);

}  // namespace nacre
