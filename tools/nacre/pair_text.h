// pair_text.h - one entry as a line: what scan and dump print and load reads.
#pragma once

#include <string>

#include "codec.h"
#include "nacre/cursor.h"

namespace nacre::tool {

inline std::string pair_tsv(const KeyValue& entry, ByteFormat key_format, ByteFormat value_format) {
  std::string line = encode(key_format, entry.key);
  line += '\t';
  line += encode(value_format, entry.value);
  return line;
}

inline std::string key_json(std::string_view key, ByteFormat key_format) {
  return "{\"key\": " + json_bytes(key_format, key) + "}";
}

inline std::string pair_json(const KeyValue& entry, ByteFormat key_format,
                             ByteFormat value_format) {
  return "{\"key\": " + json_bytes(key_format, entry.key) +
         ", \"value\": " + json_bytes(value_format, entry.value) + "}";
}

}  // namespace nacre::tool
