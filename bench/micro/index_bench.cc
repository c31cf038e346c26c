// index_bench.cc - which block may hold a key: the tree of heads alone, beside a plain binary
// search, and the whole index with its separators, whose heads tie when keys share long prefixes.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/hash.h"
#include "micro/kernel.h"
#include "table/head_tree.h"
#include "table/index.h"

namespace nacre {
namespace {

std::vector<std::uint64_t> make_heads(std::uint64_t count) {
  std::vector<std::uint64_t> heads;
  for (std::uint64_t i = 0; i < count; ++i) heads.push_back(mix_seed(1, i));
  std::sort(heads.begin(), heads.end());
  return heads;
}

// In both, each search waits for the one before it: latency, as in a get.

void head_tree(benchmark::State& state, std::uint64_t count) {
  const HeadTree tree(make_heads(count));
  std::uint64_t i = 0;
  for (auto _ : state) i += tree.rank(mix_seed(2, i)) + 1;
  benchmark::DoNotOptimize(i);
  one_is(state, "the place of a head among " + std::to_string(count));
}

void binary_search(benchmark::State& state, std::uint64_t count) {
  const std::vector<std::uint64_t> heads = make_heads(count);
  std::uint64_t i = 0;
  for (auto _ : state) {
    const auto at = std::lower_bound(heads.begin(), heads.end(), mix_seed(2, i));
    i += static_cast<std::uint64_t>(at - heads.begin()) + 1;
  }
  benchmark::DoNotOptimize(i);
  one_is(state, "the same by halving, which the library does not do");
}

std::string decimal_key(std::uint64_t i) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llu", static_cast<unsigned long long>(i) * 37);
  return text;
}
std::string url_key(std::uint64_t i) {
  char text[96];
  // Two hundred shops: within one, the first eight bytes after the common prefix tie.
  std::snprintf(text, sizeof text, "https://www.example.com/shop-%05llu/item/%010llu",
                static_cast<unsigned long long>(i / 5000), static_cast<unsigned long long>(i) * 37);
  return text;
}

constexpr std::uint64_t kPerBlock = 32;

void index_find(benchmark::State& state, std::string (*key_of)(std::uint64_t),
                std::uint64_t blocks) {
  IndexBuilder builder;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t next = (i + 1) * kPerBlock;
    builder.add(2500, kPerBlock, false, shortest_separator(key_of(next - 1), key_of(next)));
  }
  LargeString section;
  builder.finish(section);
  const Result<TableIndex> index = TableIndex::decode(section, blocks * 2500);
  if (!index.ok()) return state.SkipWithError(index.error().to_string().c_str());
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < 1 << 12; ++i) {
    keys.push_back(key_of(mix_seed(3, i) % (blocks * kPerBlock)));
  }
  std::uint64_t i = 0;
  for (auto _ : state) i += index->find(keys[i % keys.size()]) % 2 + 1;
  benchmark::DoNotOptimize(i);
  one_is(state, "the block of a key, of " + std::to_string(blocks));
}

void register_all() {
  for (const std::uint64_t count : {1'000u, 16'000u, 1'000'000u}) {
    const std::string size = "/" + std::to_string(count);
    kernel("index/head_tree" + size, [=](benchmark::State& state) { head_tree(state, count); });
    kernel("index/binary_search" + size,
           [=](benchmark::State& state) { binary_search(state, count); });
    kernel("index/find/decimal" + size,
           [=](benchmark::State& state) { index_find(state, decimal_key, count); });
    if (count <= 16'000) {
      kernel("index/find/url" + size,
             [=](benchmark::State& state) { index_find(state, url_key, count); });
    }
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
