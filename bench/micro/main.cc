// nacre_micro - every kernel of the library alone, and the limits of the machine beside them.
//
//   nacre_micro                      everything
//   nacre_micro 'filter|index'       kernels whose name has a match of this regular expression
//
// One line per kernel: its name, the nanoseconds of one operation, what one operation is, and what
// else it counted. With several threads the nanoseconds are what one operation takes a thread.
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "common/machine.h"
#include "limits/limits.h"
#include "micro/kernel.h"

namespace nacre::bench {

namespace {

struct Arguments {
  std::string filter;
  std::string json_file;
  std::string dir = std::filesystem::temp_directory_path().string();
  double min_time = 0.1;
  int repetitions = 1;
  bool list = false;
  bool limits = false;
  bool no_limits = false;
};

class Table final : public benchmark::BenchmarkReporter {
 public:
  explicit Table(Json& results) : results_(results) {}

  bool ReportContext(const Context&) override {
    std::printf("%-40s %11s  %s\n", "kernel", "ns", "what one is");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      // Of several repetitions only the median is told.
      if (run.repetitions > 1 && run.aggregate_name != "median") continue;
      report(run);
    }
    std::fflush(stdout);
  }

 private:
  void report(const Run& run) {
    std::string name = run.run_name.function_name;
    if (!run.run_name.args.empty()) name += "/" + run.run_name.args;
    if (run.threads > 1) name += ", " + std::to_string(run.threads) + " threads";
    if (run.error_occurred) {
      std::printf("%-40s %11s  %s\n", name.c_str(), "-", run.error_message.c_str());
      return;
    }
    const auto items = run.counters.find("items_per_second");
    const double ns = items == run.counters.end()
                          ? run.GetAdjustedRealTime()
                          : 1e9 * static_cast<double>(run.threads) / items->second.value;
    std::string more;
    Json counters = Json::object();
    for (const auto& [key, counter] : run.counters) {
      if (key == "items_per_second") continue;
      const bool rate = key == "bytes_per_second";
      char text[64];
      std::snprintf(text, sizeof text, "%s%.4g %s", more.empty() ? "  [" : ", ",
                    rate ? counter.value / 1e9 : counter.value, rate ? "GB/s" : key.c_str());
      more += text;
      counters[key] = counter.value;
    }
    if (!more.empty()) more += "]";
    std::printf("%-40s %11.*f  %s%s\n", name.c_str(), ns < 1000 ? 2 : 0, ns,
                run.report_label.c_str(), more.c_str());
    Json result;
    result["kernel"] = name;
    result["ns"] = ns;
    result["what"] = run.report_label;
    if (!counters.empty()) result["counters"] = counters;
    results_.push_back(result);
  }

  Json& results_;
};

void parse(CLI::App& app, Arguments& arguments) {
  app.add_option("filter", arguments.filter, "a regular expression; default: all kernels");
  app.add_flag("--list", arguments.list, "only name the kernels");
  app.add_option("--min-time", arguments.min_time, "seconds of each kernel, at least")
      ->capture_default_str();
  app.add_option("--repetitions", arguments.repetitions, "of each kernel; the median is told")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--dir", arguments.dir, "where kernels that need a file make it")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_flag("--limits", arguments.limits, "measure the machine too, though there is a filter");
  app.add_flag("--no-limits", arguments.no_limits, "don't measure the machine");
  app.add_option("--json", arguments.json_file, "also write the result to this file");
}

/// Hands the arguments to Google Benchmark in its own words.
void initialize(const Arguments& arguments) {
  std::vector<std::string> words = {
      "nacre_micro", "--benchmark_filter=" + (arguments.filter.empty() ? "." : arguments.filter),
      "--benchmark_min_time=" + std::to_string(arguments.min_time),
      "--benchmark_repetitions=" + std::to_string(arguments.repetitions),
      std::string("--benchmark_list_tests=") + (arguments.list ? "true" : "false")};
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  int count = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  benchmark::Initialize(&count, pointers.data());
}

Json measure_limits(const Arguments& arguments) {
  LimitSettings settings;
  settings.seconds = arguments.min_time;
  settings.dir = arguments.dir;
  settings.largest = std::uint64_t{256} << 20;
  settings.file_bytes = std::uint64_t{256} << 20;
  Json limits = Json::array();
  const LimitSink sink = [&](const Limit& limit) {
    print_limit(limit);
    limits.push_back(to_json(limit));
  };
  std::printf("\nThe limits of this machine (nacre_limits measures them longer):\n");
  print_limit_head();
  memory_limits(settings, sink);
  kernel_limits(settings, sink);
  device_limits(settings, sink);
  return limits;
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Every kernel of the library alone, hot unless its name says otherwise.");
  parse(app, arguments);
  CLI11_PARSE(app, argc, argv);
  initialize(arguments);
  work_dir = arguments.dir;

  Json result = result_head("micro", command_line(argc, argv), arguments.dir);
  result["settings"] = {{"min_time", arguments.min_time}, {"repetitions", arguments.repetitions}};
  result["results"] = Json::array();
  Table table(result["results"]);
  if (benchmark::RunSpecifiedBenchmarks(&table) == 0) return 1;
  if (arguments.list) return 0;
  if (!arguments.no_limits && (arguments.filter.empty() || arguments.limits)) {
    result["limits"] = measure_limits(arguments);
  }
  if (!arguments.json_file.empty()) write_json(arguments.json_file, result);
  return 0;
}

}  // namespace

}  // namespace nacre::bench

int main(int argc, char** argv) { return nacre::bench::run(argc, argv); }
