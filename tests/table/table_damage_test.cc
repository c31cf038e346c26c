// Damage: every byte changed, every length cut, and what a table then says. Never wrong data.
#include <gtest/gtest.h>

#include "table/table_fakes.h"

namespace nacre {
namespace {

using test::Row;

struct Sample {
  std::vector<Row> rows;
  std::string bytes;
};

Sample sample(Codec codec) {
  Random random(41);
  Sample result;
  result.rows = test::random_rows(random, 60, 30);
  TableBuilderOptions options = test::test_options();
  options.codec = codec;
  options.block_bytes = 512;
  options.notes = {{"reason", "flush"}};
  result.bytes = test::build_table(result.rows, options).bytes;
  return result;
}

/// Reads all of a table in every way. Returns whether anything failed; what is shown before and
/// without a failure must be right.
bool any_failure(const std::string& bytes, const std::vector<Row>& rows) {
  test::TableWorld world(1 << 20);
  const auto table = world.open(bytes);
  if (!table.ok()) {
    EXPECT_NE(table.error().message().find("12.tbl"), std::string_view::npos);
    return true;
  }
  bool failed = false;
  for (const CursorUse use : {CursorUse::kRead, CursorUse::kCompaction}) {
    const auto cursor = (*table)->cursor(use);
    std::size_t i = 0;
    for (cursor->first(); cursor->valid(); cursor->next(), ++i) {
      EXPECT_LT(i, rows.size());
      EXPECT_EQ(test::row_of(cursor->entry()), rows[i]);
    }
    if (cursor->status().ok()) {
      EXPECT_EQ(i, rows.size());
    }
    failed |= !cursor->status().ok();
  }
  for (const Row& row : rows) {
    const auto found = test::get(**table, row.key, seq_of(row.trailer));
    if (found.ok()) {
      EXPECT_EQ(*found, row);
    }
    failed |= !found.ok();
  }
  const Status verified = (*table)->verify();
  if (!verified.ok()) {
    EXPECT_NE(verified.message().find("12.tbl: offset "), std::string_view::npos)
        << verified.to_string();
  } else {
    EXPECT_FALSE(failed) << "a read failed, but verify() found nothing";
  }
  return failed || !verified.ok();
}

TEST(TableDamage, NoByteCanChangeUnnoticed) {
  for (const Codec codec : {Codec::kNone, Codec::kLz4}) {
    const Sample good = sample(codec);
    ASSERT_FALSE(any_failure(good.bytes, good.rows));
    Random random(42);
    for (std::size_t at = 0; at < good.bytes.size(); ++at) {
      const char changes[] = {static_cast<char>(good.bytes[at] ^ (1 << random.below(8))), '\0',
                              '\xff'};
      for (const char change : changes) {
        if (change == good.bytes[at]) continue;
        std::string bad = good.bytes;
        bad[at] = change;
        ASSERT_TRUE(any_failure(bad, good.rows)) << "byte " << at << " to " << int{change};
      }
    }
  }
}

TEST(TableDamage, NoLengthButTheRightOneOpens) {
  const Sample good = sample(Codec::kLz4);
  test::TableWorld world;
  for (std::size_t size = 0; size < good.bytes.size(); ++size) {
    ASSERT_EQ(world.open(good.bytes.substr(0, size)).status().code(), Code::kCorruption) << size;
  }
  EXPECT_FALSE(world.open(good.bytes + '\0').ok());
  EXPECT_FALSE(world.open(good.bytes + good.bytes.substr(good.bytes.size() - 64)).ok());
  EXPECT_FALSE(world.open("").ok());
  EXPECT_EQ(world.budget.used(MemoryUse::kTable), 0U);
}

/// A file that loses its end after it was opened.
class ShrinkingFile final : public RandomAccessFile {
 public:
  ShrinkingFile(std::string bytes, std::shared_ptr<std::atomic<std::uint64_t>> end)
      : bytes_(std::move(bytes)), end_(std::move(end)) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    const std::uint64_t end = *end_;
    if (offset >= end) return std::size_t{0};
    return bytes_.copy(out.data(), std::min<std::uint64_t>(out.size(), end - offset), offset);
  }
  void read_many(std::span<ReadRequest> requests) const override {
    for (ReadRequest& request : requests) request.count = *read(request.offset, request.out);
  }
  std::uint64_t size() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
  const std::shared_ptr<std::atomic<std::uint64_t>> end_;
};

TEST(TableDamage, AFileThatShrinksWhileOpenIsReported) {
  const Sample good = sample(Codec::kNone);
  test::TableWorld world;
  const auto end = std::make_shared<std::atomic<std::uint64_t>>(good.bytes.size());
  const auto table = TableReader::open(
      std::make_unique<ShrinkingFile>(good.bytes, end),
      TableReaderOptions{"12.tbl", test::kTestSalt, test::kTestNumber, world.cache, world.budget});
  ASSERT_TRUE(table.ok());
  *end = 100;
  EXPECT_EQ((*table)->load(0).status().to_string(),
            "corruption: 12.tbl: offset 100: file ends early");
  std::vector<BlockLoad> loads;
  loads.push_back({0, {}, {}});
  loads.push_back({1, {}, {}});
  (*table)->load_many(loads);
  EXPECT_EQ(loads[0].status.code(), Code::kCorruption);
  EXPECT_EQ(loads[1].status.code(), Code::kCorruption);
  const auto cursor = (*table)->cursor(CursorUse::kCompaction);
  cursor->first();
  EXPECT_FALSE(cursor->valid());
  EXPECT_EQ(cursor->status().code(), Code::kCorruption);
}

TEST(TableDamage, VerifyCanBeWatchedAndStopped) {
  const Sample good = sample(Codec::kLz4);
  test::TableWorld world;
  const auto table = world.must_open(good.bytes);
  std::vector<std::uint64_t> seen;
  EXPECT_TRUE(table
                  ->verify([&](std::uint64_t bytes) {
                    seen.push_back(bytes);
                    return true;
                  })
                  .ok());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), good.bytes.size());
  EXPECT_EQ(table->verify([](std::uint64_t bytes) { return bytes < 600; }).code(), Code::kClosed);
}

}  // namespace
}  // namespace nacre
