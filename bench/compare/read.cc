#include <atomic>
#include <thread>

#include "base/random.h"
#include "compare/workloads.h"
#include "compare/zipf.h"

namespace nacre::bench {

namespace {

/// Checks one value in 32 byte by byte, the size of each.
class Checker {
 public:
  explicit Checker(const Bench& bench) : bench_(bench), values_(bench.value_bytes) {}

  void check(std::uint64_t turn, std::uint64_t number, const std::string& value) {
    if (value.size() != bench_.value_bytes) bench_.wrong("a value has a wrong size");
    if (turn % 32 != 8 || bench_.version < 0) return;
    if (value != values_.of(number, static_cast<std::uint64_t>(bench_.version))) {
      bench_.wrong("the value of " + std::to_string(number) + " is not what was put");
    }
  }

 private:
  const Bench& bench_;
  Values values_;
};

/// Reads what `next(i)` names, `count` times.
template <typename Next>
void read_each(Bench& bench, std::uint64_t count, Latency& latency, Next&& next) {
  Keys keys(bench.key_kind);
  Checker checker(bench);
  std::string value;
  for (std::uint64_t i = 0; i < count && !latency.late(); ++i) {
    const std::uint64_t number = next(i);
    const std::string_view key = keys.text(number);
    latency.begin();
    const bool found = bench.store->get(key, value);
    latency.end();
    if (!found) bench.wrong("no value for " + std::string(key));
    checker.check(i, number, value);
  }
}

Work work_of(const Reads& reads) {
  return {.work = reads.work,
          .operations = reads.count,
          .seconds_at_most = reads.seconds_at_most,
          .until_late = reads.until_late};
}

}  // namespace

void read_random(Bench& bench, const Reads& reads, int threads) {
  bench.measure.time_threads(work_of(reads), threads, [&](int thread, Latency& latency) {
    Random random(reads.seed + 1000 * static_cast<std::uint64_t>(thread));
    read_each(bench, reads.count / static_cast<std::uint64_t>(threads), latency,
              [&](std::uint64_t) { return random.below(bench.num); });
  });
}

void read_zipfian(Bench& bench, const Reads& reads) {
  const std::vector<std::uint32_t> numbers = Zipf(bench.num, 97).draw_scattered(reads.count);
  bench.measure.time(work_of(reads), [&](Latency& latency) {
    read_each(bench, reads.count, latency, [&](std::uint64_t i) { return numbers[i]; });
  });
}

void read_missing(Bench& bench, const Reads& reads) {
  Keys keys(bench.key_kind);
  Random random(96);
  std::string key;
  std::string value;
  bench.measure.time(work_of(reads), [&](Latency& latency) {
    for (std::uint64_t i = 0; i < reads.count && !latency.late(); ++i) {
      key.assign(keys.text(random.below(bench.num)));
      key += 'x';
      latency.begin();
      const bool found = bench.store->get(key, value);
      latency.end();
      if (found) bench.wrong("a value for a key that was never put");
    }
  });
}

void multi_get(Bench& bench, const Reads& reads, std::size_t group) {
  Keys keys(bench.key_kind);
  Checker checker(bench);
  Random random(95);
  std::vector<std::uint64_t> numbers(group);
  std::vector<std::string> texts(group);
  std::vector<std::string_view> views(group);
  std::vector<std::string> values(group);
  Work work = work_of(reads);
  work.timing = Latency::kEvery;
  work.per_call = group;
  bench.measure.time(work, [&](Latency& latency) {
    for (std::uint64_t i = 0; i + group <= reads.count && !latency.late(); i += group) {
      for (std::size_t j = 0; j < group; ++j) {
        numbers[j] = random.below(bench.num);
        texts[j].assign(keys.text(numbers[j]));
        views[j] = texts[j];
      }
      latency.begin();
      const std::size_t found = bench.store->multi_get(views, values);
      latency.end();
      if (found != group) bench.wrong("a multi-get does not find every key");
      checker.check(8, numbers[i % group], values[i % group]);
    }
  });
}

void read_while_writing(Bench& bench, const Reads& reads) {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> written{0};
  bench.version = -1;
  std::thread writer([&] {
    Keys keys(bench.key_kind);
    Values values(bench.value_bytes);
    Random random(94);
    for (std::uint64_t version = 2; !stop.load(std::memory_order_relaxed); ++version) {
      const std::uint64_t number = random.below(bench.num);
      bench.store->put(keys.text(number), values.of(number, version));
      written.store(version - 1, std::memory_order_relaxed);
    }
  });
  while (written.load() < 100) std::this_thread::yield();
  double seconds = 0;
  double puts = 0;
  bench.measure.time(work_of(reads), [&](Latency& latency) {
    Random random(93);
    const double start = wall_seconds();
    const auto before = static_cast<double>(written.load());
    read_each(bench, reads.count, latency, [&](std::uint64_t) { return random.below(bench.num); });
    seconds = wall_seconds() - start;
    puts = static_cast<double>(written.load()) - before;
    stop = true;
  });
  writer.join();
  bench.measure.figure("writer beside it", "k/s", puts / seconds / 1e3, "higher");
}

}  // namespace nacre::bench
