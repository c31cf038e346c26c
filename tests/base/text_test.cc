#include "base/text.h"

#include <gtest/gtest.h>

namespace nacre {
namespace {

TEST(Text, EscapeShowsEveryByteAndComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string text = escape(all);
  for (const char c : text) EXPECT_TRUE(c >= ' ' && c <= '~');
  EXPECT_EQ(unescape(text).value(), all);
  EXPECT_EQ(escape(std::string_view("a\\b\n\0\xff", 6)), "a\\\\b\\n\\0\\xff");
}

TEST(Text, UnescapeNamesTheBadPlace) {
  for (const char* bad : {"ab\\", "ab\\q", "ab\\x1", "ab\\xg0"}) {
    const auto result = unescape(bad);
    ASSERT_FALSE(result.ok()) << bad;
    EXPECT_EQ(result.error().code(), Code::kInvalid);
    EXPECT_NE(result.error().message().find("offset 2"), std::string_view::npos);
  }
}

TEST(Text, HexGoesBothWays) {
  EXPECT_EQ(to_hex("\x01\xab"), "01ab");
  EXPECT_EQ(from_hex("01AB").value(), "\x01\xab");
  EXPECT_FALSE(from_hex("0").ok());
  EXPECT_FALSE(from_hex("0x").ok());
}

TEST(Text, SizesAndTimesAreForPeople) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(std::uint64_t{64} << 20), "64.0 MiB");
  EXPECT_EQ(human_nanos(850), "850 ns");
  EXPECT_EQ(human_nanos(12'300), "12.3 us");
}

}  // namespace
}  // namespace nacre
