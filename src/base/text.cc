#include "base/text.h"

#include <array>
#include <cstdio>

namespace nacre {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

void put_hex(std::string& out, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  out += kHexDigits[value >> 4];
  out += kHexDigits[value & 15];
}

/// `value` in the largest of `units` that it reaches, each `step` times the one before.
template <std::size_t N>
std::string human(std::uint64_t value, double step, const std::array<const char*, N>& units) {
  double scaled = static_cast<double>(value);
  std::size_t unit = 0;
  while (scaled >= step && unit + 1 < N) {
    scaled /= step;
    ++unit;
  }
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", scaled, units[unit]);
  return text;
}

}  // namespace

std::string escape(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const char byte : bytes) {
    switch (byte) {
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\0':
        out += "\\0";
        break;
      default:
        if (byte >= ' ' && byte <= '~') {
          out += byte;
        } else {
          out += "\\x";
          put_hex(out, byte);
        }
    }
  }
  return out;
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const std::size_t start = i;
    const char kind = ++i < text.size() ? text[i] : '?';
    if (kind == '\\') {
      out += '\\';
    } else if (kind == 'n') {
      out += '\n';
    } else if (kind == 't') {
      out += '\t';
    } else if (kind == 'r') {
      out += '\r';
    } else if (kind == '0') {
      out += '\0';
    } else if (kind == 'x' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
               hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      return Status::invalid("bad escape at offset " + std::to_string(start) +
                             ": use \\\\ \\n \\t \\r \\0 or \\xHH");
    }
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) put_hex(out, byte);
  return out;
}

Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return Status::invalid("hexadecimal text needs an even length");
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) {
      return Status::invalid("not a hexadecimal digit near offset " + std::to_string(i));
    }
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string human_bytes(std::uint64_t bytes) {
  return human(bytes, 1024, std::array{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"});
}

std::string human_nanos(std::uint64_t nanos) {
  return human(nanos, 1000, std::array{"ns", "us", "ms", "s"});
}

}  // namespace nacre
