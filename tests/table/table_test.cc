// Tables built and read back: gets against a model, blocks, what a table says about itself.
#include <gtest/gtest.h>

#include "base/text.h"
#include "table/table_fakes.h"

namespace nacre {
namespace {

using test::Row;

std::vector<Row> numbered_rows(std::size_t count, std::size_t value_bytes) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < count; ++i) {
    char key[24];
    std::snprintf(key, sizeof key, "%016zu", i * 7);
    rows.push_back({key, make_trailer(1 + i % 1000, Kind::kPut), std::string(value_bytes, 'v')});
  }
  return rows;
}

TEST(Table, GoldenBytes) {
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  options.notes = {{"reason", "flush"}};
  const std::vector<Row> rows = {{"a", make_trailer(3, Kind::kPut), "one"},
                                 {"b", make_trailer(2, Kind::kDelete), ""}};
  const test::Built built = test::build_table(rows, options);
  // clang-format off
  const char* const parts[] = {
      // Block at 0: see block_format.h.
      "0102020102000000000200000000000000000000000000000000000036000000360000000000006100000062"
      "000003000300010100006f6e65",
      // Its trailer: 57 bytes, raw, checksum.
      "39000000" "00" "6c88e4c845af51fa",
      // Index at 70: 1 block, prefix "b", 70 bytes, 2 entries, separator "b" without the prefix.
      "01" "0162" "46" "04" "00",
      // Filter at 76: one line of two keys.
      "0100000000010000" "0008000000000100" "0800000001000000" "0000000000000201"
      "0000000001020000" "0002010000000000" "0000000004200000" "0000000000200004",
      // Keys, kind.
      "0200000000000000" "01",
      // Properties at 149: 2 entries, 1 delete, 2 + 3 bytes, "a" to "b", seqs 2 to 3, 1 block, raw.
      "010102" "020101" "030102" "040103" "050161" "060162" "070102" "080103" "090101" "0a0100",
      "0b0c" "06726561736f6e" "666c757368",
      // Directory at 193.
      "01000000" "01000000" "4600000000000000" "0600000000000000" "46894e23d6f0cbdd",
      "02000000" "00000000" "4c00000000000000" "4900000000000000" "57e12bf73893e94c",
      "03000000" "01000000" "9500000000000000" "2c00000000000000" "0279fa2e4faef332",
      // Footer: directory at 193, 96 bytes, version 1, no features, table 12, store, checksums.
      "c100000000000000" "60000000" "01000000" "0000000000000000" "0c00000000000000",
      "f7dcfc0afb3bd1f1" "2981152be4ad8b3f" "8a72b309a8022033" "4e6163726554626c",
  };
  // clang-format on
  std::string expected;
  for (const char* part : parts) expected += part;
  EXPECT_EQ(to_hex(built.bytes), expected);
  // The rest of the format does not move when these bytes are opened by a later version.
  test::TableWorld world;
  const auto table = world.must_open(from_hex(expected).value());
  ASSERT_NE(table, nullptr);
  for (const Row& row : rows) EXPECT_EQ(*test::get(*table, row.key, kSeqMax), row);
  EXPECT_EQ(table->properties().notes, options.notes);
}

TEST(Table, RendersItsLayout) {
  TableBuilderOptions options = test::test_options();
  options.notes = {{"reason", "flush"}};
  options.codec = Codec::kNone;
  options.block_bytes = 200;
  const std::vector<Row> rows = {{"apple", make_trailer(3, Kind::kPut), std::string(120, 'x')},
                                 {"apricot", make_trailer(9, Kind::kPut), std::string(120, 'y')},
                                 {"b\n", make_trailer(2, Kind::kDelete), ""}};
  test::TableWorld world;
  const auto table = world.must_open(test::build_table(rows, options).bytes);
  EXPECT_EQ(table->render(),
            "table 12: 677 bytes, 3 entries, 1 deletes, seqs 2-9\n"
            "keys [apple..b\\n], 14 bytes; values 240 bytes; codec none\n"
            "reason: flush\n"
            "index at 379 + 15\n"
            "filter at 394 + 73\n"
            "properties at 467 + 50\n"
            "directory at 517 + 96\n"
            "block 0 at 0 + 181, 1 entries, up to apq\n"
            "block 1 at 181 + 198, 2 entries, up to b\\n\n");
}

class TableGets : public testing::TestWithParam<Codec> {};
INSTANTIATE_TEST_SUITE_P(Codecs, TableGets,
                         testing::Values(Codec::kNone, Codec::kLz4, Codec::kZstd),
                         [](const auto& test) { return std::string(codec_name(test.param)); });

TEST_P(TableGets, AgreeWithAModel) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<Row> rows = test::random_rows(random, 3000);
    TableBuilderOptions options = test::test_options();
    options.codec = GetParam();
    options.block_bytes = 512 << random.below(4);
    options.filter_bits = random.one_in(3) ? 0 : 10;
    options.spill_bytes = random.one_in(2) ? 600 : options.spill_bytes;
    test::TableWorld world;
    const auto table = world.must_open(test::build_table(rows, options).bytes);
    for (int i = 0; i < 20'000; ++i) {
      std::string key = rows[random.below(rows.size())].key;
      if (random.one_in(3)) key += '\0';
      if (random.one_in(5) && !key.empty()) key.pop_back();
      const Seq seq = random.one_in(2) ? kSeqMax : random.below(1 << 20);
      const auto found = test::get(*table, key, seq);
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      ASSERT_EQ(*found, test::model_get(rows, key, seq)) << escape(key) << " @" << seq;
    }
    EXPECT_TRUE(table->verify().ok());
  }
}

TEST(Table, ManyVersionsOfAKeyOverSeveralBlocks) {
  std::vector<Row> rows = {{"a", make_trailer(1, Kind::kPut), "first"}};
  for (Seq seq = 500; seq > 0; --seq) {
    rows.push_back({"hot", make_trailer(seq * 2, Kind::kPut), "value " + std::to_string(seq)});
  }
  rows.push_back({"hot!", make_trailer(1, Kind::kPut), "neighbour"});
  rows.push_back({"z", make_trailer(1, Kind::kPut), "last"});
  TableBuilderOptions options = test::test_options();
  options.block_bytes = 512;
  options.spill_bytes = 512;
  test::TableWorld world;
  const auto table = world.must_open(test::build_table(rows, options).bytes);
  ASSERT_GT(table->block_count(), 10U);
  for (int round = 0; round < 2; ++round) {  // from the file, then from memory
    for (Seq seq = 0; seq <= 1001; ++seq) {
      const auto found = test::get(*table, "hot", seq);
      ASSERT_TRUE(found.ok());
      ASSERT_EQ(*found, test::model_get(rows, "hot", seq)) << seq;
    }
    for (const char* key : {"a", "hot!", "z", "hou", "b"}) {
      ASSERT_EQ(*test::get(*table, key, kSeqMax), test::model_get(rows, key, kSeqMax)) << key;
    }
  }
  // Without the limit they all go to one block.
  options.spill_bytes = 1 << 20;
  const auto whole = world.must_open(test::build_table(rows, options).bytes);
  EXPECT_EQ(whole->block_count(), 2U);
  EXPECT_TRUE(whole->verify().ok());
}

TEST(Table, BlocksStayWithinTheirSizeAndAreWellFilled) {
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  const std::vector<Row> rows = numbered_rows(20'000, 100);
  const test::Built built = test::build_table(rows, options);
  test::TableWorld world;
  const auto table = world.must_open(built.bytes);
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < table->block_count(); ++i) {
    const BlockPin pin = table->load(i).value();
    EXPECT_LE(pin.size(), 4096U) << i;
    sum += pin.size();
  }
  EXPECT_GT(sum / table->block_count(), 3950U);
}

TEST(Table, ABlockWithoutAnythingInCommonWithItsLastKeyStaysSmallToo) {
  // Long shared prefixes that end with the entry that would be added last.
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  std::vector<Row> rows;
  for (int group = 0; group < 50; ++group) {
    for (int i = 0; i < 37; ++i) {
      char tail[16];
      std::snprintf(tail, sizeof tail, "%03d", i);
      rows.push_back({std::string(1, static_cast<char>('A' + group)) + std::string(60, 'p') + tail,
                      make_trailer(5, Kind::kPut), std::string(80, 'v')});
    }
  }
  test::TableWorld world;
  const auto table = world.must_open(test::build_table(rows, options).bytes);
  for (std::uint32_t i = 0; i < table->block_count(); ++i) {
    EXPECT_LE(table->load(i)->size(), 4096U) << i;
  }
}

TEST(Table, TheSummaryCountsWhatWasAdded) {
  Random random(5);
  const std::vector<Row> rows = test::random_rows(random, 500);
  const test::Built built = test::build_table(rows, test::test_options());
  TableSummary expected;
  expected.min_seq = kSeqMax;
  for (const Row& row : rows) {
    expected.entries += 1;
    expected.deletes += kind_of(row.trailer) == Kind::kDelete ? 1 : 0;
    expected.key_bytes += row.key.size();
    expected.value_bytes += row.value.size();
    expected.min_seq = std::min(expected.min_seq, seq_of(row.trailer));
    expected.max_seq = std::max(expected.max_seq, seq_of(row.trailer));
  }
  const TableSummary& said = built.summary;
  EXPECT_EQ(said.bytes, built.bytes.size());
  EXPECT_EQ(said.entries, expected.entries);
  EXPECT_EQ(said.deletes, expected.deletes);
  EXPECT_EQ(said.key_bytes, expected.key_bytes);
  EXPECT_EQ(said.value_bytes, expected.value_bytes);
  EXPECT_EQ(said.min_seq, expected.min_seq);
  EXPECT_EQ(said.max_seq, expected.max_seq);
  EXPECT_EQ(said.smallest, rows.front().key);
  EXPECT_EQ(said.largest, rows.back().key);

  test::TableWorld world;
  const TableProperties read = world.must_open(built.bytes)->properties();
  EXPECT_EQ(read.entries, said.entries);
  EXPECT_EQ(read.deletes, said.deletes);
  EXPECT_EQ(read.smallest, said.smallest);
  EXPECT_EQ(read.largest, said.largest);
}

TEST(Table, TheBuilderRefusesDisorderAndTheUnknown) {
  test::StringSink sink;
  TableBuilder builder(sink, test::test_options());
  const auto add = [&](std::string_view key, Seq seq, Kind kind) {
    return builder.add({key, make_trailer(seq, kind), "v"}, hash64(key, test::kTestSalt)).code();
  };
  EXPECT_EQ(add("b", 5, Kind::kPut), Code::kOk);
  EXPECT_EQ(add("b", 4, Kind::kPut), Code::kOk);
  EXPECT_EQ(add("b", 4, Kind::kPut), Code::kCorruption);
  EXPECT_EQ(add("b", 6, Kind::kPut), Code::kCorruption);
  EXPECT_EQ(add("a", 6, Kind::kPut), Code::kCorruption);
  EXPECT_EQ(add("c", 6, Kind::kMerge), Code::kCorruption);
  EXPECT_EQ(add(std::string(70'000, 'c'), 6, Kind::kPut), Code::kCorruption);
  EXPECT_EQ(add(std::string(65'536, 'c'), 6, Kind::kPut), Code::kOk);
}

TEST(Table, TheBuilderPassesOnAFullDisk) {
  test::StringSink sink;
  sink.fail = true;
  TableBuilder builder(sink, test::test_options());
  const std::string value(100, 'v');
  ASSERT_TRUE(builder.add({"a", make_trailer(1, Kind::kPut), value}, 1).ok());
  EXPECT_EQ(builder.finish().status().code(), Code::kNoSpace);
}

TEST(Table, WritesInLargePieces) {
  test::StringSink sink;
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  TableBuilder builder(sink, options);
  for (const Row& row : numbered_rows(40'000, 100)) {
    ASSERT_TRUE(builder.add(row.entry(), hash64(row.key, test::kTestSalt)).ok());
  }
  const std::uint64_t estimate = builder.bytes_estimate();
  const TableSummary summary = builder.finish().value();
  EXPECT_LE(sink.appends, 12);
  EXPECT_GE(estimate, summary.bytes * 99 / 100);
  EXPECT_LE(estimate, summary.bytes * 103 / 100);
}

TEST(Table, AHitInMemoryReadsNothing) {
  const std::vector<Row> rows = numbered_rows(2000, 100);
  test::TableWorld world;
  const auto table = world.must_open(test::build_table(rows, test::test_options()).bytes);
  for (const Row& row : rows) ASSERT_TRUE(test::get(*table, row.key, kSeqMax)->has_value());
  const int reads = world.calls->reads;
  EXPECT_LE(reads, static_cast<int>(table->block_count()) + 8);
  for (const Row& row : rows) ASSERT_EQ(*test::get(*table, row.key, kSeqMax), row);
  EXPECT_EQ(world.calls->reads, reads);
}

TEST(Table, MostMissesAreAnsweredByTheFilter) {
  test::TableWorld world;
  const auto table =
      world.must_open(test::build_table(numbered_rows(5000, 10), test::test_options()).bytes);
  const int reads = world.calls->reads;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(test::get(*table, "0000000000" + std::to_string(i * 7 + 3), 9)->has_value());
  }
  EXPECT_LE(world.calls->reads - reads, 40);
}

TEST(Table, LoadManyReadsNeighboursInOneGo) {
  test::TableWorld world;
  const auto table =
      world.must_open(test::build_table(numbered_rows(5000, 100), test::test_options()).bytes);
  ASSERT_GT(table->block_count(), 50U);
  const BlockPin held = table->load(12).value();
  const int reads = world.calls->reads;
  std::vector<BlockLoad> loads;
  for (const std::uint32_t block : {10, 11, 12, 13, 14, 30, 40, 41}) {
    loads.push_back({block, {}, {}});
  }
  table->load_many(loads);
  EXPECT_EQ(world.calls->batches, 1);
  EXPECT_EQ(world.calls->reads - reads, 4) << "10-11, 13-14, 30, 40-41";
  for (const BlockLoad& load : loads) {
    EXPECT_TRUE(load.status.ok());
    ASSERT_TRUE(load.pin);
    EXPECT_EQ(table->load(load.block)->bytes(), load.pin.bytes());
  }
  EXPECT_EQ(loads[2].pin.data(), held.data());

  world.calls->fail = true;
  std::vector<BlockLoad> failing;
  failing.push_back({10, {}, {}});
  failing.push_back({20, {}, {}});
  table->load_many(failing);
  EXPECT_TRUE(failing[0].status.ok() && failing[0].pin);
  EXPECT_EQ(failing[1].status.code(), Code::kIo);
  EXPECT_FALSE(failing[1].pin);
  EXPECT_EQ(table->load(21).status().code(), Code::kIo);
}

TEST(Table, ApproximateBytesFollowTheRange) {
  const std::vector<Row> rows = numbered_rows(20'000, 100);
  test::TableWorld world;
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  const auto table = world.must_open(test::build_table(rows, options).bytes);
  const std::uint64_t all = table->approximate_bytes("", "\xff");
  EXPECT_EQ(all, table->stored().index.data_bytes());
  const std::uint64_t half = table->approximate_bytes(rows[5000].key, rows[15'000].key);
  EXPECT_NEAR(static_cast<double>(half), static_cast<double>(all) / 2, 9000);
  EXPECT_EQ(table->approximate_bytes("1", "2"), 0U);
  EXPECT_EQ(table->approximate_bytes("", " "), 0U);
  EXPECT_EQ(table->approximate_bytes("9", "0"), 0U);
  const std::uint64_t one = table->approximate_bytes(rows[7].key, rows[7].key);
  EXPECT_TRUE(one > 3000 && one < 4200) << one;
}

TEST(Table, MemoryIsChargedAndGivenBack) {
  test::TableWorld world;
  auto table =
      world.must_open(test::build_table(numbered_rows(20'000, 100), test::test_options()).bytes);
  EXPECT_GE(world.budget.used(MemoryUse::kTable), table->memory_bytes());
  EXPECT_GT(table->memory_bytes(), 20'000U * 10 / 8) << "the filter alone";
  {
    const auto cursor = table->cursor(CursorUse::kCompaction);
    cursor->first();
    EXPECT_GT(world.budget.used(MemoryUse::kBuffer), 100'000U);
    table.reset();
    cursor->last();
    EXPECT_TRUE(cursor->valid()) << "a cursor keeps its table";
  }
  EXPECT_EQ(world.budget.used(MemoryUse::kTable), 0U);
  EXPECT_EQ(world.budget.used(MemoryUse::kBuffer), 0U);
}

TEST(Table, LargeValuesAndKeys) {
  std::vector<Row> rows;
  for (int i = 0; i < 5; ++i) {
    rows.push_back({std::string(65'535, 'k') + std::to_string(i), make_trailer(1, Kind::kPut),
                    std::string(3'000'000, static_cast<char>('a' + i))});
  }
  for (const Codec codec : {Codec::kNone, Codec::kLz4, Codec::kZstd}) {
    TableBuilderOptions options = test::test_options();
    options.codec = codec;
    test::TableWorld world(4 << 20);
    const auto table = world.must_open(test::build_table(rows, options).bytes);
    for (const Row& row : rows) ASSERT_EQ(*test::get(*table, row.key, kSeqMax), row);
    EXPECT_TRUE(table->verify().ok());
  }
}

}  // namespace
}  // namespace nacre
