// memtable_bench - what one thread pays for a memtable of 500,000 entries of 16+100 bytes.
//
// Four shapes of keys, since the cost of a comparison hangs on what keys look like:
//   0 binary   16 random bytes
//   1 decimal  a random number with 16 digits: all keys begin with eight zeros
//   2 user     "user" and 12 random digits
//   3 paths    "/tenants/<3 digits>/orders/<10 digits>": long prefixes, many of them
// Times are per entry (see the counter `per_entry`); hashing the key is part of them.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "mem/memtable.h"

namespace nacre {
namespace {

constexpr std::size_t kEntries = 500'000;
constexpr std::uint64_t kSalt = 42;

std::string make_key(int shape, std::mt19937_64& random) {
  char text[64];
  const auto number = static_cast<unsigned long long>(random());
  switch (shape) {
    case 0: {
      std::string key(16, '\0');
      for (char& byte : key) byte = static_cast<char>(random());
      return key;
    }
    case 1:
      std::snprintf(text, sizeof text, "%016llu", number % 100'000'000);
      break;
    case 2:
      std::snprintf(text, sizeof text, "user%012llu", number % 1'000'000'000'000);
      break;
    default:
      std::snprintf(text, sizeof text, "/tenants/%03llu/orders/%010llu", number % 1000,
                    number / 1000 % 10'000'000'000);
  }
  return text;
}

std::vector<std::string> make_keys(int shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> keys(kEntries);
  for (std::string& key : keys) key = make_key(shape, random);
  return keys;
}

/// Keys one behind another in memory, in the order of their use, so that fetching them costs the
/// loops below nothing.
class FlatKeys {
 public:
  explicit FlatKeys(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) bytes_ += key;
    std::size_t at = 0;
    for (const std::string& key : keys) {
      keys_.push_back(std::string_view(bytes_).substr(at, key.size()));
      at += key.size();
    }
  }
  FlatKeys(const FlatKeys&) = delete;
  FlatKeys& operator=(const FlatKeys&) = delete;
  auto begin() const { return keys_.begin(); }
  auto end() const { return keys_.end(); }
  std::string_view operator[](std::size_t index) const { return keys_[index]; }

 private:
  std::string bytes_;
  std::vector<std::string_view> keys_;
};

struct World {
  MemoryBudget budget{std::uint64_t{1} << 40};
  PagePool pages;
  std::string value = std::string(100, 'v');

  std::unique_ptr<Memtable> fill(const FlatKeys& keys) {
    auto memtable = std::make_unique<Memtable>(budget, pages);
    Seq seq = 0;
    for (const std::string_view key : keys) {
      memtable->add(make_trailer(++seq, Kind::kPut), key, value, hash64(key, kSalt));
    }
    return memtable;
  }
};

void report(benchmark::State& state) {
  state.counters["per_entry"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kEntries,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void insert(benchmark::State& state, bool ascending) {
  World world;
  auto keys = make_keys(static_cast<int>(state.range(0)), 1);
  if (ascending) std::sort(keys.begin(), keys.end());
  const FlatKeys flat(keys);
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    auto memtable = world.fill(flat);
    bytes = memtable->memory_bytes();
    state.PauseTiming();
    memtable.reset();
    state.ResumeTiming();
  }
  state.counters["memory"] = static_cast<double>(bytes);
  report(state);
}
void insert_random(benchmark::State& state) { insert(state, false); }
void insert_ascending(benchmark::State& state) { insert(state, true); }
BENCHMARK(insert_random)->DenseRange(0, 3)->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(insert_ascending)->DenseRange(0, 3)->Unit(benchmark::kMillisecond)->MinTime(1);

void overwrite_hot(benchmark::State& state) {
  World world;
  const FlatKeys keys(make_keys(0, 1));
  std::mt19937_64 random(7);
  for (auto _ : state) {
    Memtable memtable(world.budget, world.pages);
    for (Seq seq = 1; seq <= kEntries; ++seq) {
      const std::string_view key = keys[random() % 1000];
      memtable.add(make_trailer(seq, Kind::kPut), key, world.value, hash64(key, kSalt));
    }
  }
  report(state);
}
BENCHMARK(overwrite_hot)->Unit(benchmark::kMillisecond)->MinTime(1);

void lookup(benchmark::State& state, bool hit) {
  World world;
  auto keys = make_keys(static_cast<int>(state.range(0)), 1);
  const auto memtable = world.fill(FlatKeys(keys));
  if (!hit) keys = make_keys(static_cast<int>(state.range(0)), 2);
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(3));
  const FlatKeys asked(keys);
  std::uint64_t found = 0;
  for (auto _ : state) {
    Entry entry;
    for (const std::string_view key : asked) {
      if (memtable->get(key, hash64(key, kSalt), kSeqMax, &entry)) found += entry.value[50] == 'v';
    }
  }
  state.counters["found"] =
      static_cast<double>(found) / (static_cast<double>(state.iterations()) * kEntries);
  report(state);
}
void lookup_hit(benchmark::State& state) { lookup(state, true); }
void lookup_miss(benchmark::State& state) { lookup(state, false); }
BENCHMARK(lookup_hit)->DenseRange(0, 3)->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK(lookup_miss)->DenseRange(0, 3)->Unit(benchmark::kMillisecond)->MinTime(1);

void scan(benchmark::State& state, bool forward) {
  World world;
  const auto memtable = world.fill(FlatKeys(make_keys(static_cast<int>(state.range(0)), 1)));
  std::uint64_t sum = 0;
  for (auto _ : state) {
    const auto cursor = memtable->cursor();
    for (forward ? cursor->first() : cursor->last(); cursor->valid();
         forward ? cursor->next() : cursor->prev()) {
      sum += static_cast<unsigned char>(cursor->entry().value[50]);
    }
  }
  benchmark::DoNotOptimize(sum);
  report(state);
}
void scan_forward(benchmark::State& state) { scan(state, true); }
void scan_backward(benchmark::State& state) { scan(state, false); }
BENCHMARK(scan_forward)->DenseRange(0, 3, 3)->Unit(benchmark::kMillisecond)->MinTime(0.5);
BENCHMARK(scan_backward)->DenseRange(0, 3, 3)->Unit(benchmark::kMillisecond)->MinTime(0.5);

void seek(benchmark::State& state) {
  World world;
  const auto memtable = world.fill(FlatKeys(make_keys(static_cast<int>(state.range(0)), 1)));
  const FlatKeys asked(make_keys(static_cast<int>(state.range(0)), 2));
  const auto cursor = memtable->cursor();
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (const std::string_view key : asked) {
      cursor->seek(key, read_trailer(kSeqMax));
      if (cursor->valid()) sum += static_cast<unsigned char>(cursor->entry().value[50]);
    }
  }
  benchmark::DoNotOptimize(sum);
  report(state);
}
BENCHMARK(seek)->DenseRange(0, 3, 3)->Unit(benchmark::kMillisecond)->MinTime(0.5);

}  // namespace
}  // namespace nacre

BENCHMARK_MAIN();
