// reader.h - entries out of text, for `nacre load`: one small class a format.
//
// THREADS  one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "codec.h"
#include "line_source.h"
#include "nacre/result.h"

namespace nacre::tool {

enum class TextKind : std::uint8_t { kTsv, kJsonLines, kControl };

struct Entry {
  std::string key;
  std::string value;
};

struct ReaderSettings {
  ByteFormat key_format = ByteFormat::kText;
  ByteFormat value_format = ByteFormat::kText;
  /// JSON lines: the member that is the key, the whole line being the value; empty: members "key"
  /// and "value". Control: the field that is the key; empty: Package.
  std::string key_field;
};

class EntryReader {
 public:
  virtual ~EntryReader() = default;
  /// Puts the next entry into `entry`, or returns false at the end of the input or when it was
  /// stopped. kInvalid, with the line, for text that is not in the format.
  virtual Result<bool> next(Entry& entry) = 0;
};

/// `source` must outlive the reader.
std::unique_ptr<EntryReader> make_reader(TextKind kind, LineSource& source,
                                         ReaderSettings settings);
/// The three that it chooses from.
std::unique_ptr<EntryReader> make_tsv_reader(LineSource& source, ReaderSettings settings);
std::unique_ptr<EntryReader> make_jsonl_reader(LineSource& source, ReaderSettings settings);
std::unique_ptr<EntryReader> make_control_reader(LineSource& source, ReaderSettings settings);

}  // namespace nacre::tool
