#include "mem/head_search.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "mem/key_head.h"

namespace nacre {
namespace {

using Heads = std::array<std::atomic<std::uint64_t>, kHeadLanes>;

std::uint32_t expected_equal(const Heads& heads, std::uint32_t live, std::uint64_t target) {
  std::uint32_t lanes = 0;
  for (int i = 0; i < kHeadLanes; ++i) {
    if ((live >> i & 1) != 0 && heads[i] == target) lanes |= 1U << i;
  }
  return lanes;
}

HeadFloor expected_floor(const Heads& heads, std::uint32_t live, std::uint64_t target) {
  bool any = false;
  std::uint64_t best = 0;
  for (int i = 0; i < kHeadLanes; ++i) {
    if ((live >> i & 1) == 0 || heads[i] > target) continue;
    if (!any || heads[i] > best) best = heads[i];
    any = true;
  }
  return any ? HeadFloor{expected_equal(heads, live, best), best == target} : HeadFloor{};
}

TEST(HeadSearch, EveryKernelAgreesWithTheDefinition) {
  // Values around the places where signed and unsigned orders part.
  constexpr std::uint64_t kTop = std::uint64_t{1} << 63;
  const std::vector<std::uint64_t> special = {
      0, 1, 2, kTop - 1, kTop, kTop + 1, ~kTop, kHeadMax - 1, kHeadMax, 0xFFFFFFFF};
  for (const HeadKernels& kernels : head_kernels()) {
    SCOPED_TRACE(kernels.name);
    std::mt19937_64 random(11);
    for (int round = 0; round < 20'000; ++round) {
      const auto value = [&] {
        return random() % 3 == 0 ? random() : special[random() % special.size()];
      };
      Heads heads;
      for (auto& head : heads) head = value();
      const auto live = static_cast<std::uint32_t>(round % 50 == 0 ? 0 : random() & random());
      const std::uint64_t target =
          random() % 2 == 0 ? heads[random() % kHeadLanes].load() : value();
      ASSERT_EQ(kernels.equal(heads.data(), live, target), expected_equal(heads, live, target));
      const HeadFloor floor = kernels.floor(heads.data(), live, target);
      const HeadFloor expected = expected_floor(heads, live, target);
      ASSERT_EQ(floor.lanes, expected.lanes) << "target " << target;
      ASSERT_EQ(floor.exact, expected.exact);
    }
  }
}

TEST(HeadSearch, ThePortableKernelsAreAlwaysThere) {
  EXPECT_STREQ(head_kernels().back().name, "portable");
}

TEST(KeyHead, IsTheNextEightBytes) {
  EXPECT_EQ(head_of("abcdefghijk", ""), 0x6162636465666768U);
  EXPECT_EQ(head_of("user0042", "user"), 0x3030343200000000U);
  EXPECT_EQ(head_of("", ""), 0U);
  EXPECT_EQ(head_of("a", ""), head_of(std::string("a\0", 2), ""));
  EXPECT_EQ(head_of("user", "user"), 0U);
  EXPECT_EQ(head_of("use", "user"), 0U);
  EXPECT_EQ(head_of("admin", "user"), 0U);
  EXPECT_EQ(head_of("users", "user"), 0x7300000000000000U);
  EXPECT_EQ(head_of("zebra", "user"), kHeadMax);
}

TEST(KeyHead, NeverContradictsTheOrderOfKeys) {
  std::mt19937_64 random(5);
  const std::string alphabet("\0\x01\x7f\x80\xff", 5);
  const auto word = [&](std::size_t longest) {
    std::string text(random() % (longest + 1), '\0');
    for (char& byte : text) byte = alphabet[random() % alphabet.size()];
    return text;
  };
  for (int round = 0; round < 100'000; ++round) {
    const std::string prefix = word(2);
    const std::string a = (random() % 2 == 0 ? prefix : "") + word(10);
    const std::string b = (random() % 2 == 0 ? prefix : "") + word(10);
    if (head_of(a, prefix) < head_of(b, prefix)) {
      ASSERT_LT(a, b);
    }
  }
}

}  // namespace
}  // namespace nacre
