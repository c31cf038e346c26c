// byte_reader.h - reads untrusted bytes from front to back and never past the end.
//
// A read that does not fit yields zero or an empty view and makes the reader fail for good: decode
// a whole structure, then ask ok() once. Lengths are compared with what remains, never added.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/coding.h"

namespace nacre {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }
  std::size_t remaining() const { return rest_.size(); }
  bool done() const { return ok_ && rest_.empty(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  template <typename T>
  T fixed() {
    const std::string_view bytes = take(sizeof(T));
    return bytes.size() == sizeof(T) ? load<T>(bytes.data()) : T{};
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      if (shift == 63 && byte > 1) break;  // more than 64 bits
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }

  /// A varint that must not exceed `max`.
  std::uint64_t varint_up_to(std::uint64_t max) {
    const std::uint64_t value = varint();
    if (value <= max) return value;
    fail();
    return 0;
  }

  std::string_view take(std::uint64_t size) {
    if (!ok_ || size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  /// What put_string wrote.
  std::string_view string() { return take(varint()); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace nacre
