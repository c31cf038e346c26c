// block_bench.cc - one block of about 4 KiB, hot: what a get, a seek, a scan step and a build cost.
//
// Keys are neighbours out of 5 million: decimal ones of 16 bytes, random binary ones of 16 bytes,
// and URLs, whose heads tie.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "table/block.h"
#include "table/block_builder.h"

namespace nacre {
namespace {

constexpr std::size_t kEntries = 32;
constexpr std::size_t kBlocks =
    64;  // hot in the second-level cache, but not one block in the first

enum KeyShape : int { kDecimal, kSparseDecimal, kBinary, kUrl };

std::vector<std::string> make_keys(KeyShape shape) {
  constexpr std::size_t kCount = kEntries * kBlocks;
  std::mt19937_64 random(1);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kCount; ++i) {
    char text[128];
    if (shape == kDecimal || shape == kSparseDecimal) {
      const std::size_t step = shape == kDecimal ? 1 : 1 + random() % 2000;
      static std::size_t number;
      number = i == 0 ? 123456 : number + step;
      std::snprintf(text, sizeof text, "%016zu", number);
      keys.emplace_back(text);
    } else if (shape == kBinary) {
      // 2,048 neighbours out of 5 million: the first 11 bits are the same.
      std::string key(16, '\0');
      for (char& byte : key) byte = static_cast<char>(random());
      key[0] = 'k';
      key[1] = static_cast<char>(static_cast<unsigned char>(key[1]) >> 3);
      keys.push_back(key);
    } else {
      static constexpr const char* kSections[] = {"products", "product-reviews", "help", "users"};
      std::snprintf(text, sizeof text, "https://www.example.com/%s/%06u/details.html?page=%u",
                    kSections[i * 4 / kCount], static_cast<unsigned>(random() % 40000),
                    static_cast<unsigned>(random() % 8));
      keys.emplace_back(text);
    }
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

struct Blocks {
  explicit Blocks(KeyShape shape) : keys(make_keys(shape)) {
    std::mt19937_64 random(2);
    BlockBuilder builder;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      builder.add({keys[i], make_trailer(1 + random() % 500000, Kind::kPut),
                   std::string(100, static_cast<char>(i))});
      if (builder.entries() == kEntries || i + 1 == keys.size()) {
        blocks.emplace_back(builder.finish());
        builder.reset();
      }
    }
    // A fixed random order of looking, so that neither branches nor caches can learn it.
    for (int i = 0; i < 4096; ++i)
      order.push_back(static_cast<std::uint32_t>(random() % keys.size()));
    std::size_t bytes = 0, raw = 0;
    for (const std::string& block : blocks) bytes += block.size();
    for (const std::string& key : keys) raw += key.size() + 100;
    overhead =
        (static_cast<double>(bytes) - static_cast<double>(raw)) / static_cast<double>(keys.size());
  }
  std::vector<std::string> keys;
  std::vector<std::string> blocks;
  std::vector<std::uint32_t> order;
  double overhead;  // bytes per entry over key and value; negative when the prefix saves more
};

void block_find(benchmark::State& state, KeyShape shape) {
  const Blocks blocks(shape);
  std::size_t turn = 0;
  for (auto _ : state) {
    const std::uint32_t i = blocks.order[turn++ % 4096];
    Entry entry;
    const bool found =
        Block(blocks.blocks[i / kEntries].data()).find(blocks.keys[i], kSeqMax, &entry);
    benchmark::DoNotOptimize(found);
    benchmark::DoNotOptimize(entry);
  }
  state.counters["overhead"] = blocks.overhead;
}

void block_find_missing(benchmark::State& state, KeyShape shape) {
  Blocks blocks(shape);
  for (std::string& key : blocks.keys) key.back() = static_cast<char>(key.back() ^ 0x40);
  std::size_t turn = 0;
  for (auto _ : state) {
    const std::uint32_t i = blocks.order[turn++ % 4096];
    Entry entry;
    benchmark::DoNotOptimize(
        Block(blocks.blocks[i / kEntries].data()).find(blocks.keys[i], kSeqMax, &entry));
  }
}

void block_lower_bound(benchmark::State& state, KeyShape shape) {
  const Blocks blocks(shape);
  std::size_t turn = 0;
  for (auto _ : state) {
    const std::uint32_t i = blocks.order[turn++ % 4096];
    benchmark::DoNotOptimize(Block(blocks.blocks[i / kEntries].data())
                                 .lower_bound(blocks.keys[i], read_trailer(kSeqMax)));
  }
}

void block_scan(benchmark::State& state, KeyShape shape) {
  const Blocks blocks(shape);
  KeyBuffer keys;
  std::size_t turn = 0;
  for (auto _ : state) {
    const Block block(blocks.blocks[turn++ % blocks.blocks.size()].data());
    keys.enter(block);
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      const Entry entry{keys.set(block, i), block.trailer(i), block.value(i)};
      benchmark::DoNotOptimize(entry);
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEntries));
}

void block_validate(benchmark::State& state, KeyShape shape) {
  const Blocks blocks(shape);
  std::size_t turn = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        Block::validate(blocks.blocks[turn++ % blocks.blocks.size()], "", 0).ok());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEntries));
}

void block_build(benchmark::State& state, KeyShape shape) {
  const Blocks blocks(shape);
  const std::string value(100, 'v');
  BlockBuilder builder;
  std::size_t turn = 0;
  for (auto _ : state) {
    const std::size_t first = turn++ % (blocks.blocks.size() - 1) * kEntries;
    for (std::size_t i = first; i < first + kEntries; ++i) {
      builder.add({blocks.keys[i], make_trailer(1000 + i * 37 % 1000, Kind::kPut), value});
      benchmark::DoNotOptimize(builder.size_estimate());
    }
    benchmark::DoNotOptimize(builder.finish());
    builder.reset();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEntries));
}

void register_all() {
  using Run = void (*)(benchmark::State&, KeyShape);
  const std::pair<const char*, Run> runs[] = {{"block_find", block_find},
                                              {"block_find_missing", block_find_missing},
                                              {"block_lower_bound", block_lower_bound},
                                              {"block_scan", block_scan},
                                              {"block_validate", block_validate},
                                              {"block_build", block_build}};
  const char* const shapes[] = {"decimal", "sparse_decimal", "binary", "url"};
  for (const auto& [name, run] : runs) {
    for (const KeyShape shape : {kDecimal, kSparseDecimal, kBinary, kUrl}) {
      benchmark::RegisterBenchmark((std::string(name) + "/" + shapes[shape]).c_str(), run, shape);
    }
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre

BENCHMARK_MAIN();
