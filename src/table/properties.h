// properties.h - what a table says about itself.
//
// FORMAT     a row of {tag varint, length varint, bytes}. Numbers are varints inside their bytes.
//            Unknown tags are skipped; a tag that is missing, or comes twice, is corruption.
//
//   1 entries  2 deletes  3 key bytes  4 value bytes  5 smallest key  6 largest key
//   7 min seq  8 max seq  9 blocks  10 codec  11 note: name as {length, bytes}, then its text
//
//   300 entries: 01 02 AC 02        smallest key "a": 05 01 61
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "nacre/result.h"
#include "table/compression.h"

namespace nacre {

/// Why and when a table was made, for people: ("reason", "flush").
using TableNotes = std::vector<std::pair<std::string, std::string>>;

struct TableProperties {
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;    // how many of the entries are deletes
  std::uint64_t key_bytes = 0;  // sums over the entries, before compression
  std::uint64_t value_bytes = 0;
  std::string smallest;  // user keys, both inclusive
  std::string largest;
  Seq min_seq = 0;
  Seq max_seq = 0;
  std::uint64_t blocks = 0;
  Codec codec = Codec::kNone;  // what the writer was asked for; blocks may be raw all the same
  TableNotes notes;

  bool operator==(const TableProperties&) const = default;
};

std::string encode_properties(const TableProperties& properties);
/// Also judges the values: counts and ranges that no table has are corruption. Errors carry no
/// place: the caller knows file and offset.
Result<TableProperties> decode_properties(std::string_view bytes);

}  // namespace nacre
