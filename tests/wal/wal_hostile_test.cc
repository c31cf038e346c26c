// Replays seeded mutations of good segments through the fuzz target, on every compiler.
#include <gtest/gtest.h>

#include <random>

#include "fuzz/wal_fuzz.cc"

namespace nacre {
namespace {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string good_segment() {
    test::FakeFileSystem fs;
    const std::uint64_t capacity = 1024 + below(64) * 64;
    auto writer = WalWriter::create(fs, "7.wal", test::writer_options(capacity));
    Seq seq = below(4);
    for (std::uint64_t size = below(600); (*writer)->fits(size); size = below(600)) {
      NACRE_CHECK((*writer)->append(seq, std::string(size, static_cast<char>(random_()))).ok());
      seq += below(3);
      if (below(3) == 0) NACRE_CHECK((*writer)->sync().ok());
      if (below(8) == 0) break;
    }
    if (below(2) == 0) NACRE_CHECK((*writer)->seal().ok());
    return fs.segments["7.wal"]->bytes;
  }

  void mutate(std::string& bytes) {
    if (bytes.empty()) return;
    const std::size_t at = below(bytes.size());
    const std::size_t aligned = at / 8 * 8;
    switch (below(8)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random_());
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        std::fill_n(bytes.begin() + aligned, std::min<std::size_t>(bytes.size() - aligned, 64), 0);
        break;
      case 4:  // a length that is nearly right, or not at all
        if (aligned + 12 <= bytes.size()) store(bytes.data() + aligned + 8, interesting_length());
        break;
      case 5: {
        const std::string piece = bytes.substr(below(bytes.size()) / 8 * 8, 8 + below(200));
        bytes.replace(aligned, std::min(piece.size(), bytes.size() - aligned), piece);
        break;
      }
      case 6:
        bytes.append(below(100), static_cast<char>(below(2)));
        break;
      case 7:  // a version or feature
        if (bytes.size() > 15) bytes[8 + below(8)] = static_cast<char>(below(3));
        break;
    }
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  std::uint32_t interesting_length() {
    const std::uint32_t lengths[] = {0, 1, 24, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFE8, 1 << 30, 100};
    return lengths[below(8)];
  }

  std::mt19937_64 random_;
};

TEST(WalHostile, MutatedSegmentsAreReadOrRefusedAndNeverCrash) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Mutator mutator(seed);
    std::string bytes = mutator.good_segment();
    for (auto count = mutator.below(4); count > 0; --count) mutator.mutate(bytes);
    const std::string input = static_cast<char>(mutator.below(8)) + bytes;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
}

TEST(WalHostile, TinyInputs) {
  for (std::size_t size = 0; size < 200; ++size) {
    for (const char fill : {'\0', '\1', '\xff'}) {
      for (char how = 0; how < 8; ++how) {
        const std::string input = how + std::string(size, fill);
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
      }
    }
  }
}

/// What a reader returned before a mutation it returns after it, up to where it stops: a mutation
/// of bytes whose checksum is not put right is never delivered as data.
TEST(WalHostile, WithoutTheSaltNoMutationForgesARecord) {
  const auto payloads = [](const std::string& bytes) {
    std::vector<std::string> out;
    auto reader =
        WalReader::open(std::make_unique<test::StringFile>(bytes), "7.wal", test::kFuzzIdentity);
    while (reader.ok()) {
      auto record = (*reader)->next();
      if (!record.ok() || !record->has_value()) break;
      out.emplace_back((*record)->payload);
    }
    return out;
  };
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    Mutator mutator(seed);
    std::string bytes = mutator.good_segment();
    const auto before = payloads(bytes);
    for (auto count = 1 + mutator.below(3); count > 0; --count) mutator.mutate(bytes);
    const auto after = payloads(bytes);
    ASSERT_LE(after.size(), before.size()) << "seed " << seed;
    ASSERT_TRUE(std::equal(after.begin(), after.end(), before.begin())) << "seed " << seed;
  }
}

}  // namespace
}  // namespace nacre
