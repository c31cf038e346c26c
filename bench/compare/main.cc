// nacre_compare - the same work on several engines, each in a process of its own, side by side.
//
//   nacre_compare --quick
//   nacre_compare --set budget --engines nacre,rocksdb --rounds 1 --json budget.json
//
// Every engine gets the same keys, values, memory and durability. Engines take turns round by
// round, each time in another order, so that what else happens on the machine hits all alike.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/machine.h"
#include "common/process.h"
#include "compare/machine_limits.h"
#include "compare/report.h"
#include "compare/sets.h"

namespace nacre::bench {

namespace {

struct Arguments {
  Scale scale;
  bool quick = false;
  int rounds = 0;  // 0: by default
  std::vector<std::string> sets;
  std::vector<std::string> engines = {"nacre", "rocksdb", "leveldb", "lmdb"};
  std::string dir = "build/data/compare";
  std::string json;
  std::string out;
};

Json settings_of(const Arguments& arguments) {
  Json settings;
  settings["num"] = arguments.scale.num;
  settings["rounds"] = arguments.rounds;
  settings["memory_mib"] = arguments.scale.memory_mib;
  settings["memtable_bytes"] = arguments.scale.memtable_bytes();
  settings["quick"] = arguments.quick;
  settings["durability"] =
      "a write outlives the process, not a power cut (Nacre: os; RocksDB, LevelDB: a log that is "
      "not synced; LMDB: WRITEMAP, NOSYNC); set sync: on stable storage when the call returns";
  settings["compression"] = "LZ4 (LevelDB: Snappy, LMDB: none); values that halve";
  return settings;
}

class Comparison {
 public:
  explicit Comparison(const Arguments& arguments)
      : arguments_(arguments), report_(arguments.engines) {}

  /// Calls `after_round` behind each round: what was measured is not lost when a later one ends
  /// the run.
  void run(const std::function<void()>& after_round) {
    std::vector<Case> cases;
    for (const std::string& set : arguments_.sets) {
      for (Case& one : cases_of(set, arguments_.scale)) cases.push_back(std::move(one));
    }
    for (int round = 0; round < arguments_.rounds; ++round) {
      for (std::size_t i = 0; i < cases.size(); ++i) {
        if (cases[i].rounds != 0 && round >= cases[i].rounds) continue;
        run_case(cases[i], round, static_cast<std::size_t>(round) + i);
      }
      after_round();
    }
  }

  void note_load() {
    double load = 0;
    if (getloadavg(&load, 1) != 1 || load < 1) return;
    char text[120];
    std::snprintf(
        text, sizeof text,
        "**the machine was busy when this began** (load average %.1f): not figures to keep", load);
    report_.note(text);
  }

  const Report& report() const { return report_; }
  bool failed() const { return failed_; }

 private:
  void run_case(const Case& one, int round, std::size_t turn) {
    std::unique_ptr<MemoryLimit> limit;
    for (std::size_t j = 0; j < arguments_.engines.size(); ++j) {
      // Another one begins each time.
      const std::string& engine = arguments_.engines[(j + turn) % arguments_.engines.size()];
      const std::string name = one.set + ", " + one.name + ", " + title(engine);
      if (cut_.contains(name)) continue;
      if (one.limit_mib != 0) {
        // One for each: what one left in the page cache is no burden of the next.
        limit.reset();
        limit = std::make_unique<MemoryLimit>(one.limit_mib);
        if (!limit->works()) return refuse(one, *limit);
        note_limit(one, *limit);
      }
      std::fprintf(stderr, "round %d of %d: %s\n", round + 1, arguments_.rounds, name.c_str());
      const ChildResult child = run_apart([&] { return work(one, engine); }, limit.get());
      std::filesystem::remove_all(arguments_.dir + "/" + engine);
      if (!child.ok) {
        failed_ = true;
        report_.note("**" + name + "**: " + child.error + ", no figures");
        continue;
      }
      add(one, engine, name, child.json, limit.get());
    }
  }

  void add(const Case& one, const std::string& engine, const std::string& name, Json rows,
           const MemoryLimit* limit) {
    bool finished = true;
    for (const Json& row : rows) finished = finished && row.value("finished", true);
    if (one.once_when_cut && !finished) cut_.insert(name);
    if (limit != nullptr) {
      rows.push_back({{"work", "most memory held, page cache included"},
                      {"unit", "MiB"},
                      {"better", "lower"},
                      {"value", static_cast<double>(limit->peak_bytes() >> 20)}});
    }
    report_.add(one.set, engine, rows);
  }

  void refuse(const Case& one, const MemoryLimit& limit) {
    report_.note("set " + one.set +
                 " did not run: no memory limit can be set here, and without one it would compare "
                 "page caches (" +
                 limit.why_not() + ")");
  }

  void note_limit(const Case& one, const MemoryLimit& limit) {
    if (!noted_.insert(one.set).second) return;
    const double raw = static_cast<double>(one.entries * 416) / (1 << 20);
    char text[600];
    std::snprintf(
        text, sizeof text,
        "set %s: %.0f MiB of keys and values, about half as much compressed, under a "
        "limit of %.0f MiB for the process and its page cache (%s), a quarter of it given to "
        "the engine as its memory; direct reads on Nacre and RocksDB; LMDB and LevelDB "
        "read through mappings, LevelDB "
        "with the read-ahead of the device (above); one round",
        one.set.c_str(), raw, static_cast<double>(limit.mib()), limit.kind().c_str());
    report_.note(text);
  }

  /// In the child process.
  Json work(const Case& one, const std::string& engine) const {
    alarm(kMinutesAtMost * 60);  // an engine that hangs must not hold up the others
    StoreSettings settings;
    settings.dir = arguments_.dir + "/" + engine;
    settings.memory_bytes = arguments_.scale.memory_mib << 20;
    settings.memtable_bytes = arguments_.scale.memtable_bytes();
    if (one.limit_mib != 0) {
      settings.memory_bytes = (one.limit_mib << 20) / 4;  // all has to fit beside it
      settings.memtable_bytes = std::min(settings.memtable_bytes, settings.memory_bytes / 8);
    }
    Bench bench(engine, settings, one.entries);
    one.run(bench);
    bench.store.reset();
    return bench.measure.rows();
  }

  static constexpr unsigned kMinutesAtMost = 20;

  const Arguments& arguments_;
  Report report_;
  bool failed_ = false;
  std::set<std::string> cut_;
  std::set<std::string> noted_;
};

void add_options(CLI::App& app, Arguments& arguments) {
  std::vector<std::string> names;
  std::string meanings;
  for (const auto& [name, meaning] : set_names()) {
    names.push_back(name);
    meanings += "\n  " + name + std::string(9 - name.size(), ' ') + meaning;
  }
  app.footer("Sets:" + meanings +
             "\n\nA full run takes about 45 minutes on two cores and 6 GB of disk; --quick 3 to 5 "
             "minutes.\nWhat takes too long is cut and marked. Exit status 1: an engine failed or "
             "gave a wrong answer.");
  app.add_flag("--quick", arguments.quick, "everything small: 200,000 entries, one round");
  app.add_option("--num", arguments.scale.num,
                 "entries of the set budget; the others follow (5,000,000)");
  app.add_option("--rounds", arguments.rounds,
                 "medians over so many (3; quick: 1); of values, keys and threads two at most, of "
                 "larger one")
      ->check(CLI::Range(1, 100));
  app.add_option("--set", arguments.sets, "which, comma or blank between; all by default")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_option("--engines", arguments.engines, "which: nacre, rocksdb, leveldb, lmdb")
      ->delimiter(',')
      ->check(CLI::IsMember({"nacre", "rocksdb", "leveldb", "lmdb"}));
  app.add_option("--memory-mib", arguments.scale.memory_mib, "memory of each engine")
      ->capture_default_str();
  app.add_option("--dir", arguments.dir, "where the stores are made, and removed afterwards")
      ->take_last()
      ->capture_default_str();
  app.add_option("--json", arguments.json, "writes the result to this file");
  app.add_option("--out", arguments.out, "writes compare.json and compare.md into this folder")
      ->take_last();
}

void write_files(const Arguments& arguments, const Json& head, const Report& report) {
  Json file = head;
  file["notes"] = report.notes();
  file["results"] = report.results();
  if (!arguments.json.empty()) write_json(arguments.json, file);
  if (arguments.out.empty()) return;
  write_json(arguments.out + "/compare.json", file);
  std::ofstream(arguments.out + "/compare.md") << report.page(head);
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("The same work on several engines, each in a process of its own, side by side.");
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  if (arguments.quick && app.count("--num") == 0) arguments.scale.num = 200'000;
  if (arguments.rounds == 0) arguments.rounds = arguments.quick ? 1 : 3;
  if (arguments.scale.num < 10'000) fail("--num is at least 10000");
  if (arguments.sets.empty()) {
    for (const auto& set : set_names()) arguments.sets.push_back(set.first);
  }
  std::filesystem::create_directories(arguments.dir);

  Comparison comparison(arguments);
  comparison.note_load();
  Json head = result_head("compare", command_line(argc, argv), arguments.dir);
  head["settings"] = settings_of(arguments);
  head["limits"] = machine_limits(arguments.dir);
  comparison.run([&] { write_files(arguments, head, comparison.report()); });
  std::fputs(comparison.report().text().c_str(), stdout);
  std::fputs(limits_text(head["limits"]).c_str(), stdout);
  return comparison.failed() ? 1 : 0;
}

}  // namespace

}  // namespace nacre::bench

int main(int argc, char** argv) { return nacre::bench::run(argc, argv); }
