// memtable_bench - what one thread pays for a memtable of 500,000 entries of 16+100 bytes.
//
// Four shapes of keys, since the cost of a comparison hangs on what keys look like:
//   0 binary   16 random bytes
//   1 decimal  a random number with 16 digits: all keys begin with eight zeros
//   2 user     "user" and 12 random digits
//   3 paths    "/tenants/<3 digits>/orders/<10 digits>": long prefixes, many of them
// Hashing the key is part of the times.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "mem/head_search.h"
#include "mem/memtable.h"
#include "micro/kernel.h"

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

void insert(benchmark::State& state, int shape, bool ascending) {
  World world;
  auto keys = make_keys(shape, 1);
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
  state.counters["bytes"] = static_cast<double>(bytes) / kEntries;
  one_is(state, ascending ? "a put, keys in order" : "a put, keys in random order", kEntries);
}

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
  one_is(state, "a put of one of 1,000 keys", kEntries);
}

void lookup(benchmark::State& state, int shape, bool hit) {
  World world;
  auto keys = make_keys(shape, 1);
  const auto memtable = world.fill(FlatKeys(keys));
  if (!hit) keys = make_keys(shape, 2);
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(3));
  const FlatKeys asked(keys);
  std::uint64_t found = 0;
  for (auto _ : state) {
    Entry entry;
    for (const std::string_view key : asked) {
      if (memtable->get(key, hash64(key, kSalt), kSeqMax, &entry)) found += entry.value[50] == 'v';
    }
  }
  if (hit && found < state.iterations() * kEntries) return state.SkipWithError("a key is lost");
  one_is(state, hit ? "a get of a key that is there" : "a get of a key that is not there",
         kEntries);
}

void scan(benchmark::State& state, int shape, bool forward) {
  World world;
  const auto memtable = world.fill(FlatKeys(make_keys(shape, 1)));
  std::uint64_t sum = 0;
  for (auto _ : state) {
    const auto cursor = memtable->cursor();
    for (forward ? cursor->first() : cursor->last(); cursor->valid();
         forward ? cursor->next() : cursor->prev()) {
      sum += static_cast<unsigned char>(cursor->entry().value[50]);
    }
  }
  benchmark::DoNotOptimize(sum);
  one_is(state, forward ? "a step forward" : "a step back", kEntries);
}

void seek(benchmark::State& state, int shape) {
  World world;
  const auto memtable = world.fill(FlatKeys(make_keys(shape, 1)));
  const FlatKeys asked(make_keys(shape, 2));
  const auto cursor = memtable->cursor();
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (const std::string_view key : asked) {
      cursor->seek(key, read_trailer(kSeqMax));
      if (cursor->valid()) sum += static_cast<unsigned char>(cursor->entry().value[50]);
    }
  }
  benchmark::DoNotOptimize(sum);
  one_is(state, "a cursor moved to a random key", kEntries);
}

/// What a search in a leaf begins with, alone: the greatest of its heads not above another.
void leaf_search(benchmark::State& state, const HeadKernels& kernels) {
  std::mt19937_64 random(5);
  constexpr std::size_t kLeaves = 64;
  struct alignas(64) Leaf {
    std::atomic<std::uint64_t> heads[kHeadLanes];
  };
  std::vector<Leaf> leaves(kLeaves);
  for (Leaf& leaf : leaves) {
    for (auto& head : leaf.heads) head = random();
  }
  std::uint64_t turn = 0;
  for (auto _ : state) {
    const HeadFloor found =
        kernels.floor(leaves[turn % kLeaves].heads, 0xFFFFFFFF, turn * 0x9E3779B97F4A7C15ULL);
    turn += 1 + found.lanes % 2;  // the next search waits for this one
  }
  benchmark::DoNotOptimize(turn);
  one_is(state, "the place of a head among the 32 of a leaf");
}

void register_all() {
  const char* const shapes[] = {"binary", "decimal", "user", "paths"};
  for (int shape = 0; shape < 4; ++shape) {
    const auto add = [&](const char* name, auto run) {
      kernel(std::string("memtable/") + name + "/" + shapes[shape],
             [run, shape](benchmark::State& state) { run(state, shape); });
    };
    add("insert", [](benchmark::State& state, int s) { insert(state, s, false); });
    add("insert_ascending", [](benchmark::State& state, int s) { insert(state, s, true); });
    add("lookup", [](benchmark::State& state, int s) { lookup(state, s, true); });
    add("lookup_missing", [](benchmark::State& state, int s) { lookup(state, s, false); });
    if (shape != 0 && shape != 3) continue;
    add("scan", [](benchmark::State& state, int s) { scan(state, s, true); });
    add("scan_reverse", [](benchmark::State& state, int s) { scan(state, s, false); });
    add("seek", [](benchmark::State& state, int s) { seek(state, s); });
  }
  kernel("memtable/overwrite_hot", overwrite_hot);
  for (const HeadKernels& kernels : head_kernels()) {
    kernel(std::string("memtable/leaf_search/") + kernels.name,
           [&kernels](benchmark::State& state) { leaf_search(state, kernels); });
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
