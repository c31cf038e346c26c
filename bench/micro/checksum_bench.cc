// checksum_bench.cc - what it costs to know that bytes are the ones that were written.
#include <cstdint>
#include <string>

#include "base/hash.h"
#include "micro/kernel.h"
#include "wal/wal_format.h"

namespace nacre {
namespace {

void hash_of(benchmark::State& state, std::size_t bytes) {
  const std::string text(bytes, 'x');
  std::uint64_t seed = 1;
  for (auto _ : state) seed = hash64(text, seed);  // each waits for the one before it
  benchmark::DoNotOptimize(seed);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
  one_is(state, std::to_string(bytes) + " bytes");
}

/// As the writer of the wal makes it: the header and a payload of a put, which are not one piece.
void wal_record(benchmark::State& state) {
  const std::string payload(128, 'p');
  char header[kWalRecordHeaderBytes];
  store_record_header(header, {.length = 128, .first_seq = 7});
  std::uint64_t seed = 1;
  for (auto _ : state) seed = record_checksum(header, payload, {}, seed);
  benchmark::DoNotOptimize(seed);
  one_is(state, "a wal record of 128 bytes, header and all");
}

void register_all() {
  kernel("checksum/wal_record", wal_record);
  for (const std::size_t bytes :
       {std::size_t{16}, std::size_t{128}, std::size_t{4096}, std::size_t{1} << 20}) {
    kernel("checksum/" + std::to_string(bytes),
           [bytes](benchmark::State& state) { hash_of(state, bytes); });
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
