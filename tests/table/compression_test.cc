#include "table/compression.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/random.h"
#include "nacre/result.h"

namespace nacre {
namespace {

std::string noise(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

/// Decompresses into memory of exactly `size` bytes, so that a sanitizer sees one byte too many.
Result<std::string> decompressed(Codec codec, std::string_view stored, std::size_t size) {
  const auto out = std::make_unique<char[]>(size);
  if (Status status = decompress(codec, stored, out.get(), size); !status.ok()) return status;
  return std::string(out.get(), size);
}

TEST(Compression, ComesBackForEveryCodecAndSize) {
  Random random(1);
  for (const Codec codec : {Codec::kNone, Codec::kLz4, Codec::kZstd}) {
    Compressor compressor(codec);
    for (std::size_t size = 1; size < 200'000; size = size * 3 / 2 + 1) {
      // Half noise, half repeats: worth compressing.
      std::string raw = noise(random, size / 2);
      raw.resize(size, 'x');
      const Compressor::Block block = compressor.compress(raw);
      EXPECT_EQ(decompressed(block.codec, block.bytes, size).value(), raw) << size;
      if (size > 1000) {
        EXPECT_EQ(block.codec, codec) << size;
      }
      EXPECT_TRUE(plausible_raw_size(block.codec, block.bytes.size(), size));
    }
  }
}

TEST(Compression, KeptRawWhenItSavesUnderAnEighth) {
  Random random(2);
  for (const Codec codec : {Codec::kLz4, Codec::kZstd}) {
    Compressor compressor(codec);
    for (const std::size_t repeats : {0, 200, 450, 700, 1000}) {
      std::string raw = noise(random, 4000 - repeats);
      raw.resize(4000, 'x');
      const Compressor::Block block = compressor.compress(raw);
      if (repeats < 500) {
        EXPECT_EQ(block.codec, Codec::kNone) << repeats;
        EXPECT_EQ(block.bytes.data(), raw.data()) << "no copy";
      } else {
        EXPECT_EQ(block.codec, codec) << repeats;
        EXPECT_LE(block.bytes.size(), raw.size() - raw.size() / 8);
      }
    }
    // A failure leaves nothing behind in the codec's tables.
    const std::string easy(4000, 'y');
    const Compressor::Block block = compressor.compress(easy);
    EXPECT_EQ(decompressed(block.codec, block.bytes, easy.size()).value(), easy);
  }
}

TEST(Compression, BlocksDoNotDependOnEachOther) {
  Random random(3);
  const std::string half = noise(random, 3000);
  Compressor compressor(Codec::kLz4);
  const std::size_t alone = compressor.compress(half + half).bytes.size();
  for (int i = 0; i < 5; ++i) {
    const Compressor::Block block = compressor.compress(half + half);
    EXPECT_EQ(block.bytes.size(), alone) << "matches reach into the block before";
    EXPECT_EQ(decompressed(block.codec, block.bytes, 6000).value(), half + half);
  }
}

TEST(Compression, NoStoredBlockDeclaresMoreThanTheRatioAllows) {
  Compressor compressor(Codec::kZstd);
  const std::string zeros(8 << 20, '\0');
  const Compressor::Block block = compressor.compress(zeros);
  EXPECT_EQ(block.codec, Codec::kLz4) << "Zstd would pass the ratio";
  EXPECT_TRUE(plausible_raw_size(block.codec, block.bytes.size(), zeros.size()));
  EXPECT_EQ(decompressed(block.codec, block.bytes, zeros.size()).value(), zeros);

  EXPECT_FALSE(plausible_raw_size(Codec::kLz4, 10, 255 * 11));
  EXPECT_FALSE(plausible_raw_size(Codec::kNone, 10, 11));
  EXPECT_FALSE(plausible_raw_size(Codec::kZstd, 0, 255));
}

TEST(Compression, WrongSizesAndDamagedBytesAreErrors) {
  Random random(4);
  for (const Codec codec : {Codec::kLz4, Codec::kZstd}) {
    std::string raw = noise(random, 500);
    raw.resize(3000, 'x');
    Compressor compressor(codec);
    const std::string stored(compressor.compress(raw).bytes);
    for (const std::size_t size : {1, 2999, 3001, 6000}) {
      EXPECT_EQ(decompressed(codec, stored, size).status().code(), Code::kCorruption) << size;
    }
    for (std::size_t cut = 0; cut < stored.size(); ++cut) {
      EXPECT_FALSE(decompressed(codec, std::string_view(stored).substr(0, cut), 3000).ok()) << cut;
    }
    for (int i = 0; i < 2000; ++i) {
      std::string bad = stored;
      bad[random.below(bad.size())] = static_cast<char>(random.next());
      const auto result = decompressed(codec, bad, 3000);
      EXPECT_TRUE(result.ok() || result.error().code() == Code::kCorruption);
    }
  }
  EXPECT_FALSE(decompressed(Codec::kNone, "abc", 4).ok());
  EXPECT_FALSE(decompressed(Codec{7}, "abc", 3).ok());
}

}  // namespace
}  // namespace nacre
