// coding.h - integers as bytes: little endian when fixed, base-128 when variable.
//
// Writers append to a std::string; readers are in byte_reader.h. A varint takes 7 bits per byte,
// lowest first, the top bit saying that more follow: 300 = AC 02.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace nacre {

static_assert(std::endian::native == std::endian::little, "formats are used in place");

inline constexpr int kVarint64BytesMax = 10;

template <typename T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename T>
void store(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

template <typename Out, typename T>
void put_fixed(Out& out, T value) {
  char bytes[sizeof(T)];
  store(bytes, value);
  out.append(bytes, sizeof bytes);
}

constexpr std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

/// Writes at `to`, which has room, and returns the end.
inline char* write_varint(char* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

template <typename Out>
void put_varint(Out& out, std::uint64_t value) {
  char bytes[kVarint64BytesMax];
  out.append(bytes, static_cast<std::size_t>(write_varint(bytes, value) - bytes));
}

/// Length as a varint, then the bytes.
template <typename Out>
void put_string(Out& out, std::string_view bytes) {
  put_varint(out, bytes.size());
  out.append(bytes);
}

}  // namespace nacre
