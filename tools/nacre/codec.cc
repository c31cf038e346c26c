#include "codec.h"

#include <array>

#include "base/text.h"

namespace nacre::tool {

namespace {

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> kBase64Values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
}

/// Length of the UTF-8 sequence that starts at `i`, or 0 when there is no legal one.
std::size_t utf8_length(std::string_view bytes, std::size_t i) {
  const std::uint32_t lead = byte_at(bytes, i);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || i + length > bytes.size()) return 0;
  // The second byte is where overlong forms, surrogates and too large numbers show.
  std::uint32_t low = 0x80;
  std::uint32_t high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  const std::uint32_t second = byte_at(bytes, i + 1);
  if (second < low || second > high) return 0;
  for (std::size_t k = 2; k < length; ++k) {
    if ((byte_at(bytes, i + k) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t three =
        byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    out += kBase64Digits[three >> 18];
    out += kBase64Digits[three >> 12 & 63];
    out += i + 1 < bytes.size() ? kBase64Digits[three >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kBase64Digits[three & 63] : '=';
  }
  return out;
}

Result<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return Status::invalid("base64 text needs a length that 4 divides, with = at its end");
  }
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const std::size_t digits = text.size() - padding;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int held = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int value = kBase64Values[byte_at(text, i)];
    if (value < 0) return Status::invalid("not a base64 digit at offset " + std::to_string(i));
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xFF);
    bits &= (1U << held) - 1;
  }
  // What is left belongs to no byte. Were it not zero, two texts would mean the same bytes.
  if (bits != 0) return Status::invalid("base64 text has stray bits at its end");
  return out;
}

std::string encode(ByteFormat format, std::string_view bytes) {
  switch (format) {
    case ByteFormat::kText:
      return escape(bytes);
    case ByteFormat::kHex:
      return to_hex(bytes);
    case ByteFormat::kBase64:
      return to_base64(bytes);
    case ByteFormat::kRaw:
      break;
  }
  return std::string(bytes);
}

Result<std::string> decode(ByteFormat format, std::string_view text) {
  switch (format) {
    case ByteFormat::kText:
      return unescape(text);
    case ByteFormat::kHex:
      return from_hex(text);
    case ByteFormat::kBase64:
      return from_base64(text);
    case ByteFormat::kRaw:
      break;
  }
  return std::string(text);
}

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t length = utf8_length(bytes, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string json_string(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += "\\u00";
      out += to_hex(std::string_view(&c, 1));
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

std::string json_bytes(ByteFormat format, std::string_view bytes) {
  if (format == ByteFormat::kHex || format == ByteFormat::kBase64) {
    return json_string(encode(format, bytes));
  }
  if (is_utf8(bytes)) return json_string(bytes);
  return "{\"base64\": " + json_string(to_base64(bytes)) + "}";
}

}  // namespace nacre::tool
