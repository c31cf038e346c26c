#include "nacre/key_codec.h"

#include <bit>

namespace nacre {
namespace {

constexpr unsigned char kEscape = 0x00;
constexpr unsigned char kEscapedZero = 0xFF;  // after kEscape: the byte 00
constexpr unsigned char kEnd = 0x01;          // after kEscape: the end; below every escaped zero

/// Makes IEEE bits order like the numbers: positive numbers above negative ones, and among these
/// the larger magnitude below.
template <typename Bits>
Bits order_bits(Bits bits) {
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  return (bits & kSign) != 0 ? static_cast<Bits>(~bits) : bits | kSign;
}
template <typename Bits>
Bits unorder_bits(Bits bits) {
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  return (bits & kSign) != 0 ? bits ^ kSign : static_cast<Bits>(~bits);
}

}  // namespace

namespace detail {

// Equal to zero are 0.0 and -0.0; both become the former.
std::uint64_t ordered_double(double value) {
  return order_bits(std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value));
}
double from_ordered_double(std::uint64_t bits) { return std::bit_cast<double>(unorder_bits(bits)); }
std::uint32_t ordered_float(float value) {
  return order_bits(std::bit_cast<std::uint32_t>(value == 0 ? 0.0F : value));
}
float from_ordered_float(std::uint32_t bits) { return std::bit_cast<float>(unorder_bits(bits)); }

}  // namespace detail

KeyBuilder& KeyBuilder::add_bits(std::uint64_t bits, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) key_ += static_cast<char>(bits >> (8 * i));
  return *this;
}

KeyBuilder& KeyBuilder::add_string(std::string_view value, unsigned char flip) {
  const auto put = [&](unsigned byte) { key_ += static_cast<char>(byte ^ flip); };
  for (const char byte : value) {
    put(static_cast<unsigned char>(byte));
    if (static_cast<unsigned char>(byte) == kEscape) put(kEscapedZero);
  }
  put(kEscape);
  put(kEnd);
  return *this;
}

Status KeyReader::bad(std::string_view what) {
  status_ = Status::invalid("key: offset " + std::to_string(size_ - rest_.size()) + ": " +
                            std::string(what));
  return status_;
}

Status KeyReader::finish() const {
  if (!status_.ok() || rest_.empty()) return status_;
  return Status::invalid("key: offset " + std::to_string(size_ - rest_.size()) + ": " +
                         std::to_string(rest_.size()) + " more bytes than its parts");
}

Result<std::uint64_t> KeyReader::read_bits(std::size_t size) {
  if (!status_.ok()) return status_;
  if (rest_.size() < size) return bad("ends within a number of " + std::to_string(size) + " bytes");
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < size; ++i) bits = bits << 8 | static_cast<unsigned char>(rest_[i]);
  rest_.remove_prefix(size);
  return bits;
}

Result<std::string> KeyReader::read_string(unsigned char flip) {
  if (!status_.ok()) return status_;
  const auto byte_at = [&](std::size_t i) {
    return static_cast<unsigned char>(static_cast<unsigned char>(rest_[i]) ^ flip);
  };
  std::string value;
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    const unsigned char byte = byte_at(i);
    if (byte != kEscape) {
      value += static_cast<char>(byte);
      continue;
    }
    if (++i == rest_.size()) break;
    if (byte_at(i) == kEnd) {
      rest_.remove_prefix(i + 1);
      return value;
    }
    if (byte_at(i) != kEscapedZero) return bad("has a bad escape in a string");
    value += '\0';
  }
  return bad("ends within a string");
}

}  // namespace nacre
