// Forged tables: the fuzzer's idea replayed with seeded bytes, checksums made right.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "fuzz/table_fuzz.h"

namespace nacre {
namespace {

std::vector<std::string> table_samples() {
  return {test::fuzz_sample(Codec::kNone, 1 << 20), test::fuzz_sample(Codec::kLz4, 100),
          test::fuzz_sample(Codec::kZstd, 1 << 20)};
}

TEST(HostileTable, SamplesAreWholeAndRepairChangesNothing) {
  for (const std::string& sample : table_samples()) {
    EXPECT_TRUE(test::exercise_table(sample));
    std::string repaired = sample;
    test::repair_table(repaired);
    EXPECT_EQ(repaired, sample);
  }
}

TEST(HostileTable, EveryByteForged) {
  std::size_t refused = 0;
  std::size_t accepted = 0;
  for (const std::string& sample : table_samples()) {
    for (std::size_t at = 0; at < sample.size(); ++at) {
      for (const int change : {1, 0x80, 0xFF}) {
        std::string forged = sample;
        forged[at] = static_cast<char>(forged[at] ^ change);
        test::repair_table(forged);
        ++(test::exercise_table(forged) ? accepted : refused);
      }
    }
  }
  EXPECT_GT(refused, accepted) << "most bytes mean something";
  EXPECT_GT(accepted, 100U) << "values may be anything: is nothing repaired?";
}

TEST(HostileTable, ManyBytesForged) {
  const std::vector<std::string> seeds = table_samples();
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::string forged = seeds[random.below(seeds.size())];
    for (std::size_t n = 1 + random.below(6); n > 0; --n) {
      const std::size_t at = random.below(forged.size());
      const std::size_t size = std::min<std::size_t>(1 + random.below(8), forged.size() - at);
      switch (random.below(5)) {
        case 0:
          for (std::size_t i = 0; i < size; ++i) forged[at + i] = static_cast<char>(random.next());
          break;
        case 1:
          std::fill_n(forged.begin() + at, size, random.one_in(2) ? '\0' : '\xff');
          break;
        case 2:
          forged.erase(at, size);
          break;
        case 3:
          forged.insert(at, forged.substr(random.below(forged.size()), size));
          break;
        default:
          forged[at] = static_cast<char>(forged[at] + 1);
      }
      if (forged.empty()) forged = "x";
    }
    if (!random.one_in(16)) test::repair_table(forged);
    test::exercise_table(forged);
  }
}

/// A table of two entries with a block each, and the same with the blocks in each other's place and
/// all checksums right.
std::pair<std::string, std::string> two_blocks(const Entry& first, const Entry& second) {
  test::FuzzSink sink;
  TableBuilderOptions options;
  options.salt = test::kFuzzSalt;
  options.number = test::kFuzzNumber;
  options.block_bytes = 1;
  options.spill_bytes = 1;
  options.codec = Codec::kNone;
  TableBuilder builder(sink, options);
  for (const Entry& entry : {first, second}) {
    EXPECT_TRUE(builder.add(entry, hash64(entry.key, test::kFuzzSalt)).ok());
  }
  EXPECT_TRUE(builder.finish().ok());
  std::string forged = sink.written;
  const auto directory = load<std::uint64_t>(forged.data() + forged.size() - kFooterBytes);
  const auto size = static_cast<std::ptrdiff_t>(load<std::uint64_t>(&forged[directory + 8]));
  EXPECT_EQ(size % 2, 0) << "blocks of one size";
  std::rotate(forged.begin(), forged.begin() + size / 2, forged.begin() + size);
  test::repair_table(forged);
  EXPECT_NE(forged, sink.written);
  return {sink.written, forged};
}

TEST(HostileTable, BlocksOutOfOrderAreRefusedOneByOne) {
  const auto [good, forged] =
      two_blocks({"a", make_trailer(5, Kind::kPut), "1"}, {"b", make_trailer(5, Kind::kPut), "2"});
  EXPECT_TRUE(test::exercise_table(good));
  MemoryBudget budget(1 << 20);
  PagePool pages;
  const auto cache = std::make_shared<BlockCache>(budget, pages);
  const auto table = TableReader::open(
      std::make_unique<test::FuzzFile>(forged),
      TableReaderOptions{"forged", test::kFuzzSalt, test::kFuzzNumber, cache, budget});
  ASSERT_TRUE(table.ok()) << table.status().to_string();
  for (const std::uint32_t block : {0U, 1U}) {
    const Status status = (*table)->load(block).status();
    EXPECT_EQ(status.code(), Code::kCorruption);
    EXPECT_NE(status.message().find("separator"), std::string_view::npos) << status.to_string();
  }
}

TEST(HostileTable, VersionsOutOfOrderOverBlocksAreSeenByVerify) {
  // Each block alone is right, and so are its separators.
  const auto [good, forged] =
      two_blocks({"k", make_trailer(5, Kind::kPut), "1"}, {"k", make_trailer(4, Kind::kPut), "2"});
  EXPECT_TRUE(test::exercise_table(good));
  EXPECT_FALSE(test::exercise_table(forged));
}

}  // namespace
}  // namespace nacre
