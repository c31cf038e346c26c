// What an open store costs that nobody uses: a process may hold thousands of them.
//
// Counted is what malloc has given out, which hardly varies; the resident pages of the process,
// which hang on what the allocator keeps, are measured by nacre_idle. A build with sanitizers has
// another malloc, of which these counts say nothing: there the test shows only that many stores
// work.

#include "api/api_world.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace nacre {
namespace {

using test::look_up;
using test::ok;
using test::open_store;
using test::TempDir;

constexpr int kStores = 50;
/// Some 20 KiB are held: a memtable, the pages of its arena, an open table, a few names. One buffer
/// or table of the usual 64 KiB and more for each store doesn't fit.
constexpr std::int64_t kHeldMax = 48 << 10;

std::int64_t malloc_bytes() {
#ifdef __GLIBC__
  const auto heap = ::mallinfo2();
  return static_cast<std::int64_t>(heap.uordblks + heap.hblkhd);
#else
  return 0;
#endif
}

class IdleStoresTest : public ::testing::Test {
 protected:
  IdleStoresTest() {
    // What all stores share is there before anything is counted.
    Db first = open("first");
    EXPECT_TRUE(ok(first.put("key", "value")));
    EXPECT_TRUE(ok(first.flush()));
    EXPECT_TRUE(ok(first.wait_idle()));
    EXPECT_TRUE(ok(first.close()));
    before_ = malloc_bytes();
  }

  Db open(const std::string& name) { return open_store(dir_ / name, {}); }
  void open_all() {
    for (int i = 0; i < kStores; ++i) stores_.push_back(open(std::to_string(i)));
  }
  void expect_little(const char* state) {
    for (Db& db : stores_) ASSERT_TRUE(ok(db.wait_idle()));
    EXPECT_LE((malloc_bytes() - before_) / kStores, kHeldMax) << "bytes for each store, " << state;
  }

  TempDir dir_;
  std::int64_t before_ = 0;
  std::vector<Db> stores_;
};

TEST_F(IdleStoresTest, HoldLittleMemory) {
  open_all();
  expect_little("just made");
  for (Db& db : stores_) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(ok(db.put(std::to_string(i), "value", {.durability = Durability::kOs})));
    }
    ASSERT_TRUE(ok(db.sync()));
  }
  expect_little("entries in memory");
  for (Db& db : stores_) ASSERT_TRUE(ok(db.flush()));
  expect_little("flushed");
  for (Db& db : stores_) ASSERT_TRUE(ok(db.close()));
  stores_.clear();
  open_all();
  for (Db& db : stores_) EXPECT_EQ(look_up(db, "7"), "value");
  expect_little("opened again");
}

}  // namespace
}  // namespace nacre
