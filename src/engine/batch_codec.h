// batch_codec.h - a batch as bytes: the payload of a wal record.
//
// FORMAT  operations one after the other, to the end of the payload:
//
//   +------+---------------+----------------+-----+------------------+-------+
//   | kind | [keyspace id] | key length     | key | [value length]   | value |
//   | u8   | varint        | varint         |     | varint, puts     |       |
//   +------+---------------+----------------+-----+------------------+-------+
//
//   The keyspace id is there when bit 7 of the kind byte is set; without it the default keyspace is
//   meant. Operation i of a record has the seq of the record plus i.
//
//   put "k" "vv", remove "a":   01 01 6B 02 76 76 | 00 01 61
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "key/entry.h"
#include "nacre/status.h"

namespace nacre::engine {

/// ok, or kInvalid when key or value are over the limits of base/limits.h.
Status check_sizes(std::string_view key, std::string_view value);

void encode_put(std::string& out, std::string_view key, std::string_view value);
void encode_remove(std::string& out, std::string_view key);

/// One operation; the views lie in the payload.
struct Operation {
  Kind kind = Kind::kPut;
  std::string_view key;
  std::string_view value;
};

/// Walks a payload. Bytes from a file are untrusted: next() fails on anything malformed.
class BatchReader {
 public:
  explicit BatchReader(std::string_view payload) : bytes_(payload) {}
  /// False at the end and at an error; status() tells which.
  bool next(Operation* operation);
  const Status& status() const { return status_; }

 private:
  ByteReader bytes_;
  Status status_;
};

}  // namespace nacre::engine
