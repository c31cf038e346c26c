// Large buffers go back to the system: what is freed is not kept.

#include "base/large_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/poison.h"

namespace nacre {
namespace {

TEST(LargeMemory, IsAlignedAndAllOfItCanBeWritten) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{100}, kLargeBytes - 1, kLargeBytes,
                                  kLargeBytes + 1, std::size_t{5} << 20}) {
    void* const memory = allocate_large(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 64, 0U);
    std::memset(memory, 0x5A, bytes);
    free_large(memory, bytes);
  }
}

TEST(LargeMemory, ContainersGrowAcrossTheBorder) {
  LargeVector<std::uint64_t> numbers;
  LargeString text;
  for (std::uint64_t i = 0; i < kLargeBytes; ++i) {
    numbers.push_back(i);
    text += static_cast<char>('a' + i % 26);
  }
  for (std::uint64_t i = 0; i < kLargeBytes; ++i) {
    ASSERT_EQ(numbers[i], i);
    ASSERT_EQ(text[i], static_cast<char>('a' + i % 26));
  }
}

TEST(LargeMemory, ABufferKnowsItsSizeAndMoves) {
  LargeBuffer empty;
  EXPECT_EQ(empty.size(), 0U);
  LargeBuffer buffer(kLargeBytes);
  std::memset(buffer.data(), 7, buffer.size());
  empty = std::move(buffer);
  EXPECT_EQ(empty.size(), kLargeBytes);
  EXPECT_EQ(empty.data()[kLargeBytes - 1], 7);
}

#ifndef NACRE_ASAN  // under it all is malloc's

std::uint64_t resident_bytes() {
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * 4096;
}

TEST(LargeMemory, WhatIsFreedGoesBackAlthoughSmallPiecesLieBetween) {
  constexpr int kBuffers = 64;
  constexpr std::size_t kBytes = 1 << 20;
  const std::uint64_t before = resident_bytes();
  std::vector<LargeBuffer> buffers;
  std::vector<std::string> small;
  for (int i = 0; i < kBuffers; ++i) {
    buffers.emplace_back(kBytes);
    std::memset(buffers.back().data(), 1, kBytes);
    small.emplace_back(1000, 's');
  }
  ASSERT_GE(resident_bytes(), before + kBuffers * kBytes / 2);
  buffers.clear();
  EXPECT_LT(resident_bytes(), before + kBuffers * kBytes / 4);
}

#endif

}  // namespace
}  // namespace nacre
