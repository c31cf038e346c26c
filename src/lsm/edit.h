// edit.h - the difference between two versions of a store, as a value and as bytes.
//
// The manifest is a row of edits: the first makes the whole store out of nothing, each later one
// says what a flush or a compaction changed. An edit is atomic: all of it counts or nothing.
//
// A field that is not stated leaves what was stated before. Fields are tagged, and a tag says
// whether a reader that does not know it may skip it (even) or must refuse the store (odd): later
// versions can add both kinds.
//
// THREADS    a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "lsm/table_meta.h"
#include "nacre/result.h"

namespace nacre {

/// How the keys of a store are ordered. There is one order; the name is kept in every manifest so
/// that a store with another one is refused and not misread.
inline constexpr std::string_view kKeyOrder = "bytewise";

struct AddedTable {
  int level = 0;
  TableMeta meta;
  KeyspaceId keyspace = kDefaultKeyspace;
  bool operator==(const AddedTable&) const = default;
};

struct RemovedTable {
  int level = 0;
  FileNumber number{};
  KeyspaceId keyspace = kDefaultKeyspace;
  bool operator==(const RemovedTable&) const = default;
};

struct Edit {
  bool states_order = false;                   // the keys are ordered by kKeyOrder
  std::optional<FileNumber> next_file;         // no file has this number or a larger one
  std::optional<Seq> last_seq;                 // no table holds a seq above it
  std::optional<FileNumber> wal_floor;         // wal files with smaller numbers are not needed
  std::optional<std::uint64_t> applied_index;  // how far a replicator has come
  std::vector<RemovedTable> removed;           // taken away before `added` is put in
  std::vector<AddedTable> added;
  std::string reason;             // why, for people: "flush", "compaction 1 -> 2"
  std::uint64_t wall_micros = 0;  // when, for people; 0 is not stated

  bool operator==(const Edit&) const = default;
};

// FORMAT  fields, each
//
//   tag (varint) | length (varint) | that many bytes
//
//   tag  name           bytes                                        times
//    1   key order      text                                         0-1
//    3   next file      varint                                       0-1
//    5   last seq       varint                                       0-1
//    7   wal floor      varint                                       0-1
//    9   applied index  varint                                       0-1
//   11   removed table  keyspace, level, number: varints             any
//   13   added table    keyspace, level: varints; then table_meta.h  any
//   15   new keyspace   reserved: id varint, name                    refused
//    2   reason         text                                         0-1
//    4   wall time      varint                                       0-1
//
//   "next file is 300; table 7 leaves level 1; because: move":
//   03 02 AC 02   0B 03 00 01 07   02 04 6D 6F 76 65

/// Appends the encoded form, fields in the order of the table above.
void encode_edit(const Edit& edit, std::string& out);
/// Reads untrusted bytes. kCorruption: they are not an edit; the message names the offset in them.
/// kUnsupported: a newer Nacre wrote them. Takes memory in proportion to the bytes.
Result<Edit> decode_edit(std::string_view bytes);

/// One line: "next_file 13, last_seq 9, -L0 11, +L1 12:[a..c]@5-9, because: compaction".
std::string render(const Edit& edit);

}  // namespace nacre
