// codec.h - keys and values as something that can be typed, printed and piped.
//
//   format   the bytes 61 0A C3 A9
//   text     a\n\xc3\xa9            printable ASCII as it is, the rest escaped (base/text.h)
//   hex      610ac3a9
//   base64   YQrDqQ==               RFC 4648, with padding
//   raw      the bytes themselves   only for a single value: nothing can be told from its end
//
// In JSON, where text has its own escapes, the default is a JSON string when the bytes are UTF-8
// and {"base64": "..."} when they are not, so that nothing is lost and most data reads as it is.
// With hex or base64 asked for by name, JSON holds a string in that format.
//
// THREADS  pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nacre/result.h"

namespace nacre::tool {

enum class ByteFormat : std::uint8_t { kText, kHex, kBase64, kRaw };

std::string encode(ByteFormat format, std::string_view bytes);
/// The inverse of encode(); kInvalid says what is wrong with `text`.
Result<std::string> decode(ByteFormat format, std::string_view text);

std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);

/// Well-formed by the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);
/// `text`, which must be UTF-8, as a JSON string with its quotes.
std::string json_string(std::string_view text);
/// Any bytes as a JSON value: see the caption.
std::string json_bytes(ByteFormat format, std::string_view bytes);

}  // namespace nacre::tool
