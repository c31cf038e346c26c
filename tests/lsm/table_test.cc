// A table is read when it is first asked for, once, and judged by what the manifest says of it.

#include "lsm/table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "table/table_fakes.h"

namespace nacre::test {
namespace {

class LazyTableTest : public ::testing::Test {
 protected:
  LazyTableTest() {
    Built built = build_table(
        {{"a", make_trailer(1, Kind::kPut), "one"}, {"b", make_trailer(2, Kind::kPut), "two"}},
        test_options());
    bytes_ = std::move(built.bytes);
    meta_.number = kTestNumber;
    meta_.bytes = built.summary.bytes;
    meta_.smallest = built.summary.smallest;
    meta_.largest = built.summary.largest;
    meta_.entries = built.summary.entries;
  }

  TablePtr table(const TableMeta& meta) {
    return std::make_shared<const Table>(
        meta, std::make_shared<MemoryFile>(bytes_, world_.calls),
        TableReaderOptions{"12.tbl", kTestSalt, kTestNumber, world_.cache, world_.budget});
  }
  int reads() const { return world_.calls->reads; }

  TableWorld world_;
  std::string bytes_;
  TableMeta meta_;
};

TEST_F(LazyTableTest, NothingIsReadBeforeItIsLoaded) {
  const TablePtr lazy = table(meta_);
  EXPECT_EQ(lazy->reader(), nullptr);
  EXPECT_EQ(reads(), 0);
  EXPECT_EQ(world_.budget.used(), 0U);
  const auto loaded = lazy->load();
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  EXPECT_EQ(*loaded, lazy->reader());
  EXPECT_GT(world_.budget.used(), 0U);
  EXPECT_EQ(get(**loaded, "b", kSeqMax).value()->value, "two");
}

TEST_F(LazyTableTest, IsLoadedOnceForAllThreads) {
  const TablePtr lazy = table(meta_);
  ASSERT_TRUE(table(meta_)->load().ok());
  const int reads_of_a_load = reads();
  std::atomic<const TableReader*> first{nullptr};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto loaded = lazy->load();
      const TableReader* none = nullptr;
      const bool is_first = loaded.ok() && first.compare_exchange_strong(none, *loaded);
      if (!loaded.ok() || (!is_first && first != *loaded)) ++wrong;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(reads(), 2 * reads_of_a_load);
}

TEST_F(LazyTableTest, AFailureIsNotKept) {
  const TablePtr lazy = table(meta_);
  world_.calls->fail = true;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(lazy->load().status().code(), Code::kIo);
    EXPECT_EQ(lazy->reader(), nullptr);
  }
  world_.calls->fail = false;
  EXPECT_TRUE(lazy->load().ok());
}

TEST_F(LazyTableTest, MustBeWhatTheManifestDescribes) {
  TableMeta fewer = meta_;
  --fewer.entries;
  TableMeta smaller = meta_;
  smaller.smallest = "A";
  TableMeta larger = meta_;
  larger.largest = "c";
  for (const TableMeta& other : {fewer, smaller, larger}) {
    const TablePtr lazy = table(other);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(lazy->load().status().to_string(),
                "corruption: 12.tbl: not the table that the manifest describes");
      EXPECT_EQ(lazy->reader(), nullptr);
    }
  }
}

}  // namespace
}  // namespace nacre::test
