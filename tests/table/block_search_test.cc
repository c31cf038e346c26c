#include "table/block_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "base/coding.h"

namespace nacre {
namespace {

constexpr std::uint32_t kMax = std::numeric_limits<std::uint32_t>::max();

class HeadSearchPaths : public testing::TestWithParam<HeadSearchPath> {};

/// The heads in memory of exactly their size and at an odd address, so that a sanitizer sees any
/// read outside and any need for alignment.
struct Heads {
  explicit Heads(const std::vector<std::uint32_t>& heads)
      : bytes(std::make_unique<char[]>(4 * heads.size() + 1)) {
    for (std::size_t i = 0; i < heads.size(); ++i) store(bytes.get() + 1 + 4 * i, heads[i]);
  }
  const char* data() const { return bytes.get() + 1; }
  std::unique_ptr<char[]> bytes;
};

void check(HeadSearch search, const std::vector<std::uint32_t>& sorted) {
  const Heads heads(sorted);
  std::vector<std::uint32_t> targets{0, 1, 0x7FFFFFFF, 0x80000000, 0x80000001, kMax - 1, kMax};
  for (const std::uint32_t head : sorted) {
    targets.insert(targets.end(), {head - 1, head, head + 1});
  }
  for (const std::uint32_t target : targets) {
    const auto expected = std::lower_bound(sorted.begin(), sorted.end(), target) - sorted.begin();
    const auto count = static_cast<std::uint32_t>(sorted.size());
    ASSERT_EQ(search(heads.data(), count, target), expected) << count << " heads, " << target;
    ASSERT_EQ(count_heads_below(heads.data(), count, target), expected);
  }
}

TEST_P(HeadSearchPaths, AgreesWithABinarySearchAtEverySize) {
  const HeadSearch search = head_search(GetParam());
  for (const std::uint32_t range : {3U, 50U, 100000U, kMax}) {
    std::mt19937_64 random(range);
    for (std::size_t size = 0; size <= 300; size += size < 140 ? 1 : 37) {
      std::vector<std::uint32_t> heads(size);
      for (std::uint32_t& head : heads) {
        head = static_cast<std::uint32_t>(random() % range);
        if (random() % 2 == 0) head = kMax - head;
      }
      std::sort(heads.begin(), heads.end());
      check(search, heads);
    }
  }
}

TEST_P(HeadSearchPaths, AllHeadsTheSame) {
  const HeadSearch search = head_search(GetParam());
  for (const std::uint32_t head : {0U, 0x7FFFFFFFU, 0x80000000U, kMax}) {
    for (const std::size_t size : {1, 7, 8, 15, 16, 17, 64, 65, 1000}) {
      check(search, std::vector<std::uint32_t>(size, head));
    }
  }
}

/// The paths that this machine can run; the portable one is always among them.
std::vector<HeadSearchPath> runnable_paths() {
  std::vector<HeadSearchPath> paths;
  for (const HeadSearchPath path :
       {HeadSearchPath::kPortable, HeadSearchPath::kAvx2, HeadSearchPath::kAvx512}) {
    if (head_search(path) != nullptr) paths.push_back(path);
  }
  return paths;
}

INSTANTIATE_TEST_SUITE_P(All, HeadSearchPaths, testing::ValuesIn(runnable_paths()));

}  // namespace
}  // namespace nacre
