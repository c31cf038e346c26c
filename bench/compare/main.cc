// nacre_compare - the same work on several engines, each in a process of its own, side by side.
//
//   nacre_compare --num 20000000 --dir /tmp/compare
//
// Every engine gets the same keys, values, memory and durability (a log that is handed to the
// kernel and not synced). For each piece of work it prints the wall time of one operation, the
// processor time of the whole process (background work included) for one operation, and what it
// left behind.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "compare/store.h"

namespace nacre::bench {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "nacre_compare: %s\n", what.c_str());
  std::_Exit(1);
}

namespace {

struct Arguments {
  std::uint64_t num = 1'000'000;
  std::uint64_t reads = 0;  // 0: num
  std::size_t value_bytes = 100;
  std::uint64_t memory_mib = 4096;
  std::string dir = "/tmp/nacre_compare";
  std::vector<std::string> engines = {"nacre", "rocksdb"};
  bool direct = false;
  bool json = false;
};

using Opener = std::unique_ptr<Store> (*)(const StoreSettings&);
const std::map<std::string, Opener> kOpeners = {{"nacre", open_nacre}, {"rocksdb", open_rocksdb}};

/// Sixteen decimal digits; the i-th of a random order in which each of `num` comes once.
class Keys {
 public:
  explicit Keys(std::uint64_t num) : num_(num) {
    while (bound_ < num_) bound_ <<= 1;
  }
  std::string_view random(std::uint64_t i) {
    // A full-period generator over a power of two, values beyond num passed over: no table of a
    // permutation is needed, and no key comes twice.
    if (i == 0) state_ = 12345 & (bound_ - 1);
    do {
      state_ = (state_ * 5 + 0x9E3779B97F4A7C15ULL) & (bound_ - 1);
    } while (scramble(state_) >= num_);
    return text(scramble(state_));
  }
  std::string_view text(std::uint64_t n) {
    std::snprintf(buffer_, sizeof buffer_, "%016llu", static_cast<unsigned long long>(n));
    return {buffer_, 16};
  }

 private:
  /// A bijection on [0, bound): odd multiplication and xor with a shift, twice.
  std::uint64_t scramble(std::uint64_t x) const {
    const std::uint64_t mask = bound_ - 1;
    const int shift = static_cast<int>(std::bit_width(mask) / 2) + 1;
    x = (x * 0xD6E8FEB86659FD93ULL) & mask;
    x ^= x >> shift;
    x = (x * 0xA0761D6478BD642FULL) & mask;
    return x ^ (x >> shift);
  }

  const std::uint64_t num_;
  std::uint64_t bound_ = 1;
  std::uint64_t state_ = 0;
  char buffer_[24];
};

/// Values of which LZ4 saves about half: the first half random, the rest a run.
class Values {
 public:
  explicit Values(std::size_t bytes) : bytes_(bytes) {
    Random random(7);
    pool_.resize(1 << 20);
    for (char& byte : pool_) byte = static_cast<char>(random.next());
    value_.assign(bytes, 'a');
  }
  std::string_view next() {
    const std::size_t half = bytes_ / 2;
    at_ = at_ + half > pool_.size() - half ? 0 : at_ + half;
    pool_.copy(value_.data(), half, at_);
    return value_;
  }

 private:
  const std::size_t bytes_;
  std::size_t at_ = 0;
  std::string pool_;
  std::string value_;
};

struct Row {
  std::string work;
  double wall_us = 0;  // per operation; for "once" work: the whole, in seconds
  double cpu_us = 0;
};

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// A number of this process from the kernel: "write_bytes" of io, "VmHWM" of status.
double process_number(const char* file, const std::string& name) {
  std::ifstream in(std::string("/proc/self/") + file);
  for (std::string word; in >> word;) {
    double value = 0;
    if (word == name + ":" && in >> value) return value;
  }
  return 0;
}

double directory_mib(const std::string& dir) {
  double bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    bytes += static_cast<double>(entry.file_size());
  }
  return bytes / (1 << 20);
}

class Run {
 public:
  Run(const Arguments& arguments, const std::string& engine)
      : arguments_(arguments),
        engine_(engine),
        settings_{.dir = arguments.dir + "/" + engine,
                  .memory_bytes = arguments.memory_mib << 20,
                  .direct_reads = arguments.direct},
        keys_(arguments.num) {}

  nlohmann::json all() {
    std::filesystem::remove_all(settings_.dir);
    std::filesystem::create_directories(arguments_.dir);
    open();
    fill();
    const std::uint64_t reads = arguments_.reads == 0 ? arguments_.num : arguments_.reads;
    point_reads("read random", reads, "");
    point_reads("read random again", reads, "");
    point_reads("read missing", reads, "x");
    seeks("seek + 10 next", reads / 5, 10);
    seeks("seek + 1", reads / 5, 1);
    time_each("scan, per entry", arguments_.num, [&] { count(store_->scan(false)); });
    time_each("reverse scan, per entry", arguments_.num, [&] { count(store_->scan(true)); });
    time_once("verify, s", [&] { store_->verify(); });
    time_once("close, s", [&] { store_.reset(); });
    time_once("reopen, s", [&] { open(); });
    store_.reset();
    result_["size MiB"] = directory_mib(settings_.dir);
    result_["peak memory MiB"] = process_number("status", "VmHWM") / 1024;
    return result_;
  }

 private:
  void open() { store_ = kOpeners.at(engine_)(settings_); }

  void fill() {
    Values values(arguments_.value_bytes);
    const double written = process_number("io", "write_bytes");
    time_each("fill random", arguments_.num, [&] {
      for (std::uint64_t i = 0; i < arguments_.num; ++i) {
        store_->put(keys_.random(i), values.next());
      }
    });
    time_each("fill random, then settle", arguments_.num, [&] { store_->settle(); });
    // The second row is the whole: filling and settling.
    for (auto& part : result_["fill random, then settle"].items()) {
      part.value() = part.value().get<double>() + result_["fill random"][part.key()].get<double>();
    }
    result_["written MiB"] = (process_number("io", "write_bytes") - written) / (1 << 20);
    const double user = static_cast<double>(arguments_.num) *
                        static_cast<double>(16 + arguments_.value_bytes) / (1 << 20);
    result_["write amplification"] = result_["written MiB"].get<double>() / user;
  }

  void point_reads(const char* work, std::uint64_t reads, const std::string& suffix) {
    Random random(99);
    std::string value;
    std::uint64_t found = 0;
    std::string key;
    time_each(work, reads, [&] {
      for (std::uint64_t i = 0; i < reads; ++i) {
        key.assign(keys_.text(random.below(arguments_.num)));
        key += suffix;
        found += store_->get(key, value) ? 1 : 0;
      }
    });
    if (found != (suffix.empty() ? reads : 0)) {
      fail(engine_ + ": " + work + " found " + std::to_string(found) + " of " +
           std::to_string(reads));
    }
  }

  void seeks(const char* work, std::uint64_t times, int entries) {
    Random random(98);
    std::uint64_t bytes = 0;
    time_each(work, times, [&] {
      for (std::uint64_t i = 0; i < times; ++i) {
        bytes += store_->seek(keys_.text(random.below(arguments_.num)), entries);
      }
    });
    if (bytes == 0) fail(engine_ + ": seeks saw nothing");
  }

  void count(std::uint64_t entries) {
    if (entries != arguments_.num) {
      fail(engine_ + ": a scan saw " + std::to_string(entries) + " of " +
           std::to_string(arguments_.num) + " entries");
    }
  }

  void time_each(const std::string& work, std::uint64_t operations,
                 const std::function<void()>& body) {
    const double cpu = cpu_seconds();
    const double start = seconds_now();
    body();
    const double scale = 1e6 / static_cast<double>(operations);
    result_[work] = {{"wall us", (seconds_now() - start) * scale},
                     {"cpu us", (cpu_seconds() - cpu) * scale}};
    std::fprintf(stderr, "%-8s %-26s %8.3f us\n", engine_.c_str(), work.c_str(),
                 result_[work]["wall us"].get<double>());
  }
  void time_once(const std::string& work, const std::function<void()>& body) {
    const double start = seconds_now();
    body();
    result_[work] = seconds_now() - start;
  }

  const Arguments& arguments_;
  const std::string engine_;
  const StoreSettings settings_;
  Keys keys_;
  std::unique_ptr<Store> store_;
  nlohmann::json result_;
};

/// Runs one engine in a process of its own: its memory and its processor time are then its own.
nlohmann::json run_apart(const Arguments& arguments, const std::string& engine) {
  int ends[2];
  if (pipe(ends) != 0) fail("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    const std::string text = Run(arguments, engine).all().dump();
    if (write(ends[1], text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(1);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) fail(engine + " did not finish");
  return nlohmann::json::parse(text);
}

double figure(const nlohmann::json& entry) {
  return entry.is_object() ? entry["wall us"].get<double>() : entry.get<double>();
}

void print_table(const Arguments& arguments, const std::map<std::string, nlohmann::json>& results) {
  std::printf("%-26s", "work");
  for (const std::string& engine : arguments.engines)
    std::printf(" %10s %8s", engine.c_str(), "cpu");
  std::printf("   ratio\n");
  const std::string& first = arguments.engines.front();
  for (const auto& item : results.at(first).items()) {
    std::printf("%-26s", item.key().c_str());
    for (const std::string& engine : arguments.engines) {
      const nlohmann::json& entry = results.at(engine).at(item.key());
      std::printf(" %10.3f", figure(entry));
      if (entry.is_object()) {
        std::printf(" %8.3f", entry["cpu us"].get<double>());
      } else {
        std::printf(" %8s", "");
      }
    }
    for (std::size_t i = 1; i < arguments.engines.size(); ++i) {
      const double own = figure(item.value());
      if (own > 0) {
        std::printf(" %7.2f", figure(results.at(arguments.engines[i]).at(item.key())) / own);
      }
    }
    std::printf("\n");
  }
  std::printf("Times in us per operation unless said otherwise. ratio: the other engine by %s.\n",
              first.c_str());
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("The same work on several engines, each in a process of its own.");
  app.add_option("--num", arguments.num, "entries, filled in random order")->capture_default_str();
  app.add_option("--reads", arguments.reads, "point reads of each kind; 0: as many as entries");
  app.add_option("--value-bytes", arguments.value_bytes, "bytes of a value; keys have 16")
      ->capture_default_str();
  app.add_option("--memory-mib", arguments.memory_mib, "memory given to each engine")
      ->capture_default_str();
  app.add_option("--dir", arguments.dir, "where the stores are made (and left)")
      ->capture_default_str();
  app.add_option("--engines", arguments.engines, "which, in which order: nacre rocksdb")
      ->check(CLI::IsMember({"nacre", "rocksdb"}));
  app.add_flag("--direct", arguments.direct, "read tables past the page cache, on every engine");
  app.add_flag("--json", arguments.json, "print one JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);

  std::map<std::string, nlohmann::json> results;
  for (const std::string& engine : arguments.engines)
    results[engine] = run_apart(arguments, engine);
  if (arguments.json) {
    std::printf("%s\n", nlohmann::json(results).dump(2).c_str());
  } else {
    print_table(arguments, results);
  }
  return 0;
}

}  // namespace

}  // namespace nacre::bench

int main(int argc, char** argv) { return nacre::bench::run(argc, argv); }
