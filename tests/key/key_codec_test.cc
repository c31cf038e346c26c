#include "nacre/key_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/text.h"

namespace nacre {
namespace {

template <typename... Parts>
std::string hex(const Parts&... parts) {
  return to_hex(encode_key(parts...));
}

TEST(KeyCodec, GoldenBytes) {
  EXPECT_EQ(hex(std::uint8_t{7}), "07");
  EXPECT_EQ(hex(std::uint16_t{0x0102}), "0102");
  EXPECT_EQ(hex(std::uint32_t{0x01020304}), "01020304");
  EXPECT_EQ(hex(std::uint64_t{0x0102030405060708}), "0102030405060708");
  EXPECT_EQ(hex(std::int8_t{-1}), "7f");
  EXPECT_EQ(hex(std::int16_t{1}), "8001");
  EXPECT_EQ(hex(std::int32_t{-2}), "7ffffffe");
  EXPECT_EQ(hex(std::numeric_limits<std::int64_t>::min()), "0000000000000000");
  EXPECT_EQ(hex(1.0), "bff0000000000000");
  EXPECT_EQ(hex(-1.0), "400fffffffffffff");
  EXPECT_EQ(hex(0.0), "8000000000000000");
  EXPECT_EQ(hex(-0.0), "8000000000000000");
  EXPECT_EQ(hex(1.0F), "bf800000");
  EXPECT_EQ(hex(-0.0F), "80000000");
  EXPECT_EQ(hex(""), "0001");
  EXPECT_EQ(hex(std::string("a\0", 2)), "6100ff0001");
  EXPECT_EQ(hex(descending("a")), "9efffe");
  EXPECT_EQ(hex(descending(std::uint16_t{0x0102})), "fefd");
  EXPECT_EQ(hex(descending(std::int8_t{-1})), "80");
  EXPECT_EQ(hex(std::uint8_t{7}, "name", descending(1.0)), "076e616d650001400fffffffffffff");
}

TEST(KeyCodec, FirstPartsAreAPrefix) {
  const std::string key = encode_key("tenant", std::uint32_t{5}, "x");
  EXPECT_TRUE(key.starts_with(encode_key("tenant", std::uint32_t{5})));
  EXPECT_FALSE(encode_key("tenants").starts_with(encode_key("tenant")));
}

TEST(KeyBuilder, PartByPart) {
  KeyBuilder builder;
  builder.add(std::uint8_t{1}).add(std::string("b")).add(descending(std::int16_t{3}));
  EXPECT_EQ(builder.view(), encode_key(std::uint8_t{1}, "b", descending(std::int16_t{3})));
  builder.clear();
  EXPECT_EQ(builder.str(), "");
}

int sign(int order) { return (order > 0) - (order < 0); }

/// The encodings of a and b order as a and b do, backward when descending, and come back.
template <typename T, typename Stored = T>
void check_pair(const T& a, const T& b) {
  const int order = a < b ? -1 : b < a ? 1 : 0;
  ASSERT_EQ(sign(encode_key(a).compare(encode_key(b))), order);
  const std::string down_a = encode_key(Descending<Stored>{a});
  ASSERT_EQ(sign(down_a.compare(encode_key(Descending<Stored>{b}))), -order);
  const auto up = decode_key<Stored>(encode_key(a));
  ASSERT_TRUE(up.ok()) << up.status().to_string();
  ASSERT_TRUE(std::get<0>(*up) == a);
  const auto down = decode_key<Descending<Stored>>(down_a);
  ASSERT_TRUE(down.ok()) << down.status().to_string();
  ASSERT_TRUE(std::get<0>(*down).value == a);
}

template <typename T>
void check_all_pairs(const std::vector<T>& values) {
  for (const T& a : values) {
    for (const T& b : values) check_pair(a, b);
  }
}

template <typename T>
class KeyCodecIntegers : public testing::Test {};
using Integers = testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t,
                                std::int8_t, std::int16_t, std::int32_t, std::int64_t>;
TYPED_TEST_SUITE(KeyCodecIntegers, Integers);

TYPED_TEST(KeyCodecIntegers, OrderLikeTheirEncodings) {
  using T = TypeParam;
  std::mt19937_64 random(5);
  std::vector<T> values{std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), T{0}, T{1},
                        static_cast<T>(-1)};
  for (int i = 0; i < 100; ++i) {
    values.push_back(static_cast<T>(random() >> random() % 64));
    values.push_back(static_cast<T>(~(random() >> random() % 64)));
  }
  check_all_pairs(values);
}

template <typename T, typename Bits>
std::vector<T> floats() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values{0,
                        1,
                        Limits::min(),
                        Limits::max(),
                        Limits::denorm_min(),
                        Limits::infinity(),
                        Limits::epsilon()};
  std::mt19937_64 random(6);
  while (values.size() < 100) {
    const T value = std::bit_cast<T>(static_cast<Bits>(random()));
    if (!std::isnan(value)) values.push_back(value);
  }
  for (std::size_t i = values.size(); i-- > 0;) values.push_back(-values[i]);
  return values;
}

TEST(KeyCodec, FloatingPointNumbersOrderLikeTheirEncodings) {
  check_all_pairs(floats<double, std::uint64_t>());
  check_all_pairs(floats<float, std::uint32_t>());
}

TEST(KeyCodec, NansAreBeyondTheInfinitiesAndKeepTheirBits) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto nan = std::bit_cast<double>(std::uint64_t{0x7FF8000000000123});
  EXPECT_GT(encode_key(nan), encode_key(inf));
  EXPECT_LT(encode_key(std::copysign(nan, -1.0)), encode_key(-inf));
  const auto back = decode_key<double>(encode_key(nan));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(std::bit_cast<std::uint64_t>(std::get<0>(*back)), 0x7FF8000000000123U);
}

std::string random_string(std::mt19937_64& random) {
  static constexpr std::string_view kBytes(
      "\0\x01\xff\xfe"
      "ab",
      6);
  std::string value(random() % 6, '\0');
  for (char& byte : value) byte = kBytes[random() % kBytes.size()];
  return value;
}

TEST(KeyCodec, StringsOrderLikeTheirEncodings) {
  std::mt19937_64 random(8);
  std::vector<std::string> values{"",
                                  "a",
                                  "ab",
                                  std::string(1, '\0'),
                                  std::string(2, '\0'),
                                  "a\x01",
                                  std::string("a\0", 2),
                                  "\xff",
                                  "\xff\xff"};
  while (values.size() < 250) values.push_back(random_string(random));
  check_all_pairs(values);
}

/// Order and round trip of one sequence of types.
TEST(KeyCodec, TuplesOrderLikeTheirEncodings) {
  using Tuple = std::tuple<std::string, Descending<std::string>, std::int32_t,
                           Descending<std::uint16_t>, std::string>;
  std::mt19937_64 random(9);
  std::vector<Tuple> values;
  for (int i = 0; i < 300; ++i) {
    values.emplace_back(random_string(random).substr(0, 2),
                        Descending<std::string>{random_string(random).substr(0, 2)},
                        static_cast<std::int32_t>(random() % 3) - 1,
                        Descending<std::uint16_t>{static_cast<std::uint16_t>(random() % 3)},
                        random_string(random));
  }
  const auto encode = [](const Tuple& tuple) {
    return std::apply([](const auto&... part) { return encode_key(part...); }, tuple);
  };
  const auto less = [](const Tuple& a, const Tuple& b) {
    // Descending parts change sides.
    return std::tie(std::get<0>(a), std::get<1>(b).value, std::get<2>(a), std::get<3>(b).value,
                    std::get<4>(a)) < std::tie(std::get<0>(b), std::get<1>(a).value, std::get<2>(b),
                                               std::get<3>(a).value, std::get<4>(b));
  };
  for (const Tuple& a : values) {
    const std::string key = encode(a);
    const auto back = decode_key<std::string, Descending<std::string>, std::int32_t,
                                 Descending<std::uint16_t>, std::string>(key);
    ASSERT_TRUE(back.ok()) << back.status().to_string();
    ASSERT_EQ(*back, a);
    for (const Tuple& b : values) {
      ASSERT_EQ(key < encode(b), less(a, b)) << to_hex(key) << ' ' << to_hex(encode(b));
    }
  }
}

TEST(KeyReader, EveryTruncationAndExtensionIsRefused) {
  const std::string key = encode_key("ab", std::uint32_t{7}, descending("c"), 1.5);
  const auto decode = [](std::string_view bytes) {
    return decode_key<std::string, std::uint32_t, Descending<std::string>, double>(bytes);
  };
  ASSERT_TRUE(decode(key).ok());
  for (std::size_t size = 0; size < key.size(); ++size) {
    const auto parts = decode(std::string_view(key).substr(0, size));
    ASSERT_FALSE(parts.ok()) << size;
    EXPECT_EQ(parts.error().code(), Code::kInvalid);
  }
  EXPECT_EQ(decode(key + "x").status().to_string(),
            "invalid: key: offset 19: 1 more bytes than its parts");
}

TEST(KeyReader, SaysWhereItStopped) {
  KeyReader reader(
      std::string_view("\x07"
                       "a\0b",
                       4));
  EXPECT_EQ(*reader.read<std::uint8_t>(), 7);
  EXPECT_EQ(reader.read<std::string>().status().to_string(),
            "invalid: key: offset 1: has a bad escape in a string");
  // For good.
  EXPECT_EQ(reader.read<std::uint8_t>().status().to_string(),
            "invalid: key: offset 1: has a bad escape in a string");
  EXPECT_FALSE(reader.finish().ok());
}

}  // namespace
}  // namespace nacre
