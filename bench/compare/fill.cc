#include <filesystem>

#include "compare/workloads.h"

namespace nacre::bench {

void Bench::open_new() {
  store.reset();
  std::filesystem::remove_all(settings.dir);
  const std::filesystem::path above = std::filesystem::path(settings.dir).parent_path();
  if (!above.empty()) std::filesystem::create_directories(above);
  settle_device();  // what others left to write is not this store's burden
  store = open_store(engine, settings);
}

namespace {

/// Puts the i-th of every `threads` of the numbers in the order of `seed`.
void put_share(Bench& bench, std::uint64_t seed, std::uint64_t version, int thread, int threads,
               Latency& latency) {
  Keys keys(bench.key_kind);
  Values values(bench.value_bytes);
  Order order(bench.num, seed);
  auto turn = static_cast<std::uint64_t>(thread);
  for (std::uint64_t i = 0; i < bench.num && !latency.late(); ++i) {
    const std::uint64_t number = order.next();
    if (i != turn) continue;
    turn += static_cast<std::uint64_t>(threads);
    const std::string_view value = values.of(number, version);
    latency.begin();
    bench.store->put(keys.text(number), value);
    latency.end();
  }
}

double user_mib(const Bench& bench) {
  Keys keys(bench.key_kind);
  return static_cast<double>(bench.num) *
         static_cast<double>(keys.text(0).size() + bench.value_bytes) / (1 << 20);
}

}  // namespace

Json fill_random(Bench& bench, int threads, double seconds_at_most) {
  return bench.measure.time_threads(
      {.work = "fill random", .operations = bench.num, .seconds_at_most = seconds_at_most}, threads,
      [&](int thread, Latency& latency) { put_share(bench, 1, 0, thread, threads, latency); });
}

void fill_sequential(Bench& bench) {
  bench.settings.ascending = true;
  bench.open_new();
  Keys keys(bench.key_kind);
  Values values(bench.value_bytes);
  const Json fill = bench.measure.time(
      {.work = "fill sequential", .operations = bench.num}, [&](Latency& latency) {
        for (std::uint64_t i = 0; i < bench.num && !latency.late(); ++i) {
          const std::string_view value = values.of(i, 0);
          latency.begin();
          bench.store->put(keys.text(i), value);
          latency.end();
        }
      });
  bench.measure.settle_after(fill, "fill sequential, then settle", *bench.store);
  if (fill["finished"].get<bool>())
    scan(bench, "scan after filling in order, per entry", false, bench.num);
}

void fill_batches(Bench& bench, std::uint64_t batch) {
  bench.open_new();
  Keys keys(bench.key_kind);
  Values values(bench.value_bytes);
  Order order(bench.num, 1);
  std::vector<std::pair<std::string, std::string>> texts(batch);
  std::vector<Entry> entries(batch);
  const std::uint64_t num = bench.num / batch * batch;
  const Json fill =
      bench.measure.time({.work = "fill random, batches of " + std::to_string(batch),
                          .operations = num,
                          .timing = Latency::kEvery,
                          .per_call = batch},
                         [&](Latency& latency) {
                           for (std::uint64_t i = 0; i < num && !latency.late(); i += batch) {
                             for (std::uint64_t j = 0; j < batch; ++j) {
                               const std::uint64_t number = order.next();
                               texts[j].first.assign(keys.text(number));
                               texts[j].second.assign(values.of(number, 0));
                               entries[j] = texts[j];
                             }
                             latency.begin();
                             bench.store->write(entries);
                             latency.end();
                           }
                         });
  bench.measure.settle_after(fill, fill["work"].get<std::string>() + ", then settle", *bench.store);
}

void settle_after(Bench& bench, const Json& fill) {
  const Json whole = bench.measure.settle_after(fill, "fill random, then settle", *bench.store);
  const double written = whole["written_mib"].get<double>();
  bench.measure.figure("bytes written by the fill", "MiB", written);
  bench.measure.figure("write amplification of the fill", "x", written / user_mib(bench));
  bench.measure.figure("size on disk after the fill", "MiB",
                       static_cast<double>(directory_bytes(bench.settings.dir)) / (1 << 20));
}

void overwrite_and_settle(Bench& bench) {
  bench.version = 1;
  const Json puts =
      bench.measure.time({.work = "overwrite", .operations = bench.num, .seconds_at_most = 300},
                         [&](Latency& latency) { put_share(bench, 2, 1, 0, 1, latency); });
  if (!puts["finished"].get<bool>()) bench.version = -1;
  bench.measure.settle_after(puts, "overwrite, then settle", *bench.store);
}

}  // namespace nacre::bench
