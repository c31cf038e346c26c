// key_codec.h - keys made of numbers and strings that order bytewise as their parts do.
//
//   std::string key = nacre::encode_key(std::uint32_t{7}, "name", nacre::descending(time));
//   auto parts = nacre::decode_key<std::uint32_t, std::string,
//   nacre::Descending<std::int64_t>>(key);
//
// Keys that were encoded with the same sequence of types compare like tuples of those parts. The
// bytes don't say what the types are: decode with those that encoded. The encoding of the first
// parts is a prefix of the key, which suits Range::prefix().
//
// FORMAT  one part after the other
//
//   unsigned integer   its bytes, most significant first         std::uint16_t{0x0102} = 01 02
//   signed integer     the same with the sign bit flipped        std::int8_t{-1}       = 7F
//   float, double      IEEE bits, most significant byte first;   1.0  = BF F0 00 00 00 00 00 00
//                      positive: sign bit flipped; negative:     -1.0 = 40 0F FF FF FF FF FF FF
//                      all bits flipped
//   string             each byte 00 as 00 FF, at the end 00 01   "a\0" = 61 00 FF 00 01
//   descending         all bytes of the part flipped             descending("a") = 9E FF FE
//
// -0.0 is encoded as 0.0. The order of floating point numbers is negative NaNs, -infinity, numbers,
// infinity, positive NaNs.
//
// THREADS  builder and reader: one thread at a time.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "nacre/export.h"
#include "nacre/result.h"

namespace nacre {

/// An integer with the same size everywhere: write the type out, std::uint32_t{7}, since a plain 7
/// takes the size of int. Characters and bool are left out.
template <typename T>
concept KeyInteger = std::same_as<T, std::uint8_t> || std::same_as<T, std::uint16_t> ||
    std::same_as<T, std::uint32_t> || std::same_as<T, std::uint64_t> ||
    std::same_as<T, std::int8_t> || std::same_as<T, std::int16_t> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t>;

template <typename T>
concept KeyNumber = KeyInteger<T> || std::same_as<T, float> || std::same_as<T, double>;

/// A part that orders from large to small.
template <typename T>
struct Descending {
  T value;
  friend bool operator==(const Descending&, const Descending&) = default;
};
template <KeyNumber T>
constexpr Descending<T> descending(T value) {
  return {value};
}
/// A view: the bytes must live until they are encoded.
inline Descending<std::string_view> descending(std::string_view value) { return {value}; }

namespace detail {
/// A number as the unsigned integer that orders like it, in its lowest sizeof(T) bytes.
template <KeyNumber T>
std::uint64_t ordered_bits(T value);
template <KeyNumber T>
T from_ordered_bits(std::uint64_t bits);
}  // namespace detail

/// Puts a key together part by part.
class NACRE_API KeyBuilder {
 public:
  template <KeyNumber T>
  KeyBuilder& add(T value) {
    return add_bits(detail::ordered_bits(value), sizeof(T));
  }
  template <KeyNumber T>
  KeyBuilder& add(Descending<T> part) {
    return add_bits(~detail::ordered_bits(part.value), sizeof(T));
  }
  KeyBuilder& add(std::string_view value) { return add_string(value, 0); }
  KeyBuilder& add(const std::string& value) { return add_string(value, 0); }
  KeyBuilder& add(const char* value) { return add_string(value, 0); }
  KeyBuilder& add(Descending<std::string_view> part) { return add_string(part.value, 0xFF); }
  KeyBuilder& add(const Descending<std::string>& part) { return add_string(part.value, 0xFF); }

  std::string_view view() const { return key_; }
  const std::string& str() const& { return key_; }
  std::string str() && { return std::move(key_); }
  void clear() { key_.clear(); }

 private:
  KeyBuilder& add_bits(std::uint64_t bits, std::size_t size);
  KeyBuilder& add_string(std::string_view value, unsigned char flip);

  std::string key_;
};

/// Takes a key apart, part by part. After an error every further read is that error.
class NACRE_API KeyReader {
 public:
  /// The key must outlive the reader.
  explicit KeyReader(std::string_view key) : rest_(key), size_(key.size()) {}

  /// The next part: T is an integer, float, double, std::string or Descending of one of them.
  /// kInvalid when the bytes that are left don't begin with an encoding of a T.
  template <typename T>
  Result<T> read();
  /// ok when all bytes were read without an error.
  Status finish() const;

 private:
  Result<std::uint64_t> read_bits(std::size_t size);
  Result<std::string> read_string(unsigned char flip);
  Status bad(std::string_view what);

  std::string_view rest_;
  std::size_t size_;
  Status status_;
};

template <typename... Parts>
std::string encode_key(const Parts&... parts) {
  KeyBuilder builder;
  (builder.add(parts), ...);
  return std::move(builder).str();
}

/// The parts of a key; kInvalid when it was not encoded with exactly these types.
template <typename... Parts>
Result<std::tuple<Parts...>> decode_key(std::string_view key);

// Below: how the templates do it.

namespace detail {

template <typename T>
struct IsDescending : std::false_type {};
template <typename T>
struct IsDescending<Descending<T>> : std::true_type {
  using Part = T;
};

NACRE_API std::uint64_t ordered_double(double value);
NACRE_API double from_ordered_double(std::uint64_t bits);
NACRE_API std::uint32_t ordered_float(float value);
NACRE_API float from_ordered_float(std::uint32_t bits);

template <KeyInteger T>
constexpr std::uint64_t sign_bit() {
  return std::is_signed_v<T> ? std::uint64_t{1} << (8 * sizeof(T) - 1) : 0;
}

template <KeyNumber T>
std::uint64_t ordered_bits(T value) {
  if constexpr (std::same_as<T, double>) {
    return ordered_double(value);
  } else if constexpr (std::same_as<T, float>) {
    return ordered_float(value);
  } else {
    return static_cast<std::uint64_t>(value) ^ sign_bit<T>();
  }
}

template <KeyNumber T>
T from_ordered_bits(std::uint64_t bits) {
  if constexpr (std::same_as<T, double>) {
    return from_ordered_double(bits);
  } else if constexpr (std::same_as<T, float>) {
    return from_ordered_float(static_cast<std::uint32_t>(bits));
  } else {
    return static_cast<T>(bits ^ sign_bit<T>());
  }
}

}  // namespace detail

template <typename T>
Result<T> KeyReader::read() {
  if constexpr (std::same_as<T, std::string>) {
    return read_string(0);
  } else if constexpr (std::same_as<T, Descending<std::string>>) {
    Result<std::string> value = read_string(0xFF);
    if (!value.ok()) return std::move(value).error();
    return T{std::move(value).value()};
  } else if constexpr (detail::IsDescending<T>::value) {
    using Part = typename detail::IsDescending<T>::Part;
    Result<std::uint64_t> bits = read_bits(sizeof(Part));
    if (!bits.ok()) return std::move(bits).error();
    return T{detail::from_ordered_bits<Part>(~*bits)};
  } else {
    Result<std::uint64_t> bits = read_bits(sizeof(T));
    if (!bits.ok()) return std::move(bits).error();
    return detail::from_ordered_bits<T>(*bits);
  }
}

template <typename... Parts>
Result<std::tuple<Parts...>> decode_key(std::string_view key) {
  KeyReader reader(key);
  // Braces fix the order of the reads.
  std::tuple<Result<Parts>...> parts{reader.read<Parts>()...};
  if (Status status = reader.finish(); !status.ok()) return status;
  return std::apply([](auto&&... part) { return std::tuple<Parts...>(std::move(part).value()...); },
                    std::move(parts));
}

}  // namespace nacre
