// The frame of a table: swaps, versions, sections, and properties as bytes.
#include "table/table_format.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "table/properties.h"
#include "table/table_fakes.h"

namespace nacre {
namespace {

using test::Row;

std::vector<Row> few_rows() {
  return {{"a", make_trailer(3, Kind::kPut), "one"}, {"b", make_trailer(2, Kind::kPut), "two"}};
}

/// A table whose parts can be changed and put together again with right checksums.
struct Frame {
  explicit Frame(const std::string& bytes)
      : seed(test::kTestSalt, test::kTestNumber),
        footer(decode_footer(seed, "t", bytes.size(), bytes.substr(bytes.size() - kFooterBytes))
                   .value()),
        sections(decode_directory(seed, "t", footer,
                                  bytes.substr(footer.directory_offset, footer.directory_length))
                     .value()),
        body(bytes.substr(0, footer.directory_offset)) {}

  void add_section(std::uint32_t id, std::uint32_t flags, std::string_view content) {
    sections.push_back(
        {SectionId{id}, flags, body.size(), content.size(), hash64(content, seed.at(body.size()))});
    body += content;
  }
  std::string bytes() const {
    const std::string directory = encode_directory(sections);
    Footer changed = footer;
    changed.directory_offset = body.size();
    changed.directory_length = static_cast<std::uint32_t>(directory.size());
    changed.directory_checksum = hash64(directory, seed.at(body.size()));
    return body + directory + encode_footer(seed, changed);
  }

  TableSeed seed;
  Footer footer;
  std::vector<Section> sections;
  std::string body;
};

/// Sets bytes of the footer and makes its checksum right again.
std::string with_footer(std::string bytes, std::size_t at, std::string_view hex) {
  char* footer = bytes.data() + bytes.size() - kFooterBytes;
  const std::string value = from_hex(hex).value();
  value.copy(footer + at, value.size());
  store(footer + 48, hash64({footer, 48}, 0));
  return bytes;
}

TEST(TableFormat, ATableOfAnotherNumberOrStoreIsNoticed) {
  const std::string bytes = test::build_table(few_rows(), test::test_options()).bytes;
  test::TableWorld world;
  EXPECT_TRUE(world.open(bytes).ok());
  const Status other_number = world.open(bytes, test::kTestSalt, FileNumber{13}).status();
  EXPECT_EQ(other_number.to_string(), "corruption: 12.tbl: offset " +
                                          std::to_string(bytes.size() - kFooterBytes) +
                                          ": this is table 12, not table 13");
  const Status other_store = world.open(bytes, test::kTestSalt + 1).status();
  EXPECT_EQ(other_store.code(), Code::kCorruption);
  EXPECT_NE(other_store.message().find("another store"), std::string_view::npos);
  // A forged number in the footer does not help: everything else is seeded with it.
  const std::string forged = with_footer(bytes, 24, "0d");
  EXPECT_EQ(world.open(forged, test::kTestSalt, FileNumber{13}).status().code(), Code::kCorruption);
}

TEST(TableFormat, ABlockOfAnotherPlaceOrTableIsNoticed) {
  std::vector<Row> rows;
  for (int i = 100; i < 104; ++i) {
    rows.push_back({std::to_string(i), make_trailer(1, Kind::kPut), std::string(60, 'v')});
  }
  TableBuilderOptions options = test::test_options();
  options.block_bytes = 1;
  const std::string bytes = test::build_table(rows, options).bytes;
  test::TableWorld world;
  const auto table = world.must_open(bytes);
  const std::uint64_t size = table->stored().index.stored_bytes(0);
  ASSERT_EQ(table->stored().index.stored_bytes(1), size);
  // A copy of block 0 in the place of block 1.
  std::string moved = bytes;
  bytes.copy(moved.data() + size, size);
  EXPECT_EQ(
      world.must_open(moved)->load(1).status().to_string(),
      "corruption: 12.tbl: offset " + std::to_string(size) + ": block checksum does not match");
  // The same block of a table that differs in nothing but its number.
  options.number = FileNumber{13};
  const std::string other = test::build_table(rows, options).bytes;
  std::string swapped = bytes;
  other.copy(swapped.data(), size);
  EXPECT_EQ(world.must_open(swapped)->load(0).status().code(), Code::kCorruption);
}

TEST(TableFormat, NewerVersionsAndFeaturesAreRefusedWithAReason) {
  const std::string bytes = test::build_table(few_rows(), test::test_options()).bytes;
  test::TableWorld world;
  for (const auto& [at, hex] : {std::pair{12, "02"}, {16, "01"}, {23, "80"}}) {
    const Status status =
        world.open(with_footer(bytes, static_cast<std::size_t>(at), hex)).status();
    EXPECT_EQ(status.code(), Code::kUnsupported) << at;
    EXPECT_NE(status.message().find("written by a newer Nacre"), std::string_view::npos) << at;
  }
  EXPECT_EQ(world.open(with_footer(bytes, 12, "00")).status().code(), Code::kCorruption);
}

TEST(TableFormat, UnknownSectionsAreSkippedUnlessRequired) {
  const std::string bytes = test::build_table(few_rows(), test::test_options()).bytes;
  test::TableWorld world;
  Frame optional(bytes);
  optional.add_section(77, 0, "from the future");
  const std::string extended = optional.bytes();
  const auto table = world.must_open(extended);
  EXPECT_EQ((*test::get(*table, "a", 9))->value, "one");
  EXPECT_TRUE(table->verify().ok());
  // Its bytes are under a checksum all the same.
  std::string damaged = extended;
  damaged[extended.find("future")] ^= 1;
  EXPECT_EQ(world.must_open(damaged)->verify().code(), Code::kCorruption);

  Frame required(bytes);
  required.add_section(77, kSectionRequired, "from the future");
  EXPECT_EQ(world.open(required.bytes()).status().code(), Code::kUnsupported);
}

TEST(TableFormat, AFilterOfALaterKindIsDoneWithout) {
  Frame frame(test::build_table(few_rows(), test::test_options()).bytes);
  Section& filter = frame.sections[1];
  ASSERT_EQ(filter.id, SectionId::kFilter);
  frame.body[filter.offset + filter.length - 1] = 9;
  filter.checksum = hash64(std::string_view(frame.body).substr(filter.offset, filter.length),
                           frame.seed.at(filter.offset));
  test::TableWorld world;
  const auto table = world.must_open(frame.bytes());
  EXPECT_TRUE(table->may_contain(1) && table->may_contain(2));
  EXPECT_EQ((*test::get(*table, "b", 9))->value, "two");
}

TEST(TableFormat, SectionsMustLieBackToBack) {
  const std::string bytes = test::build_table(few_rows(), test::test_options()).bytes;
  test::TableWorld world;
  const auto refused = [&](auto&& change) {
    Frame frame(bytes);
    change(frame);
    return world.open(frame.bytes()).status().code() == Code::kCorruption;
  };
  EXPECT_FALSE(refused([](Frame&) {}));
  EXPECT_TRUE(refused([](Frame& f) { f.sections.clear(); }));
  EXPECT_TRUE(refused([](Frame& f) { f.sections.pop_back(); }));
  EXPECT_TRUE(refused([](Frame& f) { f.sections.erase(f.sections.begin()); })) << "no index";
  EXPECT_TRUE(refused([](Frame& f) { std::swap(f.sections[0], f.sections[1]); }));
  EXPECT_TRUE(refused([](Frame& f) { f.sections.push_back(f.sections[0]); }));
  EXPECT_TRUE(refused([](Frame& f) { f.sections[1].length += 1; }));
  EXPECT_TRUE(refused([](Frame& f) { f.sections[1].offset = ~std::uint64_t{0}; }));
  EXPECT_TRUE(refused([](Frame& f) { f.sections[2].length = ~std::uint64_t{0} - 10; }));
  EXPECT_TRUE(refused([](Frame& f) { f.body += 'x'; })) << "a byte that nobody covers";
}

TEST(TableFormat, BlockTrailerGoldenBytes) {
  LargeString out = "abc";
  const TableSeed seed(1, FileNumber{2});
  append_block_trailer(seed, 0, {Codec::kNone, 3, "abc"}, out);
  EXPECT_EQ(to_hex(out).substr(0, 16), "6162630300000000");
  EXPECT_EQ(out.size(), 3 + kBlockTrailerBytes);
  EXPECT_EQ(open_stored_block(seed, "t", 0, out)->bytes, "abc");
  EXPECT_FALSE(open_stored_block(seed, "t", 1, out).ok()) << "another place";
  EXPECT_FALSE(open_stored_block(TableSeed(1, FileNumber{3}), "t", 0, out).ok());
  EXPECT_FALSE(open_stored_block(TableSeed(2, FileNumber{2}), "t", 0, out).ok());
  // A declared size that no codec reaches is refused before anybody allocates.
  LargeString bomb = "abc";
  append_block_trailer(seed, 0, {Codec::kZstd, 0xFFFFFFFF, "abc"}, bomb);
  EXPECT_EQ(open_stored_block(seed, "t", 0, bomb).status().code(), Code::kCorruption);
  LargeString unknown = "abc";
  append_block_trailer(seed, 0, {Codec{9}, 3, "abc"}, unknown);
  EXPECT_EQ(open_stored_block(seed, "t", 0, unknown).status().code(), Code::kUnsupported);
}

TableProperties some_properties() {
  TableProperties properties;
  properties.entries = 300;
  properties.deletes = 2;
  properties.key_bytes = 5000;
  properties.value_bytes = 1ULL << 40;
  properties.smallest = "a";
  properties.largest = std::string("b\0", 2);
  properties.min_seq = 7;
  properties.max_seq = kSeqMax;
  properties.blocks = 9;
  properties.codec = Codec::kZstd;
  properties.notes = {{"reason", "compaction"}, {"", ""}};
  return properties;
}

TEST(Properties, ComeBackAndHaveGoldenBytes) {
  const std::string bytes = encode_properties(some_properties());
  EXPECT_EQ(decode_properties(bytes).value(), some_properties());
  EXPECT_EQ(to_hex(bytes),
            "0102ac02"
            "020102"
            "03028827"
            "0406808080808020"
            "050161"
            "06026200"
            "070107"
            "0808ffffffffffffff7f"
            "090109"
            "0a0102"
            "0b1106726561736f6e636f6d70616374696f6e"
            "0b0100");
}

TEST(Properties, UnknownTagsAreSkippedAndBadValuesRefused) {
  const std::string bytes = encode_properties(some_properties());
  EXPECT_EQ(decode_properties(bytes + from_hex("630361626300").value()).status().code(),
            Code::kCorruption)
      << "ends inside a tag";
  EXPECT_EQ(decode_properties(bytes + from_hex("6303616263").value()).value(), some_properties());
  EXPECT_FALSE(decode_properties(bytes + bytes).ok()) << "listed twice";
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto cut_short = decode_properties(std::string_view(bytes).substr(0, cut));
    if (!cut_short.ok()) continue;
    TableProperties without_notes = *cut_short;  // notes alone may be missing
    without_notes.notes = some_properties().notes;
    EXPECT_EQ(without_notes, some_properties()) << cut;
  }
  const auto refused = [](auto&& change) {
    TableProperties properties = some_properties();
    change(properties);
    return decode_properties(encode_properties(properties)).status().code() == Code::kCorruption;
  };
  EXPECT_TRUE(refused([](TableProperties& p) { p.entries = 0; }));
  EXPECT_TRUE(refused([](TableProperties& p) { p.deletes = 301; }));
  EXPECT_TRUE(refused([](TableProperties& p) { p.blocks = 0; }));
  EXPECT_TRUE(refused([](TableProperties& p) { p.smallest = "c"; }));
  EXPECT_TRUE(refused([](TableProperties& p) { p.min_seq = kSeqMax + 1; }));
  EXPECT_TRUE(refused([](TableProperties& p) { p.max_seq = kSeqMax + 1; }));
  EXPECT_TRUE(refused([](TableProperties& p) { p.largest = std::string(70'000, 'z'); }));
}

}  // namespace
}  // namespace nacre
