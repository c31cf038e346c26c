#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fuzz/block_fuzz.h"
#include "table/block.h"
#include "table/block_builder.h"

namespace nacre {
namespace {

struct Added {
  std::string key;
  Seq seq = 0;
  Kind kind = Kind::kPut;
  std::string value;
};

std::string build(const std::vector<Added>& entries) {
  BlockBuilder builder;
  for (const Added& e : entries) builder.add({e.key, make_trailer(e.seq, e.kind), e.value});
  return std::string(builder.finish());
}

/// Small blocks that among them use every column and leave out every column.
std::vector<std::string> block_samples() {
  const std::string large(70000, 'v');
  return {
      build({{"app", 9, Kind::kPut, "x"},
             {"apple", 12, Kind::kPut, "red"},
             {"apple", 7, Kind::kDelete, ""},
             {"apricot", 8, Kind::kPut, ""}}),
      build({{"", 0, Kind::kPut, ""}}),
      build({{"k", kSeqMax, Kind::kDelete, ""}}),
      build({{"user0001", 0, Kind::kPut, "a"}, {"user0002", 0, Kind::kPut, "b"}}),
      build({{"shared/alpha", 5, Kind::kPut, "1"},
             {"shared/alphabet", 4, Kind::kPut, "22"},
             {"shared/beta", 900000, Kind::kPut, "333"},
             {std::string("shared/beta\0", 12), 1, Kind::kPut, "4"}}),
      build({{"a", 1, Kind::kPut, large}, {"b", kSeqMax, Kind::kDelete, ""}}),
  };
}

/// Runs the exerciser on a heap copy of exactly this size.
bool survives_as_block(std::string_view bytes) {
  const auto copy = std::make_unique<char[]>(bytes.size());
  bytes.copy(copy.get(), bytes.size());
  return test::exercise_block({copy.get(), bytes.size()});
}

TEST(HostileBlock, SamplesAreAccepted) {
  for (const std::string& sample : block_samples()) EXPECT_TRUE(survives_as_block(sample));
}

TEST(HostileBlock, EveryChangeOfOneByteIsRefusedOrHarmless) {
  std::size_t accepted = 0, refused = 0;
  for (const std::string& sample : block_samples()) {
    std::string bytes = sample;
    const std::size_t end = std::min<std::size_t>(bytes.size(), 400);
    for (std::size_t at = 0; at < end; ++at) {
      const char original = bytes[at];
      // Every value where a wrong one can mislead; a few in the values of the large sample.
      const int step = bytes.size() > 1000 ? 51 : 1;
      for (int value = 0; value < 256; value += step) {
        bytes[at] = static_cast<char>(value);
        (survives_as_block(bytes) ? accepted : refused)++;
      }
      bytes[at] = original;
    }
  }
  EXPECT_GT(accepted, 1000U);  // values may be anything, and some keys stay in order
  EXPECT_GT(refused, 10000U);
}

TEST(HostileBlock, EveryTruncationAndExtensionIsRefused) {
  for (const std::string& sample : block_samples()) {
    const std::size_t step = sample.size() > 1000 ? 97 : 1;
    for (std::size_t size = 0; size < sample.size(); size += step) {
      EXPECT_FALSE(survives_as_block(sample.substr(0, size))) << size;
    }
    EXPECT_FALSE(survives_as_block(sample + '\0'));
  }
}

TEST(HostileBlock, SeededReplay) {
  const std::vector<std::string> corpus = block_samples();
  for (unsigned seed = 1; seed <= 20000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::string bytes = corpus[random() % (corpus.size() - 1)];
    for (unsigned changes = 1 + random() % 4; changes > 0 && !bytes.empty(); --changes) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
          break;
        case 2:
          bytes.insert(at, random() % 5, static_cast<char>(random()));
          break;
        default:
          bytes.erase(at, random() % 5);
      }
    }
    survives_as_block(bytes);
  }
}

Status validate_with(std::size_t at, char byte) {
  std::string bytes = block_samples()[0];
  bytes[at] = byte;
  return Block::validate(bytes, "000007.nac", 4096);
}

TEST(HostileBlock, SaysWhereAndWhat) {
  EXPECT_EQ(validate_with(4, '\0').to_string(),
            "corruption: 000007.nac: offset 4096: block has no entries");
  EXPECT_EQ(validate_with(0, '\2').to_string(),
            "unsupported: 000007.nac: offset 4096: block has format 2");
  EXPECT_EQ(validate_with(1, '\x80').to_string(),
            "unsupported: 000007.nac: offset 4096: block has unknown flags");
  // Heads that no longer agree with the head size, or with the order.
  EXPECT_EQ(validate_with(0x28, 'x').to_string(),
            "corruption: 000007.nac: offset 4096: block entry 0 has bytes after its head");
  EXPECT_EQ(validate_with(0x2B, 'q').to_string(),
            "corruption: 000007.nac: offset 4096: block entry 1 is out of order");
  // Kind 2, a range delete, is of a later version: 0x100 + 0x602 is seq 7 with kind 2.
  EXPECT_EQ(validate_with(0x50, '\2').to_string(),
            "unsupported: 000007.nac: offset 4096: block entry 2 has kind 2");
  // The same key and trailer twice.
  std::string twice = block_samples()[0];
  twice.replace(0x4E, 2, 2, '\0');
  EXPECT_EQ(Block::validate(twice, "f", 0).to_string(),
            "corruption: f: offset 0: block entry 2 is out of order");
}

TEST(HostileBlock, TrailersThatWrapAreRefused) {
  const auto refusal = [](std::string bytes, std::size_t at, char byte) {
    EXPECT_TRUE(survives_as_block(bytes));
    bytes[at] = byte;
    return Block::validate(bytes, "f", 0).to_string();
  };
  const std::string puts = build({{"a", kSeqMax, Kind::kPut, ""}, {"b", 1, Kind::kPut, ""}});
  EXPECT_EQ(refusal(puts, 15, '\xff'),
            "corruption: f: offset 0: block entry 0 has a seq that is too large");
  // Deltas of 8 bytes in units of a seq would lose their upper byte.
  const std::string mixed = build({{"a", kSeqMax, Kind::kPut, ""}, {"b", 0, Kind::kDelete, ""}});
  const auto one_kind = static_cast<char>(mixed[1] | kOneKind);
  EXPECT_EQ(refusal(mixed, 1, one_kind), "corruption: f: offset 0: block has too wide trailers");
}

TEST(HostileBlock, KeysOverTheLimitAreRefused) {
  const std::string longest(64 << 10, 'k');
  EXPECT_TRUE(survives_as_block(build({{longest, 1, Kind::kPut, ""}})));
  EXPECT_FALSE(survives_as_block(build({{longest + 'k', 1, Kind::kPut, ""}})));
  EXPECT_FALSE(
      survives_as_block(build({{"a", 1, Kind::kPut, ""}, {longest + 'k', 1, Kind::kPut, ""}})));
}

}  // namespace
}  // namespace nacre
