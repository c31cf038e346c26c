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
  MemoryBudget budget(64 << 20);
  PagePool pool(budget);
  char* const page = pool.take();
  pool.give_back(page);
  char* const again = pool.take();
  EXPECT_EQ(again, page);
  std::memset(again, 1, kPageBytes);
  pool.give_back(again);
}

TEST(PagePool, KeepsASixteenthOfTheBudgetAndChargesIt) {
  MemoryBudget budget(64 << 20);
  PagePool pool(budget);
  std::vector<char*> pages;
  for (int i = 0; i < 5; ++i) pages.push_back(pool.take());
  EXPECT_EQ(budget.used(), 0U);  // those that are out are their users' business
  for (char* const page : pages) pool.give_back(page);
  EXPECT_EQ(budget.used(), 2 * kPageBytes);
  pages = {pool.take(), pool.take(), pool.take()};
  EXPECT_EQ(budget.used(), 0U);
  for (char* const page : pages) pool.give_back(page);
}

TEST(PagePool, KeepsNothingWhenTheBudgetIsSpent) {
  MemoryBudget budget(64 << 20);
  PagePool pool(budget);
  char* const page = pool.take();
  budget.charge(MemoryUse::kMemtable, 63 << 20);
  pool.give_back(page);
  EXPECT_EQ(budget.used(), std::uint64_t{63} << 20);
  budget.release(MemoryUse::kMemtable, 63 << 20);
}

}  // namespace
}  // namespace nacre
