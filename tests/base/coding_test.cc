#include "base/coding.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/byte_reader.h"

namespace nacre {
namespace {

TEST(Coding, VarintsComeBackAtEveryLength) {
  for (int bits = 0; bits <= 64; ++bits) {
    for (const std::int64_t step : {-1, 0, 1}) {
      const std::uint64_t power = bits == 64 ? 0 : std::uint64_t{1} << bits;
      const std::uint64_t value = power + static_cast<std::uint64_t>(step);
      std::string bytes;
      put_varint(bytes, value);
      EXPECT_EQ(bytes.size(), varint_size(value));
      ByteReader reader(bytes);
      EXPECT_EQ(reader.varint(), value);
      EXPECT_TRUE(reader.done());
    }
  }
}

TEST(Coding, WorkedExample) {
  std::string bytes;
  put_varint(bytes, 300);
  put_fixed(bytes, std::uint32_t{0x01020304});
  put_string(bytes, "ab");
  EXPECT_EQ(bytes, std::string("\xac\x02\x04\x03\x02\x01\x02"
                               "ab"));
}

TEST(ByteReader, EveryTruncationFailsAndStaysFailed) {
  std::string bytes;
  put_varint(bytes, std::numeric_limits<std::uint64_t>::max());
  put_string(bytes, "hello");
  put_fixed(bytes, std::uint64_t{7});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader reader(std::string_view(bytes).substr(0, size));
    reader.varint();
    reader.string();
    reader.fixed<std::uint64_t>();
    EXPECT_FALSE(reader.ok()) << size;
    EXPECT_EQ(reader.take(0), std::string_view());
    EXPECT_FALSE(reader.ok());
  }
}

TEST(ByteReader, RefusesOverlongVarintsAndHugeLengths) {
  ByteReader overlong(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
  overlong.varint();
  EXPECT_FALSE(overlong.ok());
  std::string huge;
  put_varint(huge, std::numeric_limits<std::uint64_t>::max());
  huge += "abc";
  ByteReader reader(huge);
  EXPECT_EQ(reader.string(), "");
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace nacre
