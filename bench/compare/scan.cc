#include "base/random.h"
#include "compare/workloads.h"

namespace nacre::bench {

void seek(Bench& bench, const Reads& reads, int entries) {
  Keys keys(bench.key_kind);
  Random random(98);
  const std::uint64_t one = keys.text(0).size() + bench.value_bytes;
  bench.measure.time({.work = reads.work,
                      .operations = reads.count,
                      .timing = entries > 10 ? Latency::kEvery : Latency::kSampled,
                      .seconds_at_most = reads.seconds_at_most,
                      .until_late = reads.until_late},
                     [&](Latency& latency) {
                       for (std::uint64_t i = 0; i < reads.count && !latency.late(); ++i) {
                         const std::string_view key = keys.text(random.below(bench.num));
                         latency.begin();
                         const std::uint64_t bytes = bench.store->seek(key, entries);
                         latency.end();
                         // At the end of the store there may be fewer.
                         if (bytes < one || bytes > one * static_cast<std::uint64_t>(entries)) {
                           bench.wrong("a seek sees wrong entries");
                         }
                       }
                     });
}

void scan(Bench& bench, const std::string& work, bool reverse, std::uint64_t live) {
  std::uint64_t entries = 0;
  bench.measure.time(
      {.work = work, .operations = live, .timing = Latency::kEvery, .per_call = live},
      [&](Latency& latency) {
        latency.begin();
        entries = bench.store->scan(reverse);
        latency.end();
      });
  if (entries != live) {
    bench.wrong(work + " sees " + std::to_string(entries) + " of " + std::to_string(live) +
                " entries");
  }
}

std::uint64_t delete_and_scan(Bench& bench) {
  const std::uint64_t count = bench.num * 3 / 10;
  Keys keys(bench.key_kind);
  Order order(bench.num, 3);
  const Json deletes =
      bench.measure.time({.work = "delete random", .operations = count, .seconds_at_most = 120},
                         [&](Latency& latency) {
                           for (std::uint64_t i = 0; i < count && !latency.late(); ++i) {
                             const std::string_view key = keys.text(order.next());
                             latency.begin();
                             bench.store->remove(key);
                             latency.end();
                           }
                         });
  const std::uint64_t live = bench.num - deletes["operations"].get<std::uint64_t>();
  scan(bench, "scan over 30 % tombstones, per entry", false, live);
  bench.measure.settle_after(deletes, "delete random, then settle", *bench.store);
  return live;
}

void queue(Bench& bench, std::uint64_t rounds) {
  Keys keys(KeyKind::kDecimal);
  Values values(bench.value_bytes);
  // Some entries stand in the queue all the time, so that its head and tail lie apart.
  constexpr std::uint64_t kStanding = 1000;
  std::uint64_t tail = 0;
  std::uint64_t head = 0;
  for (; tail < kStanding; ++tail) bench.store->put(keys.text(tail), values.of(tail, 0));
  std::string first;
  bench.measure.time({.work = "queue, per round",
                      .operations = rounds,
                      .timing = Latency::kEvery,
                      .seconds_at_most = 60},
                     [&](Latency& latency) {
                       for (std::uint64_t i = 0; i < rounds && !latency.late(); ++i) {
                         latency.begin();
                         for (int j = 0; j < 2; ++j, ++tail) {
                           bench.store->put(keys.text(tail), values.of(tail, 0));
                         }
                         const bool found = bench.store->first(first);
                         if (!found || first != keys.text(head)) {
                           bench.wrong("the first of the queue is not " + std::to_string(head));
                         }
                         for (int j = 0; j < 2; ++j, ++head) {
                           bench.store->remove(keys.text(head));
                         }
                         latency.end();
                       }
                     });
}

}  // namespace nacre::bench
