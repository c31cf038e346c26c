#include "wal/wal_format.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/coding.h"
#include "base/text.h"
#include "wal/wal_fakes.h"

namespace nacre {
namespace {

using test::kSalt;

constexpr WalHeader kHeader{.identity = {.salt = kSalt, .number = FileNumber{7}},
                            .previous = FileNumber{6},
                            .previous_length = 4096};

std::string header_bytes(const WalHeader& header) {
  const auto bytes = encode_wal_header(header);
  return std::string(bytes.data(), bytes.size());
}

/// Puts the right checksum on a header that was changed by hand.
std::string with_checksum(std::string bytes) {
  const WalIdentity identity{load<std::uint64_t>(bytes.data() + 16),
                             FileNumber{load<std::uint64_t>(bytes.data() + 24)}};
  store(bytes.data() + 56,
        hash64(std::string_view(bytes).substr(0, 56), wal_segment_seed(identity)));
  return bytes;
}

TEST(WalFormat, TheWorkedExampleOfTheHeaderFile) {
  test::FakeFileSystem fs;
  auto writer = WalWriter::create(fs, "7.wal", test::writer_options());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->append(42, "hello").ok());
  const std::string bytes = fs.segments["7.wal"]->bytes.substr(0, 96);
  EXPECT_EQ(to_hex(bytes),
            "4e4143524557414c0100000000000000"
            "efcdab89674523010700000000000000"
            "06000000000000000010000000000000"
            "0000000000000000f4479253bd219038"
            "8eae61f3021e0fb10500000000000000"
            "012a00000000000068656c6c6f000000");
}

TEST(WalFormat, TheWorkedExampleOfASegmentMadeAhead) {
  test::FakeFileSystem fs;
  auto writer = WalWriter::create(fs, "7.wal", test::writer_options_ahead()).value();
  ASSERT_TRUE(writer->link(4096).ok());
  EXPECT_EQ(to_hex(fs.segments["7.wal"]->bytes.substr(0, 80)),
            "4e4143524557414c0100000001000000"
            "efcdab89674523010700000000000000"
            "06000000000000000000000000000000"
            "0000000000000000a46a3005c0690721"
            "cb55489897124e7f0010000000000000");
}

TEST(WalFormat, LinksComeBackAndNoOtherBytesAreOne) {
  const WalIdentity& identity = kHeader.identity;
  const auto encoded = encode_wal_link(identity, 4096);
  const std::string good(encoded.data(), encoded.size());
  EXPECT_EQ(decode_wal_link(good, identity), 4096U);
  EXPECT_EQ(decode_wal_link(good, {.salt = kSalt, .number = FileNumber{8}}), std::nullopt);
  EXPECT_EQ(decode_wal_link(good, {.salt = kSalt + 1, .number = FileNumber{7}}), std::nullopt);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(decode_wal_link(bad, identity), std::nullopt) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(decode_wal_link(good.substr(0, size), identity), std::nullopt) << size;
  }
  EXPECT_EQ(decode_wal_link(std::string(16, '\0'), identity), std::nullopt);
}

TEST(WalFormat, HeadersComeBack) {
  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{7}, ~std::uint64_t{0}}) {
    const WalHeader header{.identity = {.salt = ~number, .number = FileNumber{number}},
                           .previous = FileNumber{number - 1},
                           .previous_length = number * 8};
    const auto decoded = decode_wal_header(header_bytes(header), "f");
    ASSERT_TRUE(decoded.ok()) << decoded.status().to_string();
    EXPECT_EQ(*decoded, header);
  }
}

TEST(WalFormat, EveryFlippedBitAndEveryCutOfAHeaderIsCorruption) {
  const std::string good = header_bytes(kHeader);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(decode_wal_header(bad, "f").status().code(), Code::kCorruption) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(decode_wal_header(good.substr(0, size), "f").status().code(), Code::kCorruption);
  }
}

TEST(WalFormat, NewerVersionsAndFeaturesAreNamedAsSuch) {
  std::string bytes = header_bytes(kHeader);
  store(bytes.data() + 8, std::uint32_t{2});
  EXPECT_EQ(decode_wal_header(with_checksum(bytes), "a/7.wal").status().to_string(),
            "unsupported: a/7.wal: wal format version 2 is not known to this Nacre");
  bytes = header_bytes(kHeader);
  store(bytes.data() + 12, std::uint32_t{4});
  EXPECT_EQ(decode_wal_header(with_checksum(bytes), "a/7.wal").status().to_string(),
            "unsupported: a/7.wal: wal feature bits 4 are not known to this Nacre");
}

TEST(WalFormat, HeadersWithAChecksumThatMakeNoSenseAreCorruption) {
  std::string bytes = header_bytes(kHeader);
  bytes[48] = 1;
  EXPECT_EQ(decode_wal_header(with_checksum(bytes), "f").status().code(), Code::kCorruption);
  bytes = header_bytes(kHeader);
  store(bytes.data() + 32, std::uint64_t{7});
  EXPECT_EQ(decode_wal_header(with_checksum(bytes), "f").status().code(), Code::kCorruption);
  // Made ahead, and yet the length is known; or of nothing.
  bytes = header_bytes(kHeader);
  store(bytes.data() + 12, std::uint32_t{1});
  EXPECT_EQ(decode_wal_header(with_checksum(bytes), "f").status().code(), Code::kCorruption);
  store(bytes.data() + 40, std::uint64_t{0});
  EXPECT_TRUE(decode_wal_header(with_checksum(bytes), "f").ok());
  store(bytes.data() + 32, std::uint64_t{0});
  EXPECT_EQ(decode_wal_header(with_checksum(bytes), "f").status().code(), Code::kCorruption);
}

TEST(WalFormat, RecordHeadersComeBack) {
  char bytes[kWalRecordHeaderBytes];
  store_record_header(bytes, {.checksum = 0x1122334455667788,
                              .length = 0xFFFFFFFF,
                              .synced_to = 0xFFFFFFFFULL * 8,
                              .first_seq = kSeqMax,
                              .kind = 9});
  const WalRecordHeader header = load_record_header(bytes);
  EXPECT_EQ(header.checksum, 0x1122334455667788U);
  EXPECT_EQ(header.length, 0xFFFFFFFFU);
  EXPECT_EQ(header.synced_to, 0xFFFFFFFFULL * 8);
  EXPECT_EQ(header.first_seq, kSeqMax);
  EXPECT_EQ(header.kind, 9);
}

TEST(WalFormat, AChecksumOfPartsIsThatOfTheWhole) {
  std::string payload(5000, 'x');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * 7);
  for (const std::size_t cut : {0, 1, 17, 255, 4999, 5000}) {
    char header[kWalRecordHeaderBytes] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const std::string whole = std::string(header + 8, 16) + payload;
    const std::string_view view(payload);
    EXPECT_EQ(record_checksum(header, view.substr(0, cut), view.substr(cut), 99), hash64(whole, 99))
        << cut;
  }
}

TEST(WalFormat, PlausibleIsWhatFitsAndClaimsOnlyThePast) {
  const WalRecordHeader ten{.length = 10};
  EXPECT_TRUE(record_is_plausible(ten, 64, 64 + 40));
  EXPECT_FALSE(record_is_plausible(ten, 64, 64 + 39));
  EXPECT_FALSE(record_is_plausible(ten, 104, 64));
  EXPECT_TRUE(record_is_plausible({.length = 0, .synced_to = 64}, 64, 1000));
  EXPECT_FALSE(record_is_plausible({.length = 0, .synced_to = 72}, 64, 1000));
  const std::uint64_t huge = std::uint64_t{1} << 40;
  EXPECT_TRUE(record_is_plausible({.length = kBatchBytesMax}, 64, huge));
  EXPECT_FALSE(record_is_plausible({.length = kBatchBytesMax + 1}, 64, huge));
}

TEST(WalFormat, ALargeBatchGetsASegmentOfItsSize) {
  EXPECT_EQ(wal_capacity_for(100), kWalSegmentBytes);
  EXPECT_EQ(wal_capacity_for(kWalSegmentBytes - 88), kWalSegmentBytes);
  EXPECT_EQ(wal_capacity_for(kWalSegmentBytes - 87), kWalSegmentBytes + 8);
}

}  // namespace
}  // namespace nacre
