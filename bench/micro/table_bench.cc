// table_bench.cc - what the parts of a table cost: filter, index, whole gets, cursors, building.
//
// Keys are 16 bytes, values 100 bytes that halve under LZ4; tables of 64 MiB, all in the cache
// unless the name says otherwise. Run it beside nothing else.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/page_pool.h"
#include "base/random.h"
#include "table/head_tree.h"
#include "table/table_builder.h"
#include "table/table_reader.h"

namespace nacre {
namespace {

constexpr std::uint64_t kSalt = 7;
constexpr FileNumber kNumber{1};
constexpr std::size_t kEntries = 550'000;

class MemoryFile final : public RandomAccessFile {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    return bytes_.copy(out.data(), out.size(), offset);
  }
  void read_many(std::span<ReadRequest> requests) const override {
    for (ReadRequest& request : requests) request.count = *read(request.offset, request.out);
  }
  std::uint64_t size() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
};

class StringSink final : public WritableFile {
 public:
  Status append(std::string_view bytes) override {
    written += bytes;
    return {};
  }
  Status sync() override { return {}; }
  Status close() override { return {}; }
  std::string written;
};

/// Decimal keys with gaps, in order.
std::string key_of(std::size_t i) {
  char text[24];
  std::snprintf(text, sizeof text, "%016zu", i * 9001 + i % 7 * 1000);
  return text;
}

std::string value_of(std::size_t i) {
  Random random(i);
  std::string value(100, 'v');
  for (std::size_t k = 0; k < 50; ++k) value[k] = static_cast<char>(random.next());
  return value;
}

std::string build(Codec codec) {
  StringSink sink;
  TableBuilderOptions options;
  options.salt = kSalt;
  options.number = kNumber;
  options.codec = codec;
  TableBuilder builder(sink, options);
  for (std::size_t i = 0; i < kEntries; ++i) {
    const std::string key = key_of(i);
    builder.add({key, make_trailer(i % 50'000, Kind::kPut), value_of(i)}, hash64(key, kSalt))
        .ignore();
  }
  builder.finish().status().ignore();
  return sink.written;
}

struct World {
  World() : budget(std::uint64_t{1} << 30) {
    cache = std::make_shared<BlockCache>(budget, pages);
    bytes = build(Codec::kLz4);
    table = TableReader::open(std::make_unique<MemoryFile>(bytes),
                              TableReaderOptions{"bench", kSalt, kNumber, cache, budget})
                .value();
    for (std::uint32_t i = 0; i < table->block_count(); ++i) table->load(i).status().ignore();
    Random random(3);
    for (int i = 0; i < 1 << 16; ++i) keys.push_back(key_of(random.below(kEntries)));
  }
  MemoryBudget budget;
  PagePool pages;
  std::shared_ptr<BlockCache> cache;
  std::string bytes;
  std::shared_ptr<TableReader> table;
  std::vector<std::string> keys;  // to look for, at random

  const std::string& key(std::size_t i) const { return keys[i & (keys.size() - 1)]; }
};
World& world() {
  static World& made = *new World;
  return made;
}

void BM_filter(benchmark::State& state) {
  const auto path = static_cast<VectorPath>(state.range(0));
  if (!has_path(path)) return state.SkipWithError("not on this machine");
  FilterBuilder builder(10);
  const auto keys = static_cast<std::uint64_t>(state.range(1));
  for (std::uint64_t i = 0; i < keys; ++i) builder.add(mix_seed(1, i));
  std::string section;
  builder.finish(section);
  Filter filter = Filter::allocate(section.size());
  section.copy(filter.buffer().data(), section.size());
  filter.accept(path).ignore();
  std::uint64_t i = 0;
  std::uint64_t found = 0;
  for (auto _ : state) found += filter.may_contain(mix_seed(1, keys + ++i)) ? 1 : 0;
  state.counters["false_positives"] = static_cast<double>(found) / static_cast<double>(i);
}
BENCHMARK(BM_filter)->ArgsProduct({{0, 1, 2}, {10'000, 500'000, 50'000'000}});

void BM_filter_build(benchmark::State& state) {
  for (auto _ : state) {
    FilterBuilder builder(10);
    for (std::uint64_t i = 0; i < 500'000; ++i) builder.add(mix_seed(1, i));
    std::string section;
    builder.finish(section);
    benchmark::DoNotOptimize(section.data());
  }
  state.SetItemsProcessed(state.iterations() * 500'000);
}
BENCHMARK(BM_filter_build);

void BM_head_tree(benchmark::State& state) {
  std::vector<std::uint64_t> heads;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    heads.push_back(mix_seed(1, static_cast<std::uint64_t>(i)));
  }
  std::sort(heads.begin(), heads.end());
  const HeadTree tree(heads);
  std::uint64_t i = 0;
  // Each search waits for the one before it: latency, as in a get.
  for (auto _ : state) i += tree.rank(mix_seed(2, i)) + 1;
  benchmark::DoNotOptimize(i);
}
BENCHMARK(BM_head_tree)->Arg(1000)->Arg(16'000)->Arg(1'000'000);

void BM_head_binary_search(benchmark::State& state) {
  std::vector<std::uint64_t> heads;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    heads.push_back(mix_seed(1, static_cast<std::uint64_t>(i)));
  }
  std::sort(heads.begin(), heads.end());
  std::uint64_t i = 0;
  for (auto _ : state) {
    const auto at = std::lower_bound(heads.begin(), heads.end(), mix_seed(2, i));
    i += static_cast<std::uint64_t>(at - heads.begin()) + 1;
  }
  benchmark::DoNotOptimize(i);
}
BENCHMARK(BM_head_binary_search)->Arg(1000)->Arg(16'000)->Arg(1'000'000);

void BM_index(benchmark::State& state) {
  const World& w = world();
  std::size_t i = 0;
  for (auto _ : state) i += w.table->block_of(w.key(i)) % 2 + 1;
  benchmark::DoNotOptimize(i);
}
BENCHMARK(BM_index);

void BM_get(benchmark::State& state) {
  const World& w = world();
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string& key = w.key(i);
    EpochGuard guard;
    Entry entry;
    std::uint32_t block;
    const Lookup found = w.table->find(key, hash64(key, kSalt), kSeqMax, &entry, &block);
    if (found != Lookup::kFound) return state.SkipWithError("not found");
    i += 1 + entry.value.size() % 2;
  }
}
BENCHMARK(BM_get);

void BM_get_missing(benchmark::State& state) {
  const World& w = world();
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string& key = w.key(i);
    EpochGuard guard;
    Entry entry;
    std::uint32_t block;
    // The hash of another key: what the filter sees when the key is not in the table.
    i += w.table->find(key, mix_seed(9, i), kSeqMax, &entry, &block) == Lookup::kAbsent ? 1 : 2;
  }
}
BENCHMARK(BM_get_missing);

void BM_seek(benchmark::State& state) {
  const World& w = world();
  const auto cursor = w.table->cursor(CursorUse::kRead);
  std::size_t i = 0;
  for (auto _ : state) {
    cursor->seek(w.key(i++), read_trailer(kSeqMax));
    for (std::int64_t n = 0; n < state.range(0); ++n) cursor->next();
  }
}
BENCHMARK(BM_seek)->Arg(0)->Arg(10);

void BM_new_cursor(benchmark::State& state) {
  const World& w = world();
  for (auto _ : state) benchmark::DoNotOptimize(w.table->cursor(CursorUse::kRead));
}
BENCHMARK(BM_new_cursor);

void scan(benchmark::State& state, CursorUse use, bool forward) {
  const World& w = world();
  for (auto _ : state) {
    const auto cursor = w.table->cursor(use);
    std::uint64_t sum = 0;
    forward ? cursor->first() : cursor->last();
    for (; cursor->valid(); forward ? cursor->next() : cursor->prev()) {
      sum += cursor->entry().key.size() + cursor->entry().value.size();
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kEntries));
}
BENCHMARK_CAPTURE(scan, cached, CursorUse::kRead, true);
BENCHMARK_CAPTURE(scan, cached_reverse, CursorUse::kRead, false);
BENCHMARK_CAPTURE(scan, compaction, CursorUse::kCompaction, true);

/// A block that is not in the cache, from a file that is memory: checksum, LZ4, validation, frame.
void BM_load(benchmark::State& state) {
  const World& w = world();
  MemoryBudget budget(1 << 20);
  PagePool pages;
  auto cache = std::make_shared<BlockCache>(budget, pages);
  const auto table = TableReader::open(std::make_unique<MemoryFile>(w.bytes),
                                       TableReaderOptions{"bench", kSalt, kNumber, cache, budget})
                         .value();
  std::uint32_t i = 0;
  for (auto _ : state) {
    table->load(i).status().ignore();
    i = (i + 1) % table->block_count();
  }
}
BENCHMARK(BM_load);

void BM_build(benchmark::State& state) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::size_t i = 0; i < 100'000; ++i) rows.emplace_back(key_of(i), value_of(i));
  std::int64_t bytes = 0;
  for (auto _ : state) {
    StringSink sink;
    sink.written.reserve(16 << 20);
    TableBuilderOptions options;
    options.codec = static_cast<Codec>(state.range(0));
    TableBuilder builder(sink, options);
    std::uint64_t i = 0;
    for (const auto& [key, value] : rows) {
      builder.add({key, make_trailer(i++ % 50'000, Kind::kPut), value}, hash64(key, 0)).ignore();
    }
    builder.finish().status().ignore();
    bytes += static_cast<std::int64_t>(rows.size()) * 116;
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_build)->Arg(0)->Arg(1)->Arg(2);

}  // namespace
}  // namespace nacre

BENCHMARK_MAIN();
