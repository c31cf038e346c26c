// nacre_steady - does a store keep its pace? Overwrites at random, as fast as it goes, for minutes.
//
//   nacre_steady --minutes 10 --engines nacre,rocksdb --json steady.json
//
// Fills a store, then overwrites entries in random order with no pause for the given time, while
// flushes and compactions run beside it, and times every single put. The result has one row per
// second: what was written, and how long puts took. A store that keeps up with its background work
// only by stopping its writers shows it here and nowhere else.
//
// Every engine gets the same keys and values, and runs in a process of its own. A put that has
// returned outlives the death of the process, not a power cut (`os` in Nacre; a log that is written
// and not synced elsewhere; LMDB: no sync).

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/random.h"
#include "common/machine.h"
#include "common/process.h"
#include "compare/keys.h"
#include "compare/store.h"
#include "compare/values.h"
#include "steady/recorder.h"

namespace nacre::bench {

namespace {

struct Arguments {
  std::uint64_t num = 10'000'000;
  std::uint64_t seconds = 600;
  std::size_t threads = 1;
  std::size_t value_bytes = 100;
  std::uint64_t memory_mib = 2048;
  std::uint64_t memtable_mib = 64;
  std::vector<std::string> engines = {"nacre", "rocksdb"};
  std::string dir = "build/data/steady";
  std::string json;
};

constexpr double kMib = 1 << 20;
constexpr std::size_t kKeyBytes = 16;

double rounded(double value) { return static_cast<double>(std::llround(value * 1e3)) / 1e3; }

class Run {
 public:
  Run(const Arguments& arguments, std::string engine)
      : arguments_(arguments), engine_(std::move(engine)), dir_(arguments.dir + "/" + engine_) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(arguments_.dir);
    StoreSettings settings;
    settings.dir = dir_;
    settings.memory_bytes = arguments_.memory_mib << 20;
    settings.memtable_bytes = arguments_.memtable_mib << 20;
    store_ = open_store(engine_, settings);
  }

  Json measure() {
    result_["engine"] = engine_;
    load();
    overwrite();
    store_.reset();
    result_["peak_memory_mib"] = rounded(static_cast<double>(peak_memory_bytes()) / kMib);
    std::filesystem::remove_all(dir_);
    return result_;
  }

 private:
  void load() {
    const ProcessUse start = process_use();
    Keys keys(KeyKind::kDecimal);
    Values values(arguments_.value_bytes);
    Order order(arguments_.num, 1);
    for (std::uint64_t i = 0; i < arguments_.num; ++i) {
      const std::uint64_t number = order.next();
      store_->put(keys.text(number), values.of(number, 0));
      if (i % 100'000 == 0) {
        progress_.show(engine_ + ": load, " + std::to_string(i * 100 / arguments_.num) + " %");
      }
    }
    store_->settle();
    settle_device();
    result_["load_seconds"] = rounded((process_use() - start).wall);
  }

  void overwrite() {
    Recorder recorder(arguments_.threads, arguments_.seconds);
    const ProcessUse start = process_use();
    recorder.start();
    std::vector<std::thread> writers;
    for (std::size_t i = 0; i < arguments_.threads; ++i) {
      writers.emplace_back([this, &recorder, i] { write(recorder, i); });
    }
    recorder.collect(progress_, engine_);
    for (std::thread& writer : writers) writer.join();
    const ProcessUse run = process_use() - start;
    const double disk_at_end = static_cast<double>(directory_bytes(dir_));
    progress_.show(engine_ + ": settles");
    store_->settle();
    const ProcessUse settled = process_use() - start;

    const double puts = static_cast<double>(recorder.puts());
    const double entry = static_cast<double>(kKeyBytes + arguments_.value_bytes);
    const double live = static_cast<double>(arguments_.num) * entry;
    result_.update(recorder.summary());
    result_["puts_per_second"] = std::llround(puts / static_cast<double>(arguments_.seconds));
    result_["cpu_us_per_put"] = rounded(settled.cpu / puts * 1e6);
    result_["written_mib"] = rounded(run.bytes_written / kMib);
    result_["settle_seconds"] = rounded(settled.wall - run.wall);
    result_["written_until_settled_mib"] = rounded(settled.bytes_written / kMib);
    result_["write_amplification"] = rounded(settled.bytes_written / (puts * entry));
    result_["disk_at_end_mib"] = rounded(disk_at_end / kMib);
    result_["disk_settled_mib"] = rounded(static_cast<double>(directory_bytes(dir_)) / kMib);
    result_["space_amplification"] = rounded(disk_at_end / live);
    result_["series"] = recorder.series();
  }

  void write(Recorder& recorder, std::size_t thread) {
    Keys keys(KeyKind::kDecimal);
    Values values(arguments_.value_bytes);
    Random random(1000 + thread);
    std::uint64_t version = 0;
    for (Lap lap(recorder, thread); lap.going(); lap.put()) {
      const std::uint64_t number = random.below(arguments_.num);
      store_->put(keys.text(number), values.of(number, ++version));
    }
  }

  const Arguments& arguments_;
  const std::string engine_;
  const std::string dir_;
  std::unique_ptr<Store> store_;
  Progress progress_;
  Json result_;
};

void print_table(const Json& results) {
  std::printf("%-30s", "overwrite at random");
  for (const auto& result : results) {
    std::printf(" %12s", result["engine"].get<std::string>().c_str());
  }
  std::printf("\n");
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"puts per second", "puts_per_second"},
      {"p50, us", "p50_us"},
      {"p99, us", "p99_us"},
      {"p99.9, us", "p999_us"},
      {"p99.99, us", "p9999_us"},
      {"longest pause, ms", "longest_pause_ms"},
      {"pauses over 10 ms", "pauses_over_10_ms"},
      {"pauses over 50 ms", "pauses_over_50_ms"},
      {"cpu per put, us", "cpu_us_per_put"},
      {"bytes written per byte put", "write_amplification"},
      {"bytes on disk per byte kept", "space_amplification"},
      {"peak memory, MiB", "peak_memory_mib"},
      {"settles in, s", "settle_seconds"}};
  for (const auto& [text, key] : rows) {
    std::printf("%-30s", text);
    for (const auto& result : results) std::printf(" %12.10g", result[key].get<double>());
    std::printf("\n");
  }
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Overwrites entries of a filled store at random, as fast as it goes, and tells what every "
      "second looked like. The full form takes the time given for each engine, and about a minute "
      "for each to fill 10 million entries.");
  double minutes = 10;
  bool hour = false;
  auto* seconds = app.add_option("--seconds", arguments.seconds, "for how long: a trial");
  auto* in_minutes = app.add_option("--minutes", minutes, "for how long")
                         ->capture_default_str()
                         ->excludes(seconds);
  app.add_flag("--hour", hour, "for one hour")->excludes(seconds)->excludes(in_minutes);
  app.add_option("--num", arguments.num, "entries, filled before")->capture_default_str();
  app.add_option("--threads", arguments.threads, "writers")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--value-bytes", arguments.value_bytes, "bytes of a value; keys have 16")
      ->capture_default_str();
  app.add_option("--memory-mib", arguments.memory_mib, "memory given to each engine")
      ->capture_default_str();
  app.add_option("--memtable-mib", arguments.memtable_mib, "recent writes collected in memory")
      ->capture_default_str();
  app.add_option("--engines", arguments.engines, "which, in which order")
      ->delimiter(',')
      ->check(CLI::IsMember({"nacre", "rocksdb", "leveldb", "lmdb"}))
      ->capture_default_str();
  app.add_option("--dir", arguments.dir, "where the stores are made; each is removed at its end")
      ->take_last()
      ->capture_default_str();
  app.add_option("--json", arguments.json, "also write the result to this file");
  CLI11_PARSE(app, argc, argv);
  if (seconds->count() == 0) {
    arguments.seconds = hour ? 3600 : static_cast<std::uint64_t>(std::llround(minutes * 60));
  }
  if (arguments.seconds == 0 || arguments.num == 0) fail("nothing to do");

  Json results = Json::array();
  for (const std::string& engine : arguments.engines) {
    settle_device();
    ChildResult child = run_apart([&] { return Run(arguments, engine).measure(); });
    if (!child.ok) fail(engine + " did not finish: " + child.error);
    results.push_back(std::move(child.json));
  }
  print_table(results);
  std::error_code not_empty;
  std::filesystem::remove(arguments.dir, not_empty);
  if (arguments.json.empty()) return 0;
  Json file = result_head("steady", command_line(argc, argv), arguments.dir);
  file["settings"] = {{"entries", arguments.num},
                      {"seconds", arguments.seconds},
                      {"threads", arguments.threads},
                      {"key_bytes", kKeyBytes},
                      {"value_bytes", arguments.value_bytes},
                      {"memory_mib", arguments.memory_mib},
                      {"memtable_mib", arguments.memtable_mib},
                      {"durability", "process"},
                      {"compression", "LZ4, or the engine's nearest"}};
  file["results"] = std::move(results);
  write_json(arguments.json, file);
  return 0;
}

}  // namespace

}  // namespace nacre::bench

int main(int argc, char** argv) { return nacre::bench::run(argc, argv); }
