// filter_bench.cc - what a question to a filter costs: hot in the nearest caches, cold in memory,
// alone and in a batch whose lines are on their way together; and what building costs.
#include <string>

#include "base/hash.h"
#include "micro/kernel.h"
#include "table/filter.h"

namespace nacre {
namespace {

constexpr std::uint32_t kBits = 10;  // per key
constexpr std::uint64_t kHot = 10'000;
constexpr std::uint64_t kTable = 550'000;    // one table of 64 MiB
constexpr std::uint64_t kCold = 50'000'000;  // a hundred tables: 62 MB of lines
constexpr std::uint64_t kBatch = 32;

Filter make_filter(std::uint64_t keys, VectorPath path) {
  FilterBuilder builder(kBits);
  for (std::uint64_t i = 0; i < keys; ++i) builder.add(mix_seed(1, i));
  LargeString section;
  builder.finish(section);
  Filter filter = Filter::allocate(section.size());
  section.copy(filter.buffer().data(), section.size());
  filter.accept(path).ignore();
  return filter;
}

/// The cold filter takes seconds to build: once for all kernels that ask it.
const Filter& filter_of(std::uint64_t keys, VectorPath path) {
  static Filter kept;
  static VectorPath kept_path = path;
  if (kept.keys() != keys || kept_path != path) kept = make_filter(keys, path);
  kept_path = path;
  return kept;
}

/// Each question waits for the answer to the one before it: latency.
void probe(benchmark::State& state, VectorPath path, std::uint64_t keys) {
  if (!has_path(path)) return state.SkipWithError("not on this machine");
  const Filter& filter = filter_of(keys, path);
  std::uint64_t i = 0;
  std::uint64_t found = 0;
  for (auto _ : state) {
    std::uint64_t may = filter.may_contain(mix_seed(1, keys + i)) ? 1 : 0;
    asm volatile("" : "+r"(may));  // a number, not a branch that could be foreseen
    found += may;
    i += 1 + may;
  }
  state.counters["false_positives"] =
      static_cast<double>(found) / static_cast<double>(state.iterations());
  one_is(state, "an absent key, of " + std::to_string(keys) + " keys");
}

/// As a get of many keys asks: all lines are asked for before the first is looked at.
void probe_batch(benchmark::State& state, std::uint64_t keys) {
  const Filter& filter = filter_of(keys, best_path());
  std::uint64_t i = keys;
  std::uint64_t found = 0;
  for (auto _ : state) {
    for (std::uint64_t k = 0; k < kBatch; ++k) filter.prefetch(mix_seed(1, i + k));
    for (std::uint64_t k = 0; k < kBatch; ++k) found += filter.may_contain(mix_seed(1, i + k));
    i += kBatch + found % 2;
  }
  one_is(state, "an absent key, 32 asked for together", kBatch);
}

void build(benchmark::State& state) {
  for (auto _ : state) {
    FilterBuilder builder(kBits);
    for (std::uint64_t i = 0; i < kTable; ++i) builder.add(mix_seed(1, i));
    LargeString section;
    builder.finish(section);
    benchmark::DoNotOptimize(section.data());
  }
  one_is(state, "a key added, its share of finishing the filter", kTable);
}

void register_all() {
  const char* const paths[] = {"portable", "avx2", "avx512"};
  for (const VectorPath path : {VectorPath::kPortable, VectorPath::kAvx2, VectorPath::kAvx512}) {
    kernel(std::string("filter/hot/") + paths[static_cast<int>(path)],
           [path](benchmark::State& state) { probe(state, path, kHot); });
  }
  const auto add = [](const char* name, std::uint64_t keys) {
    kernel(name, [keys](benchmark::State& state) { probe(state, best_path(), keys); });
  };
  add("filter/one_table", kTable);
  add("filter/cold", kCold);
  kernel("filter/cold_batch_32", [](benchmark::State& state) { probe_batch(state, kCold); });
  kernel("filter/hot_batch_32", [](benchmark::State& state) { probe_batch(state, kHot); });
  kernel("filter/build", build);
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
