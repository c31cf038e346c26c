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

TEST(PagePool, KeepsAQuarterOfTheBudgetAsSpare) {
  MemoryBudget budget(16 << 20);
  PagePool pool(budget);
  std::vector<char*> pages;
  for (int i = 0; i < 5; ++i) pages.push_back(pool.take());
  EXPECT_EQ(budget.spare(), 0U);  // those that are out are their users' business
  for (char* const page : pages) pool.give_back(page);
  EXPECT_EQ(budget.spare(), 2 * kPageBytes);
  EXPECT_EQ(budget.used(), 0U);
  pages = {pool.take(), pool.take(), pool.take()};
  EXPECT_EQ(budget.spare(), 0U);
  for (char* const page : pages) pool.give_back(page);
}

TEST(PagePool, KeepsNothingWhenTheBudgetIsSpent) {
  MemoryBudget budget(64 << 20);
  PagePool pool(budget);
  char* const page = pool.take();
  budget.charge(MemoryUse::kMemtable, 63 << 20);
  pool.give_back(page);
  EXPECT_EQ(budget.spare(), 0U);
  budget.release(MemoryUse::kMemtable, 63 << 20);
}

TEST(PagePool, GivesUpFreePagesBeforeTheLimitIsPassed) {
  MemoryBudget budget(64 << 20);
  std::uint64_t relieved = 0;
  budget.set_relief([&](std::uint64_t excess) { relieved += excess; });
  PagePool pool(budget);
  std::vector<char*> pages;
  for (int i = 0; i < 4; ++i) pages.push_back(pool.take());
  for (char* const page : pages) pool.give_back(page);
  ASSERT_EQ(budget.spare(), 4 * kPageBytes);
  budget.charge(MemoryUse::kTable, 59 << 20);
  EXPECT_EQ(budget.spare(), 2 * kPageBytes);
  budget.charge(MemoryUse::kCache, 5 << 20);
  EXPECT_EQ(budget.spare(), 0U);
  EXPECT_EQ(relieved, 0U) << "nobody has to give up anything yet";
  budget.release(MemoryUse::kTable, 59 << 20);
  budget.release(MemoryUse::kCache, 5 << 20);
}

}  // namespace
}  // namespace nacre
