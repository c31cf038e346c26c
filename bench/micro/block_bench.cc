// block_bench.cc - one block of about 4 KiB, hot: what a get, a seek, a scan step and a build cost.
//
// Keys are neighbours out of 5 million: decimal ones of 16 bytes, random binary ones of 16 bytes,
// and URLs, whose heads tie.
#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "micro/kernel.h"
#include "table/block.h"
#include "table/block_builder.h"
#include "table/block_search.h"

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
  state.counters["bytes over key and value"] = blocks.overhead;
  one_is(state, "a key that is in the block, of 64 blocks");
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
  one_is(state, "a key that is not in the block");
}

void block_lower_bound(benchmark::State& state, KeyShape shape) {
  const Blocks blocks(shape);
  std::size_t turn = 0;
  for (auto _ : state) {
    const std::uint32_t i = blocks.order[turn++ % 4096];
    benchmark::DoNotOptimize(Block(blocks.blocks[i / kEntries].data())
                                 .lower_bound(blocks.keys[i], read_trailer(kSeqMax)));
  }
  one_is(state, "the place of a key in the block");
}

void block_scan(benchmark::State& state, KeyShape shape) {
  const Blocks blocks(shape);
  Block::Rows rows;
  Entry entry;
  std::size_t turn = 0;
  for (auto _ : state) {
    const Block block(blocks.blocks[turn++ % blocks.blocks.size()].data());
    rows.enter(block);
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      rows.show(i, &entry);
      benchmark::DoNotOptimize(entry);
    }
  }
  one_is(state, "an entry: its whole key, trailer and value", kEntries);
}

void block_validate(benchmark::State& state, KeyShape shape) {
  const Blocks blocks(shape);
  std::size_t turn = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        Block::validate(blocks.blocks[turn++ % blocks.blocks.size()], "", 0).ok());
  }
  one_is(state, "an entry of a block that is checked", kEntries);
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
  one_is(state, "an entry added, its share of finishing the block", kEntries);
}

/// The step that each search in a block begins with, alone.
void head_count(benchmark::State& state, HeadSearchPath path, std::uint32_t count) {
  const HeadSearch search = head_search(path);
  if (search == nullptr) return state.SkipWithError("not on this machine");
  std::mt19937_64 random(3);
  std::vector<std::uint32_t> heads(count);
  for (std::uint32_t& head : heads) head = static_cast<std::uint32_t>(random());
  std::sort(heads.begin(), heads.end());
  std::vector<std::uint32_t> asked(4096);
  for (std::uint32_t& head : asked) head = static_cast<std::uint32_t>(random());
  std::uint32_t turn = 0;
  // Each search waits for the one before it: latency, as in a get.
  for (auto _ : state) {
    turn += 1 + search(reinterpret_cast<const char*>(heads.data()), count, asked[turn % 4096]);
  }
  benchmark::DoNotOptimize(turn);
  one_is(state, "heads below a head, of " + std::to_string(count));
}

void register_all() {
  using Run = void (*)(benchmark::State&, KeyShape);
  const std::pair<const char*, Run> runs[] = {{"find", block_find},
                                              {"find_missing", block_find_missing},
                                              {"lower_bound", block_lower_bound},
                                              {"scan", block_scan},
                                              {"validate", block_validate},
                                              {"build", block_build}};
  const char* const shapes[] = {"decimal", "sparse_decimal", "binary", "url"};
  for (const auto& [name, run] : runs) {
    for (const KeyShape shape : {kDecimal, kSparseDecimal, kBinary, kUrl}) {
      kernel(std::string("block/") + name + "/" + shapes[shape],
             [run = run, shape](benchmark::State& state) { run(state, shape); });
    }
  }
  const char* const paths[] = {"portable", "avx2", "avx512"};
  for (const auto path :
       {HeadSearchPath::kPortable, HeadSearchPath::kAvx2, HeadSearchPath::kAvx512}) {
    for (const std::uint32_t count : {32u, 256u}) {
      kernel(std::string("block/head_search/") + paths[static_cast<int>(path)] + "/" +
                 std::to_string(count),
             [path, count](benchmark::State& state) { head_count(state, path, count); });
    }
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
