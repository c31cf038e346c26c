// nacre_idle - what a database costs that nobody uses: many of them open in one process.
//
//   nacre_idle --stores 1000
//
// Opens the stores with the options that a user gets who sets none, puts a few entries into each,
// waits until no work is due, and then reads from the system what the process holds: once with the
// entries in memory, once after they were flushed into tables, once after all were closed and
// opened again. Each figure is divided by the number of stores.
//
//   resident   pages of the process in memory, those of mapped files included
//   private    pages that only this process has and that were written: what would be gained by
//              closing the store
//   malloc     bytes asked of malloc and not given back
//   charged    what the stores themselves count against their memory budget
//   tables     page tables of the kernel for the process's addresses
//   files      open: the lock, the manifest, the wal, and one for each table
//   kernel     memory of the kernel for descriptors, inodes and the like is not in any of these
//
// What stays resident once all are closed is mostly what malloc keeps for who asks next: opening
// the stores again takes it from there.

#include <malloc.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/machine.h"
#include "nacre/db.h"
#include "nacre/runtime.h"

namespace nacre::bench {

namespace {

struct Arguments {
  std::size_t stores = 1000;
  int entries = 10;
  std::string dir = "/tmp/nacre_idle";
  std::string json;
};

constexpr double kBudgetKib = 256;

[[noreturn]] void stop(const std::string& what) {
  std::fprintf(stderr, "nacre_idle: %s\n", what.c_str());
  std::_Exit(1);
}

void need(const Status& status) {
  if (!status.ok()) stop(status.to_string());
}

/// The sum of the lines "name:  123 kB" of a file of /proc.
double kib_in(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    double kib = 0;
    if (word == name && in >> kib) return kib;
  }
  return 0;
}

/// What the process holds at one moment; sizes in KiB.
struct Holding {
  double resident = 0;
  double private_dirty = 0;
  double file_pages = 0;
  double heap = 0;
  double charged = 0;
  double page_tables = 0;
  double locked = 0;
  double threads = 0;
  double files = 0;

  static Holding now() {
    Holding holding;
    holding.resident = kib_in("/proc/self/status", "VmRSS:");
    holding.file_pages =
        kib_in("/proc/self/status", "RssFile:") + kib_in("/proc/self/status", "RssShmem:");
    holding.private_dirty = kib_in("/proc/self/smaps_rollup", "Private_Dirty:");
    holding.page_tables = kib_in("/proc/self/status", "VmPTE:");
    holding.locked = kib_in("/proc/self/status", "VmLck:");
    holding.threads = kib_in("/proc/self/status", "Threads:");
    const auto heap = ::mallinfo2();
    holding.heap = static_cast<double>(heap.uordblks + heap.hblkhd) / 1024;
    holding.charged = static_cast<double>(Runtime::shared()->memory_used()) / 1024;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator("/proc/self/fd")) {
      holding.files += 1;
    }
    return holding;
  }
};

class Idle {
 public:
  explicit Idle(const Arguments& arguments) : arguments_(arguments) {
    std::filesystem::remove_all(arguments_.dir);
    std::filesystem::create_directories(arguments_.dir);
    // The budget, the pages and the threads that all stores share are there before we count.
    Db first = open(arguments_.dir + "/first");
    need(first.put("key", "value"));
    need(first.flush());
    need(first.wait_idle());
    need(first.close());
    before_ = Holding::now();
  }
  ~Idle() { std::filesystem::remove_all(arguments_.dir); }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;

  Json run() {
    open_all();
    row("opened, empty");
    for (Db& db : stores_) {
      for (int i = 0; i < arguments_.entries; ++i) {
        need(db.put("key/" + std::to_string(i), std::string(100, 'v')));
      }
    }
    settle();
    row("a few entries in memory");
    for (Db& db : stores_) need(db.flush());
    settle();
    row("flushed into a table");
    for (Db& db : stores_) {
      for (int i = 0; i < arguments_.entries; ++i)
        need(db.get("key/" + std::to_string(i)).status());
    }
    row("every entry read once");
    for (Db& db : stores_) need(db.close());
    stores_.clear();
    row("all closed");
    open_all();
    settle();
    row("opened again");
    return rows_;
  }

 private:
  static Db open(const std::string& path) {
    auto db = Db::open(path);
    need(db.status());
    return std::move(*db);
  }
  void open_all() {
    for (std::size_t i = 0; i < arguments_.stores; ++i) {
      stores_.push_back(open(arguments_.dir + "/" + std::to_string(i)));
    }
  }
  void settle() {
    for (Db& db : stores_) need(db.wait_idle());
  }
  void row(const char* state) {
    const Holding now = Holding::now();
    const double share = 1 / static_cast<double>(arguments_.stores);
    rows_.push_back({{"state", state},
                     {"resident_kib", (now.resident - before_.resident) * share},
                     {"private_kib", (now.private_dirty - before_.private_dirty) * share},
                     {"file_pages_kib", (now.file_pages - before_.file_pages) * share},
                     {"malloc_kib", (now.heap - before_.heap) * share},
                     {"charged_kib", (now.charged - before_.charged) * share},
                     {"page_tables_kib", (now.page_tables - before_.page_tables) * share},
                     {"locked_kib", (now.locked - before_.locked) * share},
                     {"files", (now.files - before_.files) * share},
                     {"threads_of_process", now.threads}});
  }

  const Arguments& arguments_;
  Holding before_;
  std::vector<Db> stores_;
  Json rows_ = Json::array();
};

/// A store has a handful of open files; common limits are for programs with a handful in all.
void raise_file_limit(std::size_t stores) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  constexpr std::size_t kFilesPerStore = 6;
  if (files.rlim_cur < stores * kFilesPerStore) {
    stop("this process may open " + std::to_string(files.rlim_cur) + " files, and " +
         std::to_string(stores) + " stores need about " + std::to_string(stores * kFilesPerStore) +
         ": raise the limit (ulimit -n) or open fewer (--stores)");
  }
}

/// Returns whether the budget is met in every state with open stores.
bool print_table(const Json& rows, std::size_t stores) {
  std::printf("%-24s %9s %9s %9s %9s %9s %9s %7s %8s\n", "KiB for each store", "resident",
              "private", "of files", "malloc", "charged", "tables", "files", "threads");
  bool met = true;
  for (const auto& row : rows) {
    std::printf("%-24s", row["state"].get<std::string>().c_str());
    for (const char* key : {"resident_kib", "private_kib", "file_pages_kib", "malloc_kib",
                            "charged_kib", "page_tables_kib"}) {
      std::printf(" %9.1f", row[key].get<double>());
    }
    std::printf(" %7.2f %8.0f\n", row["files"].get<double>(),
                row["threads_of_process"].get<double>());
    met = met && row["resident_kib"].get<double>() < kBudgetKib &&
          row["threads_of_process"].get<double>() < static_cast<double>(stores);
  }
  std::printf(
      "%zu stores; threads are those of the whole process. Budget: below %.0f KiB resident "
      "each, and no thread each: %s.\n",
      stores, kBudgetKib, met ? "met" : "NOT met");
  return met;
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Memory, threads and files of many idle stores in one process, per store. Ends with 1 when "
      "a store costs more than the budget of 256 KiB, or a thread.");
  app.add_option("--stores", arguments.stores, "how many are open at once")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--entries", arguments.entries, "put into each, with values of 100 bytes")
      ->capture_default_str();
  app.add_option("--dir", arguments.dir, "where the stores are made; emptied before and after")
      ->take_last()
      ->capture_default_str();
  app.add_option("--json", arguments.json, "also write the result to this file");
  CLI11_PARSE(app, argc, argv);

  raise_file_limit(arguments.stores);
  const Json rows = Idle(arguments).run();
  const bool met = print_table(rows, arguments.stores);
  if (!arguments.json.empty()) {
    Json result = result_head("idle", command_line(argc, argv), arguments.dir);
    result["settings"] = {{"stores", arguments.stores}, {"entries", arguments.entries}};
    result["results"] = rows;
    write_json(arguments.json, result);
  }
  return met ? 0 : 1;
}

}  // namespace

}  // namespace nacre::bench

int main(int argc, char** argv) { return nacre::bench::run(argc, argv); }
