// compression_bench.cc - what it costs to make a block of 4 KiB smaller, and whole again.
//
// The block holds 16-byte keys and 100-byte values, half of each value random: what the other
// benchmarks store.
#include <memory>
#include <string>

#include "base/random.h"
#include "key/entry.h"
#include "micro/kernel.h"
#include "table/block_builder.h"
#include "table/compression.h"

namespace nacre {
namespace {

std::string make_block(bool compressible) {
  Random random(1);
  BlockBuilder builder;
  for (std::uint64_t i = 0; i < 34; ++i) {
    std::string value(100, 'v');
    for (std::size_t k = 0; k < (compressible ? 50u : 100u); ++k) {
      value[k] = static_cast<char>(random.next());
    }
    std::string digits = std::to_string(i * 9001);
    digits.insert(0, 16 - digits.size(), '0');
    builder.add({digits, make_trailer(i, Kind::kPut), value});
  }
  return std::string(builder.finish());
}

void compress(benchmark::State& state, Codec codec, bool compressible) {
  const std::string raw = make_block(compressible);
  Compressor compressor(codec);
  std::size_t stored = 0;
  for (auto _ : state) stored = compressor.compress(raw).bytes.size();
  state.counters["stored/raw"] = static_cast<double>(stored) / static_cast<double>(raw.size());
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * raw.size()));
  one_is(state, compressible ? "a block of 4 KiB, values half random"
                             : "a block of 4 KiB, values all random");
}

void uncompress(benchmark::State& state, Codec codec) {
  const std::string raw = make_block(true);
  Compressor compressor(codec);
  const std::string stored(compressor.compress(raw).bytes);
  const auto out = std::make_unique<char[]>(raw.size());
  for (auto _ : state) {
    if (!decompress(codec, stored, out.get(), raw.size()).ok()) {
      return state.SkipWithError("it does not decompress");
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * raw.size()));
  one_is(state, "a block of 4 KiB, values half random");
}

void register_all() {
  for (const Codec codec : {Codec::kLz4, Codec::kZstd}) {
    const std::string name = "compression/" + std::string(codec_name(codec));
    kernel(name + "/compress", [=](benchmark::State& state) { compress(state, codec, true); });
    kernel(name + "/compress_random",
           [=](benchmark::State& state) { compress(state, codec, false); });
    kernel(name + "/decompress", [=](benchmark::State& state) { uncompress(state, codec); });
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
