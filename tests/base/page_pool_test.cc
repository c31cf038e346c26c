#include "base/page_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

namespace nacre {
namespace {

TEST(PagePool, PagesAreAlignedDistinctAndWritable) {
  PagePool pool;
  std::set<char*> pages;
  for (int i = 0; i < 12; ++i) {  // more than the pool keeps
    char* const page = pool.take();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(page) % kPageBytes, 0U);
    page[0] = 'a';
    page[kPageBytes - 1] = 'z';
    EXPECT_TRUE(pages.insert(page).second);
  }
  for (char* const page : pages) {
    EXPECT_EQ(page[0], 'a');
    EXPECT_EQ(page[kPageBytes - 1], 'z');
    pool.give_back(page);
  }
}

TEST(PagePool, UsesAPageAgain) {
  PagePool pool;
  char* const page = pool.take();
  pool.give_back(page);
  char* const again = pool.take();
  EXPECT_EQ(again, page);
  std::memset(again, 1, kPageBytes);
  pool.give_back(again);
}

}  // namespace
}  // namespace nacre
