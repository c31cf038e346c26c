#include "base/random.h"
#include "compare/workloads.h"
#include "compare/zipf.h"

namespace nacre::bench {

namespace {

/// What one operation does, in per cent; what is left are reads.
struct Mix {
  const char* name;
  int updates = 0;
  int inserts = 0;
  int scans = 0;
  int changes = 0;      // reads, then writes what it read anew
  bool latest = false;  // reads prefer what was inserted last
};

class Ycsb {
 public:
  explicit Ycsb(Bench& bench)
      : bench_(bench), keys_(bench.key_kind), values_(bench.value_bytes), entries_(bench.num) {}

  void load() {
    bench_.measure.time({.work = "YCSB load", .operations = bench_.num}, [&](Latency& latency) {
      for (std::uint64_t i = 0; i < bench_.num; ++i) {
        latency.begin();
        bench_.store->put(keys_.text(i), values_.of(i, 0));
        latency.end();
      }
    });
  }

  void run(const Mix& mix, std::uint64_t operations) {
    Zipf zipf(bench_.num, 92);
    Random random(91);
    // Which entry and what to do with it, drawn beforehand.
    std::vector<std::uint32_t> numbers(operations);
    for (auto& number : numbers) {
      number = static_cast<std::uint32_t>(mix.latest ? zipf.rank() : zipf.scattered());
    }
    bench_.measure.time({.work = std::string("YCSB ") + mix.name,
                         .operations = operations,
                         .timing = mix.scans > 0 ? Latency::kEvery : Latency::kSampled},
                        [&](Latency& latency) {
                          for (std::uint64_t i = 0; i < operations && !latency.late(); ++i) {
                            const std::uint64_t number =
                                mix.latest ? entries_ - 1 - numbers[i] : numbers[i];
                            latency.begin();
                            step(mix, static_cast<int>(random.below(100)), number, random);
                            latency.end();
                          }
                        });
  }

 private:
  void step(const Mix& mix, int dice, std::uint64_t number, Random& random) {
    if ((dice -= mix.updates) < 0) {
      bench_.store->put(keys_.text(number), values_.of(number, ++version_));
    } else if ((dice -= mix.inserts) < 0) {
      bench_.store->put(keys_.text(entries_), values_.of(entries_, 0));
      ++entries_;
    } else if ((dice -= mix.scans) < 0) {
      const auto count = static_cast<int>(1 + random.below(100));
      if (bench_.store->seek(keys_.text(number), count) == 0) bench_.wrong("a scan sees nothing");
    } else {
      read(number);
      if ((dice -= mix.changes) < 0) {
        bench_.store->put(keys_.text(number), values_.of(number, ++version_));
      }
    }
  }
  void read(std::uint64_t number) {
    if (!bench_.store->get(keys_.text(number), value_) || value_.size() != bench_.value_bytes) {
      bench_.wrong("YCSB: no value for " + std::to_string(number));
    }
  }

  Bench& bench_;
  Keys keys_;
  Values values_;
  std::uint64_t entries_;
  std::uint64_t version_ = 0;
  std::string value_;
};

}  // namespace

void ycsb(Bench& bench, std::uint64_t operations, std::uint64_t scans) {
  bench.key_kind = KeyKind::kHashed;
  bench.open_new();
  Ycsb load(bench);
  load.load();
  bench.store->settle();
  // The order that YCSB asks for: what adds entries comes last.
  load.run({.name = "A", .updates = 50}, operations);
  load.run({.name = "B", .updates = 5}, operations);
  load.run({.name = "C"}, operations);
  load.run({.name = "F", .changes = 50}, operations);
  load.run({.name = "D", .inserts = 5, .latest = true}, operations);
  load.run({.name = "E", .inserts = 5, .scans = 95}, scans);
}

}  // namespace nacre::bench
