// Gets and scans of many threads while the cache, smaller than the data, evicts all the time.
#include <gtest/gtest.h>

#include <thread>

#include "table/table_fakes.h"

namespace nacre {
namespace {

using test::Row;

TEST(TableConcurrency, ReadsAreRightWhileTheCacheEvicts) {
  std::vector<Row> rows;
  for (int i = 0; i < 20'000; ++i) {
    char key[24];
    std::snprintf(key, sizeof key, "key%08d", i);
    rows.push_back({key, make_trailer(5, Kind::kPut), std::string(100, 'v') + key});
  }
  TableBuilderOptions options = test::test_options();
  options.codec = Codec::kNone;
  // About a third of the data fits.
  test::TableWorld world(1 << 20);
  const auto table = world.must_open(test::build_table(rows, options).bytes);
  std::atomic<int> wrong{0};
  const auto gets = [&](std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 6000; ++i) {
      const Row& row = rows[random.one_in(2) ? random.below(500) : random.below(rows.size())];
      const auto found = test::get(*table, row.key, kSeqMax);
      if (!found.ok() || *found != row) ++wrong;
    }
  };
  const auto scan = [&](CursorUse use) {
    for (int round = 0; round < 2; ++round) {
      const auto cursor = table->cursor(use);
      std::size_t i = 0;
      for (cursor->first(); cursor->valid(); cursor->next(), ++i) {
        if (i >= rows.size() || test::row_of(cursor->entry()) != rows[i]) ++wrong;
      }
      if (i != rows.size() || !cursor->status().ok()) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(gets, 51);
  threads.emplace_back(gets, 52);
  threads.emplace_back(scan, CursorUse::kRead);
  threads.emplace_back(scan, CursorUse::kCompaction);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(world.cache->stats().evictions, 0U);
}

}  // namespace
}  // namespace nacre
