// nacre_scale - what size does to a store: one store that grows from a million entries to many.
//
//   nacre_scale --max 100000000 --json scale.json
//
// The store is filled with new keys in random order. At 1, 2, 5, 10, 20, 50, 100 million entries
// the fill stops, background work settles, and everything is measured again: what the fill since
// the last stop cost, reads that hit and that miss, short and long scans, memory, size on disk,
// bytes written, and how long a close and an open take. Then the fill goes on in the same store.
//
// At the end a store of Nacre gets a long wal, and its process is killed in the middle of a write:
// the time to open it again, per GiB of wal. (crash.h)

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "common/machine.h"
#include "common/process.h"
#include "compare/store.h"
#include "scale/crash.h"
#include "scale/growth.h"

namespace nacre::bench {

namespace {

struct Arguments {
  GrowthSettings growth;
  std::uint64_t wal_mib = 1024;
  std::vector<std::string> engines = {"nacre"};
  std::string dir = "build/data/scale";
  std::string json;
};

struct Column {
  const char* head;
  const char* key;
};
constexpr Column kColumns[] = {
    {"fill us", "fill_us"},           {"cpu us", "fill_cpu_us"},     {"hit us", "hit_us"},
    {"miss us", "miss_us"},           {"seek us", "seek10_us"},      {"scan us", "first_scan_us"},
    {"again us", "scan_us"},          {"peak MiB", "peak_mib"},      {"disk MiB", "disk_mib"},
    {"w-amp", "write_amplification"}, {"settle s", "settle_s"},      {"close ms", "close_ms"},
    {"open ms", "open_ms"},           {"1st get ms", "first_get_ms"}};

void print_table(const Json& results, const Json& crashes) {
  std::printf("%-8s %10s", "engine", "entries");
  for (const Column& column : kColumns) std::printf(" %10s", column.head);
  std::printf("\n");
  for (const auto& row : results) {
    std::printf("%-8s %10llu", row["engine"].get<std::string>().c_str(),
                row["entries"].get<unsigned long long>());
    for (const Column& column : kColumns) std::printf(" %10.5g", row[column.key].get<double>());
    std::printf("\n");
  }
  for (const auto& crash : crashes) {
    std::printf("killed with %.0f MiB of wal, opened again in %.2f s: %.2f s per GiB of wal\n",
                crash["wal_mib"].get<double>(), crash["open_s"].get<double>(),
                crash["open_s_per_gib"].get<double>());
  }
}

int run(int argc, char** argv) {
  Arguments arguments;
  GrowthSettings& growth = arguments.growth;
  CLI::App app(
      "Grows one store from a million entries to many and measures at each step. 100 million "
      "entries "
      "take about half an hour and 20 GiB of disk.");
  app.add_option("--max", growth.max, "entries at the last step")->capture_default_str();
  app.add_option("--engines", arguments.engines, "which, in which order")
      ->delimiter(',')
      ->check(CLI::IsMember({"nacre", "rocksdb", "leveldb", "lmdb"}))
      ->capture_default_str();
  app.add_option("--memory-mib", growth.memory_mib, "memory given to each engine")
      ->capture_default_str();
  app.add_option("--memtable-mib", growth.memtable_mib, "recent writes collected in memory")
      ->capture_default_str();
  app.add_option("--value-bytes", growth.value_bytes, "bytes of a value; keys have 16")
      ->capture_default_str();
  app.add_option("--reads", growth.reads, "gets and seeks of each kind at each step")
      ->capture_default_str();
  app.add_option("--wal-mib", arguments.wal_mib, "wal when the process is killed; 0: no such test")
      ->capture_default_str();
  app.add_option("--dir", arguments.dir, "where the stores are made; each is removed at its end")
      ->take_last()
      ->capture_default_str();
  app.add_option("--json", arguments.json, "also write the result to this file");
  CLI11_PARSE(app, argc, argv);
  if (growth.max == 0 || growth.max > growth_max()) fail("--max is out of its limits");

  Json results = Json::array();
  Json crashes = Json::array();
  for (const std::string& engine : arguments.engines) {
    settle_device();
    growth.dir = arguments.dir + "/" + engine;
    ChildResult child = run_apart([&] { return grow(engine, growth); });
    std::filesystem::remove_all(growth.dir);
    if (!child.ok) fail(engine + " did not finish: " + child.error);
    for (auto& row : child.json) results.push_back(std::move(row));
    if (engine == "nacre" && arguments.wal_mib != 0) {
      crashes.push_back(kill_and_open(growth, arguments.wal_mib << 20));
    }
  }
  print_table(results, crashes);
  std::error_code not_empty;
  std::filesystem::remove(arguments.dir, not_empty);
  if (arguments.json.empty()) return 0;
  Json file = result_head("scale", command_line(argc, argv), arguments.dir);
  file["settings"] = {{"max", growth.max},
                      {"key_bytes", 16},
                      {"value_bytes", growth.value_bytes},
                      {"memory_mib", growth.memory_mib},
                      {"memtable_mib", growth.memtable_mib},
                      {"reads", growth.reads},
                      {"durability", "process"}};
  file["results"] = std::move(results);
  file["crashes"] = std::move(crashes);
  write_json(arguments.json, file);
  return 0;
}

}  // namespace

}  // namespace nacre::bench

int main(int argc, char** argv) { return nacre::bench::run(argc, argv); }
