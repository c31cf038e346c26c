// table_meta.h - what the store knows about a table without opening it.
//
// The manifest keeps one of these per table. Pickers plan from it, gets skip tables by its range,
// and recovery compares it with the file it finds.
//
// THREADS    a value.
// INVARIANT  (check_table_meta) number > 0; smallest <= largest, both at most kKeyBytesMax;
//            min_seq <= max_seq <= kSeqMax; 0 < entries; deletes <= entries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "base/ids.h"
#include "nacre/status.h"

namespace nacre {

struct TableMeta {
  FileNumber number{};
  std::uint64_t bytes = 0;  // of the file
  std::string smallest;     // user keys, both inclusive
  std::string largest;
  Seq min_seq = 0;
  Seq max_seq = 0;
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;    // how many of the entries are deletes
  std::uint64_t key_bytes = 0;  // sums over the entries, before compression
  std::uint64_t value_bytes = 0;
  std::uint64_t created_micros = 0;  // wall clock, for people

  bool operator==(const TableMeta&) const = default;
};

// FORMAT  varints, keys with a varint length before them:
//
//   number | bytes | smallest | largest | min_seq | max_seq | entries | deletes | key_bytes
//          | value_bytes | created_micros
//
//   table 12 of 300 bytes, ["a".."cd"], seqs 5-9, 4 entries (1 delete) of 6 + 20 bytes, time 7:
//   0C  AC 02  01 61  02 63 64  05  09  04  01  06  14  07

/// Appends the encoded form.
void encode_table_meta(const TableMeta& meta, std::string& out);
/// Reads what encode_table_meta wrote. Bad bytes make the reader fail; the values are not judged.
TableMeta decode_table_meta(ByteReader& reader);
/// The invariant above; kInvalid says which part is broken.
Status check_table_meta(const TableMeta& meta);

/// "12:[a..cd]@5-9": number, key range (escaped) and seq range.
std::string render(const TableMeta& meta);
/// The same with sizes: "12:[a..cd]@5-9 300 B, 4 entries, 1 delete, keys 6 B, values 20 B".
std::string render_with_sizes(const TableMeta& meta);

}  // namespace nacre
