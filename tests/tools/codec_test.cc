#include "codec.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace nacre::tool {
namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(Codec, EveryFormatGivesBackEveryByte) {
  for (const ByteFormat format :
       {ByteFormat::kText, ByteFormat::kHex, ByteFormat::kBase64, ByteFormat::kRaw}) {
    for (const std::string& bytes : {std::string(), std::string("\0", 1), all_bytes()}) {
      const auto back = decode(format, encode(format, bytes));
      ASSERT_TRUE(back.ok()) << back.error().to_string();
      EXPECT_EQ(*back, bytes);
    }
  }
}

TEST(Codec, PrintsTheExampleOfItsCaption) {
  const std::string bytes = "a\n\xC3\xA9";
  EXPECT_EQ(encode(ByteFormat::kText, bytes), R"(a\n\xc3\xa9)");
  EXPECT_EQ(encode(ByteFormat::kHex, bytes), "610ac3a9");
  EXPECT_EQ(encode(ByteFormat::kBase64, bytes), "YQrDqQ==");
}

TEST(Codec, Base64IsThatOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    const auto back = from_base64(text);
    ASSERT_TRUE(back.ok()) << text;
    EXPECT_EQ(*back, bytes);
  }
}

TEST(Codec, Base64RefusesWhatItWouldNotWrite) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "====", "Z===", "Zm9v=", "Zm 9", "Zm9*", "=m9v", "Zh==", "Zm9="}) {
    EXPECT_FALSE(from_base64(text).ok()) << text;
  }
}

TEST(Codec, KnowsUtf8) {
  for (const char* good : {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                           "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << encode(ByteFormat::kText, good);
  }
  for (const char* bad :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3\xC3", "a\xE2z"}) {
    EXPECT_FALSE(is_utf8(bad)) << encode(ByteFormat::kText, bad);
  }
}

TEST(Codec, JsonShowsTextAsTextAndTheRestAsBase64) {
  EXPECT_EQ(json_bytes(ByteFormat::kText, "a\"b\\\n\t\x01\x7F"), R"("a\"b\\\n\t\u0001\u007f")");
  EXPECT_EQ(json_bytes(ByteFormat::kText, std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(json_bytes(ByteFormat::kText, "\xC3\xA9"), "\"\xC3\xA9\"");
  EXPECT_EQ(json_bytes(ByteFormat::kText, "\xFF"), R"({"base64": "/w=="})");
  EXPECT_EQ(json_bytes(ByteFormat::kHex, "\xFF"), R"("ff")");
  EXPECT_EQ(json_bytes(ByteFormat::kBase64, "a"), R"("YQ==")");
}

}  // namespace
}  // namespace nacre::tool
