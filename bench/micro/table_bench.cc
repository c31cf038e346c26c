// table_bench.cc - what whole tables cost: gets, cursors, loads and building.
//
// Keys are 16 bytes, values 100 bytes that halve under LZ4; tables of 64 MiB, all in the cache
// unless the name says otherwise. Run it beside nothing else.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/page_pool.h"
#include "base/random.h"
#include "micro/kernel.h"
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

void get(benchmark::State& state) {
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
  one_is(state, "a get through filter, index, slot and block");
}

void get_missing(benchmark::State& state) {
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
  one_is(state, "a get that the filter answers, most times");
}

void find_block(benchmark::State& state) {
  const World& w = world();
  std::size_t i = 0;
  for (auto _ : state) i += w.table->block_of(w.key(i)) % 2 + 1;
  benchmark::DoNotOptimize(i);
  one_is(state, "the block of a key, of a table of 64 MiB");
}

void seek(benchmark::State& state, int steps) {
  const World& w = world();
  const auto cursor = w.table->cursor(CursorUse::kRead);
  std::size_t i = 0;
  for (auto _ : state) {
    cursor->seek(w.key(i++), read_trailer(kSeqMax));
    for (int n = 0; n < steps; ++n) cursor->next();
  }
  one_is(state, "a cursor moved to a random key, " + std::to_string(steps) + " steps");
}

void new_cursor(benchmark::State& state) {
  const World& w = world();
  for (auto _ : state) benchmark::DoNotOptimize(w.table->cursor(CursorUse::kRead));
  one_is(state, "a cursor made and given up");
}

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
  one_is(state, forward ? "a step forward over an entry" : "a step back over an entry", kEntries);
}

/// A block that is not in the cache, from a file that is memory: checksum, LZ4, validation, frame.
void load(benchmark::State& state) {
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
  one_is(state, "a block read from memory, checked, unpacked and cached");
}

void build_table(benchmark::State& state, Codec codec) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::size_t i = 0; i < 100'000; ++i) rows.emplace_back(key_of(i), value_of(i));
  std::int64_t bytes = 0;
  for (auto _ : state) {
    StringSink sink;
    sink.written.reserve(16 << 20);
    TableBuilderOptions options;
    options.codec = codec;
    TableBuilder builder(sink, options);
    std::uint64_t i = 0;
    for (const auto& [key, value] : rows) {
      builder.add({key, make_trailer(i++ % 50'000, Kind::kPut), value}, hash64(key, 0)).ignore();
    }
    builder.finish().status().ignore();
    bytes += static_cast<std::int64_t>(rows.size()) * 116;
  }
  state.SetBytesProcessed(bytes);
  one_is(state, "an entry of 16 and 100 bytes into a table", rows.size());
}

void register_all() {
  kernel("table/get", get);
  kernel("table/get_missing", get_missing);
  kernel("table/index", find_block);
  kernel("table/seek", [](benchmark::State& state) { seek(state, 0); });
  kernel("table/seek_10", [](benchmark::State& state) { seek(state, 10); });
  kernel("table/new_cursor", new_cursor);
  const auto add_scan = [](const char* name, CursorUse use, bool forward) {
    kernel(name, [=](benchmark::State& state) { scan(state, use, forward); });
  };
  add_scan("table/scan", CursorUse::kRead, true);
  add_scan("table/scan_reverse", CursorUse::kRead, false);
  add_scan("table/scan_compaction", CursorUse::kCompaction, true);
  kernel("table/load", load);
  for (const Codec codec : {Codec::kNone, Codec::kLz4, Codec::kZstd}) {
    kernel("table/build/" + std::string(codec_name(codec)),
           [codec](benchmark::State& state) { build_table(state, codec); });
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
