#include "wal/wal_reader.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/coding.h"
#include "base/text.h"
#include "harness/datadriven.h"
#include "wal/wal_fakes.h"
#include "wal/wal_render.h"

namespace nacre {
namespace {

using test::kSalt;
constexpr WalIdentity kIdentity{.salt = kSalt, .number = FileNumber{7}};

/// What a reader made of the bytes of a segment.
struct Outcome {
  std::vector<std::pair<Seq, std::string>> records;
  WalStop stop;
  bool synced_evidence = false;
};

Outcome read(const std::string& bytes, std::optional<WalIdentity> expected = kIdentity) {
  Outcome outcome;
  auto reader = WalReader::open(std::make_unique<test::StringFile>(bytes), "7.wal", expected);
  EXPECT_TRUE(reader.ok()) << reader.status().to_string();
  if (!reader.ok()) return outcome;
  while (true) {
    auto record = (*reader)->next();
    EXPECT_TRUE(record.ok());
    if (!record.ok() || !record->has_value()) break;
    outcome.records.emplace_back((*record)->first_seq, std::string((*record)->payload));
  }
  outcome.stop = (*reader)->stop();
  outcome.synced_evidence = (*reader)->synced_evidence();
  const bool harmless = outcome.stop.kind == WalStop::Kind::kEnd;
  EXPECT_EQ((*reader)->stop_status().ok(), harmless);
  EXPECT_FALSE((*reader)->next()->has_value()) << "a stop is for good";
  return outcome;
}

/// A segment made by hand: knows where each record begins.
class Segment {
 public:
  explicit Segment(std::uint64_t capacity = 16 << 10, WalIdentity identity = kIdentity) {
    WalWriter::Options options = test::writer_options(capacity);
    options.header.identity = identity;
    writer_ = std::move(*WalWriter::create(fs_, "7.wal", options));
  }
  void append(Seq seq, const std::string& payload) {
    starts_.push_back(writer_->length());
    ASSERT_TRUE(writer_->append(seq, payload).ok());
  }
  void sync() { ASSERT_TRUE(writer_->sync().ok()); }
  void seal() { ASSERT_TRUE(writer_->seal().ok()); }
  void prepare() { ASSERT_TRUE(writer_->prepare_ahead().ok()); }
  std::string bytes() { return fs_.segments["7.wal"]->bytes; }
  std::uint64_t start(std::size_t record) const { return starts_[record]; }
  std::uint64_t length() const { return writer_->length(); }
  WalWriter& writer() { return *writer_; }

 private:
  test::FakeFileSystem fs_;
  std::unique_ptr<WalWriter> writer_;
  std::vector<std::uint64_t> starts_;
};

/// Writes a record with a checksum that holds, whatever its fields say.
void forge(std::string& bytes, std::uint64_t offset, WalRecordHeader header,
           const std::string& payload) {
  const std::uint64_t seed = wal_record_seed(wal_segment_seed(kIdentity), offset);
  header.length = static_cast<std::uint32_t>(payload.size());
  char* at = bytes.data() + offset;
  store_record_header(at, header);
  std::copy(payload.begin(), payload.end(), at + kWalRecordHeaderBytes);
  store(at, record_checksum(at, payload, "", seed));
}

TEST(WalReader, Text) {
  std::map<std::string, std::string> files;
  std::unique_ptr<Segment> segment;
  std::string bytes;
  test::run_datadriven("wal/segment.txt", [&](const test::Command& command) -> std::string {
    const auto number = [&](const char* name) { return std::stoull(command.arg(name, "0")); };
    if (command.name == "write") {
      segment = std::make_unique<Segment>(4096);
      for (const std::string& line : command.input_lines()) {
        const auto words = test::split_words(line);
        if (words[0] == "sync") segment->sync();
        if (words[0] == "seal") segment->seal();
        if (words[0] == "batch") {
          segment->append(std::stoull(words[1]), std::string(std::stoull(words[2]), 'x'));
        }
      }
      bytes = segment->bytes();
    } else if (command.name == "zero") {
      for (auto i = number("from"); i < number("to"); ++i) bytes[i] = 0;
    } else if (command.name == "flip") {
      bytes[number("at")] = static_cast<char>(bytes[number("at")] ^ 1);
    } else if (command.name == "cut") {
      bytes.resize(number("to"));
    } else if (command.name == "forge") {
      forge(bytes, number("at"),
            {.synced_to = number("synced"),
             .first_seq = number("seq"),
             .kind = static_cast<std::uint8_t>(number("kind"))},
            std::string(number("size"), 'f'));
    } else if (command.name != "read") {
      return "unknown command";
    }
    const WalIdentity expected{.salt = kSalt + number("other-salt"),
                               .number = FileNumber{7 + number("other-number")}};
    auto reader =
        WalReader::open(std::make_unique<test::StringFile>(bytes), "7.wal",
                        command.arg("trust") == "header" ? std::nullopt : std::optional(expected));
    if (!reader.ok()) return reader.status().to_string();
    const auto text = render_wal(**reader);
    if (!text.ok()) return text.status().to_string();
    return *text + ((*reader)->synced_evidence() ? "older segments were synced\n" : "");
  });
}

TEST(WalReader, RecordsOfManySizesComeBack) {
  const std::uint64_t seed = 20240601;
  std::mt19937_64 random(seed);
  std::vector<std::size_t> sizes;
  for (std::size_t size = 0; size <= 300; ++size) sizes.push_back(size);
  for (const std::size_t size : {4088, 4095, 4096, 4097, 65536, 262144, 262145, 1000000}) {
    sizes.push_back(size);
  }
  Segment segment(8 << 20);
  std::vector<std::pair<Seq, std::string>> written;
  for (const std::size_t size : sizes) {
    std::string payload(size, '\0');
    for (char& byte : payload) byte = static_cast<char>(random());
    // Equal seqs in a row are fine: an empty batch takes none.
    written.emplace_back(written.size() / 2, payload);
    segment.append(written.back().first, payload);
    if (size % 50 == 0) segment.sync();
    segment.prepare();
  }
  const Outcome outcome = read(segment.bytes());
  EXPECT_TRUE(outcome.records == written) << "seed " << seed;
  EXPECT_EQ(outcome.stop.kind, WalStop::Kind::kEnd);
  EXPECT_EQ(outcome.stop.offset, segment.length());
  EXPECT_EQ(outcome.stop.last_seq, written.back().first);
  segment.seal();
  EXPECT_TRUE(read(segment.bytes()).records == written);
}

TEST(WalReader, ABatchLargerThanASegmentHasOneOfItsOwn) {
  std::string payload(kWalSegmentBytes + 12345, '\0');
  for (std::size_t i = 0; i < payload.size(); i += 4096) payload[i] = static_cast<char>(i >> 12);
  Segment segment(wal_capacity_for(payload.size()));
  segment.append(9, payload);
  EXPECT_FALSE(segment.writer().fits(0));
  const Outcome outcome = read(segment.bytes());
  ASSERT_EQ(outcome.records.size(), 1U);
  EXPECT_TRUE(outcome.records[0].second == payload);
  EXPECT_EQ(outcome.stop.kind, WalStop::Kind::kEnd);
}

/// Two synced batches, then one that says so, then one more: all of odd sizes.
Segment four_batches(bool synced) {
  Segment segment(2048);
  segment.append(1, "the first batch");
  segment.append(4, std::string(131, 'b'));
  if (synced) segment.sync();
  segment.append(5, "the third");
  segment.append(6, std::string(50, 'd'));
  return segment;
}

TEST(WalReader, ATailThatIsCutAtAnyByteIsDroppedAndThePrefixKept) {
  Segment segment = four_batches(true);
  const std::string whole = segment.bytes();
  for (std::uint64_t cut = segment.start(3); cut < segment.length(); ++cut) {
    for (const bool zeros_follow : {false, true}) {
      std::string torn = whole.substr(0, cut);
      if (zeros_follow) torn.resize(whole.size());
      const Outcome outcome = read(torn);
      // Cutting into the padding is only visible where the file ends there.
      const bool lost = cut < segment.start(3) + 24 + 50 || !zeros_follow;
      ASSERT_EQ(outcome.records.size(), lost ? 3U : 4U) << cut << zeros_follow;
      const bool end = !lost || cut == segment.start(3);
      ASSERT_EQ(outcome.stop.kind, end ? WalStop::Kind::kEnd : WalStop::Kind::kTorn)
          << cut << zeros_follow;
      ASSERT_EQ(outcome.stop.offset, lost ? segment.start(3) : segment.length());
      ASSERT_EQ(outcome.stop.last_seq, lost ? 5U : 6U);
      ASSERT_LE(outcome.stop.dropped_bytes, cut - segment.start(3));
      ASSERT_TRUE(outcome.synced_evidence);
    }
  }
}

TEST(WalReader, AFlippedBitInSyncedBytesIsCorruptionAtItsRecord) {
  Segment segment = four_batches(true);
  for (std::uint64_t at = 0; at < segment.start(2); ++at) {
    std::string bytes = segment.bytes();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    const Outcome outcome = read(bytes);
    ASSERT_EQ(outcome.stop.kind, WalStop::Kind::kCorrupt) << at;
    const std::uint64_t place = at < 64 ? 0 : at < segment.start(1) ? 64 : segment.start(1);
    ASSERT_EQ(outcome.stop.offset, place) << at;
    ASSERT_EQ(outcome.records.size(), at < segment.start(1) ? 0U : 1U) << at;
  }
}

TEST(WalReader, AFlippedBitInBytesThatNobodySyncedIsATornTail) {
  for (const bool synced : {false, true}) {
    Segment segment = four_batches(synced);
    for (std::uint64_t at = segment.start(synced ? 2 : 0); at < segment.length(); ++at) {
      std::string bytes = segment.bytes();
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
      const Outcome outcome = read(bytes);
      std::size_t record = 3;
      while (segment.start(record) > at) --record;
      ASSERT_EQ(outcome.stop.kind, WalStop::Kind::kTorn) << at << synced;
      ASSERT_EQ(outcome.stop.offset, segment.start(record)) << at << synced;
      ASSERT_EQ(outcome.records.size(), record) << at << synced;
      // Whether the third batch says it or the fourth, the evidence is found behind the damage.
      ASSERT_EQ(outcome.synced_evidence, synced) << at;
    }
  }
}

/// Flips a bit of the payload of a record and says what became of the segment.
WalStop flip_record(Segment& segment, std::size_t record) {
  std::string bytes = segment.bytes();
  char& byte = bytes[segment.start(record) + kWalRecordHeaderBytes];
  byte = static_cast<char>(byte ^ 1);
  return read(bytes).stop;
}

TEST(WalReader, TheProofIsFoundWhereverItLiesAndHoweverLargeItIs) {
  for (const std::size_t proof_size : {1, 300001}) {
    for (std::size_t at = WalWindow::kPiece - 64; at <= WalWindow::kPiece + 64; at += 8) {
      Segment segment(1 << 20);
      segment.append(1, "12345678");  // 32 bytes, at 64
      segment.append(2, std::string(at - 32 - kWalRecordHeaderBytes, 'x'));
      segment.sync();
      segment.append(3, std::string(proof_size, 'p'));
      ASSERT_EQ(segment.start(2), 64 + at);
      ASSERT_EQ(flip_record(segment, 0).kind, WalStop::Kind::kCorrupt) << at;
      // The proof itself damaged proves nothing.
      std::string bytes = segment.bytes();
      bytes[64 + kWalRecordHeaderBytes] = 'y';
      bytes[segment.length() - 1] = 1;  // of its padding
      ASSERT_EQ(read(bytes).stop.kind, WalStop::Kind::kTorn) << at;
    }
  }
}

TEST(WalReader, AWholeRecordThatProvesNothingDoesNotHideTheNext) {
  Segment segment;
  segment.append(1, "a");
  segment.sync();
  segment.append(2, "b");  // says that the first was synced
  segment.append(3, "c");  // the same
  segment.sync();
  segment.append(4, "d");  // says that all three were
  EXPECT_EQ(flip_record(segment, 1).kind, WalStop::Kind::kCorrupt);
  EXPECT_EQ(flip_record(segment, 3).kind, WalStop::Kind::kTorn);
}

TEST(WalReader, BytesOfAnotherPlaceNeverVerify) {
  Segment segment = four_batches(false);
  const std::string whole = segment.bytes();
  const std::string record = whole.substr(segment.start(3), segment.length() - segment.start(3));
  // The same record at a later offset of the same segment.
  std::string moved = whole;
  moved.replace(segment.length(), record.size(), record);
  EXPECT_EQ(read(moved).records.size(), 4U);
  EXPECT_EQ(read(moved).stop.kind, WalStop::Kind::kTorn);
  EXPECT_EQ(read(moved).stop.dropped_bytes, record.size() - 6) << "less its padding";
  // The same offset of another segment, and of another store.
  for (const WalIdentity other :
       {WalIdentity{kSalt, FileNumber{8}}, WalIdentity{kSalt + 1, FileNumber{7}}}) {
    Segment stale(2048, other);
    stale.append(1, "the first batch");
    stale.append(4, std::string(131, 'b'));
    stale.append(5, "the third");
    stale.append(6, std::string(50, 'd'));
    std::string mixed = whole;
    mixed.replace(segment.start(3), record.size(),
                  stale.bytes().substr(segment.start(3), record.size()));
    EXPECT_EQ(read(mixed).records.size(), 3U);
    EXPECT_EQ(read(mixed).stop.kind, WalStop::Kind::kTorn);
  }
}

TEST(WalReader, TheHeaderOfAnotherSegmentIsNamed) {
  const auto open = [](const std::string& bytes) {
    auto reader = WalReader::open(std::make_unique<test::StringFile>(bytes), "7.wal", kIdentity);
    EXPECT_TRUE(reader.ok());
    EXPECT_FALSE((*reader)->next()->has_value()) << "its records are not ours";
    EXPECT_FALSE((*reader)->header().has_value());
    EXPECT_FALSE((*reader)->stop_status().ok());
    return std::move(*reader);
  };
  // What a crash may leave of a removed segment in a file that was just created: the engine knows
  // whether 8 was removed.
  Segment stale(2048, WalIdentity{kSalt, FileNumber{8}});
  stale.append(1, "of segment 8");
  auto reader = open(stale.bytes());
  EXPECT_EQ(reader->foreign(), FileNumber{8});
  EXPECT_EQ(reader->stop().kind, WalStop::Kind::kNoHeader);
  // A whole record of the segment itself: it had a header of its own, and lost it.
  Segment own(2048);
  own.append(1, "of segment 7");
  std::string mixed = own.bytes();
  mixed.replace(0, kWalHeaderBytes, stale.bytes().substr(0, kWalHeaderBytes));
  reader = open(mixed);
  EXPECT_EQ(reader->foreign(), FileNumber{8});
  EXPECT_EQ(reader->stop().kind, WalStop::Kind::kCorrupt);
  // Another store is never a remainder.
  Segment other_store(2048, WalIdentity{kSalt + 1, FileNumber{7}});
  reader = open(other_store.bytes());
  EXPECT_FALSE(reader->foreign().has_value());
  EXPECT_EQ(reader->stop().kind, WalStop::Kind::kCorrupt);
  // Its own header is not foreign.
  EXPECT_EQ(read(own.bytes()).records.size(), 1U);
}

TEST(WalReader, AnUnknownVersionIsRefusedByName) {
  Segment segment = four_batches(false);
  std::string bytes = segment.bytes();
  store(bytes.data() + 8, std::uint32_t{2});
  store(bytes.data() + 56,
        hash64(std::string_view(bytes).substr(0, 56), wal_segment_seed(kIdentity)));
  const auto reader =
      WalReader::open(std::make_unique<test::StringFile>(bytes), "dir/7.wal", kIdentity);
  EXPECT_EQ(reader.status().to_string(),
            "unsupported: dir/7.wal: wal format version 2 is not known to this Nacre");
}

TEST(WalReader, ALengthThatDoesNotFitIsNeverAllocated) {
  // A header that claims the largest batch in a file of 4 KiB: refused by its length alone.
  Segment segment(4096);
  segment.append(1, "a");
  std::string bytes = segment.bytes();
  store_record_header(bytes.data() + segment.length(),
                      {.checksum = 1, .length = kBatchBytesMax, .first_seq = 2});
  const Outcome outcome = read(bytes);
  EXPECT_EQ(outcome.stop.kind, WalStop::Kind::kTorn);
  EXPECT_EQ(outcome.stop.offset, segment.length());
}

TEST(WalReader, AFileThatWouldTakeQuadraticTimeIsLeftUndecidedAndSoCorrupt) {
  // Every multiple of 8 looks like a record that reaches to the end of the file.
  Segment segment(1 << 20);
  segment.append(1, "a");
  std::string bytes = segment.bytes();
  for (std::uint64_t at = segment.length(); at + 24 <= bytes.size(); at += 24) {
    const auto length = static_cast<std::uint32_t>(bytes.size() - at - 24);
    store_record_header(bytes.data() + at,
                        {.checksum = 1, .length = length, .synced_to = at, .first_seq = 2});
  }
  const Outcome outcome = read(bytes);
  EXPECT_EQ(outcome.stop.kind, WalStop::Kind::kCorrupt);
  EXPECT_NE(outcome.stop.what.find("too many"), std::string::npos) << outcome.stop.what;
  EXPECT_EQ(outcome.records.size(), 1U);
}

/// A file that can't be read beyond a place, or is shorter than it says.
class BrokenFile final : public RandomAccessFile {
 public:
  BrokenFile(std::string bytes, bool short_reads) : bytes_(std::move(bytes)), short_(short_reads) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    if (!short_) return Status(Code::kIo, "read 7.wal: Input/output error");
    const std::size_t count =
        offset < bytes_.size() ? std::min<std::size_t>(out.size(), bytes_.size() - offset) : 0;
    std::copy_n(bytes_.data() + offset, count, out.data());
    return count;
  }
  void read_many(std::span<ReadRequest>) const override {}
  std::uint64_t size() const override { return bytes_.size() + 100; }

 private:
  const std::string bytes_;
  const bool short_;
};

TEST(WalReader, AFailedReadIsAnErrorAndNotAStop) {
  for (const bool short_reads : {false, true}) {
    const auto reader = WalReader::open(
        std::make_unique<BrokenFile>(four_batches(false).bytes(), short_reads), "7.wal", kIdentity);
    // The header is there before the read that ends too early.
    const Status status = reader.ok() ? (*reader)->next().status() : reader.status();
    EXPECT_EQ(reader.ok(), short_reads);
    EXPECT_EQ(status.code(), Code::kIo);
    if (reader.ok()) {
      EXPECT_EQ((*reader)->stop().kind, WalStop::Kind::kNone);
    }
  }
}

}  // namespace
}  // namespace nacre
