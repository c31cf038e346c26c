#include "base/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace nacre {
namespace {

struct World {
  MemoryBudget budget{std::uint64_t{1} << 40};
  PagePool pages;
};

using Piece = std::pair<char*, std::size_t>;

void expect_disjoint(std::vector<Piece> pieces) {
  std::sort(pieces.begin(), pieces.end());
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    ASSERT_LE(pieces[i - 1].first + pieces[i - 1].second, pieces[i].first);
  }
}

TEST(Arena, HoldsNothingBeforeTheFirstPiece) {
  World world;
  Arena arena(world.budget, world.pages, MemoryUse::kMemtable);
  EXPECT_EQ(arena.bytes(), 0U);
  EXPECT_EQ(world.budget.used(), 0U);
}

TEST(Arena, PiecesAreAlignedDisjointAndCharged) {
  World world;
  std::mt19937_64 random(1);
  {
    Arena arena(world.budget, world.pages, MemoryUse::kBuffer);
    std::vector<Piece> pieces;
    std::size_t sum = 0;
    for (int i = 0; i < 5000; ++i) {
      const std::size_t size = random() % (i % 100 == 0 ? 100'000 : 300);
      const bool lines = random() % 4 == 0;
      char* const piece = lines ? arena.allocate_lines(size) : arena.allocate(size);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece) % (lines ? 64 : 8), 0U);
      std::memset(piece, i, size);
      pieces.emplace_back(piece, size);
      sum += size;
    }
    expect_disjoint(pieces);
    EXPECT_GE(arena.bytes(), sum);
    EXPECT_LE(arena.bytes(), 3 * sum);
    EXPECT_EQ(world.budget.used(MemoryUse::kBuffer), arena.bytes());
    EXPECT_EQ(world.budget.used(MemoryUse::kMemtable), 0U);
  }
  EXPECT_EQ(world.budget.used(), 0U);
}

TEST(Arena, StartsSmallAndEndsWithPages) {
  World world;
  Arena arena(world.budget, world.pages, MemoryUse::kMemtable);
  arena.allocate(8);
  EXPECT_EQ(arena.bytes(), 4096U);
  while (arena.bytes() < 4 * kPageBytes) arena.allocate(1000);
  const std::uint64_t before = arena.bytes();
  while (arena.bytes() == before) arena.allocate(1000);
  EXPECT_EQ(arena.bytes() - before, kPageBytes);
}

TEST(Arena, ChunksGrowUpToTheirLimit) {
  World world;
  Arena arena(world.budget, world.pages, MemoryUse::kMemtable, 16 << 10);
  std::uint64_t asked = 0;
  for (; asked < (1 << 20); asked += 1000) {
    arena.allocate(1000);
    EXPECT_LE(arena.bytes(), asked + asked / 8 + (16 << 10) + 1000);
  }
  const std::uint64_t before = arena.bytes();
  while (arena.bytes() == before) arena.allocate(1000);
  EXPECT_EQ(arena.bytes() - before, 16U << 10);
}

TEST(Arena, APieceLargerThanAPageGetsAChunkOfItsOwn) {
  World world;
  {
    Arena arena(world.budget, world.pages, MemoryUse::kMemtable);
    char* const small = arena.allocate(16);
    const std::size_t size = 5 * kPageBytes + 3;
    char* const large = arena.allocate(size);
    std::memset(large, 7, size);
    EXPECT_LT(arena.bytes(), size + 8192);
    // The chunk in use before goes on being used.
    EXPECT_EQ(arena.allocate(16), small + 16);
  }
  EXPECT_EQ(world.budget.used(), 0U);
}

TEST(Arena, ThreadsGetDisjointPieces) {
  World world;
  {
    Arena arena(world.budget, world.pages, MemoryUse::kMemtable);
    std::vector<std::vector<Piece>> pieces(8);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < pieces.size(); ++t) {
      threads.emplace_back([&arena, &mine = pieces[t], t] {
        std::mt19937_64 random(t);
        for (int i = 0; i < 4000; ++i) {
          const std::size_t size = 1 + random() % 500;
          char* const piece = arena.allocate(size);
          std::memset(piece, static_cast<int>(t), size);
          mine.emplace_back(piece, size);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    std::vector<Piece> all;
    for (std::size_t t = 0; t < pieces.size(); ++t) {
      for (const auto& [piece, size] : pieces[t]) {
        ASSERT_EQ(piece[0], static_cast<char>(t));
        ASSERT_EQ(piece[size - 1], static_cast<char>(t));
        all.emplace_back(piece, size);
      }
    }
    expect_disjoint(all);
  }
  EXPECT_EQ(world.budget.used(), 0U);
}

}  // namespace
}  // namespace nacre
