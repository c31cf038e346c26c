#include "compare/workloads.h"

namespace nacre::bench {

void synced_puts(Bench& bench, std::uint64_t puts, int threads) {
  bench.settings.durability = Durability::kPower;
  bench.open_new();
  const std::uint64_t share = puts / static_cast<std::uint64_t>(threads);
  const std::string work =
      "synced put, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
  bench.measure.time_threads(
      {.work = work,
       .operations = share * static_cast<std::uint64_t>(threads),
       .timing = Latency::kEvery,
       .seconds_at_most = 60},
      threads, [&](int thread, Latency& latency) {
        Keys keys(KeyKind::kHashed);
        Values values(bench.value_bytes);
        const std::uint64_t from = share * static_cast<std::uint64_t>(thread);
        for (std::uint64_t i = from; i < from + share && !latency.late(); ++i) {
          const std::string_view value = values.of(i, 0);
          latency.begin();
          bench.store->put(keys.text(i), value);
          latency.end();
        }
      });
}

}  // namespace nacre::bench
