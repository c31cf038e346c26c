// nacre_approaches - why a log-structured merge-tree at all: simple ways to keep data in files and
// two engines, on the same random writes and reads, as the data outgrows the memory.
//
//   nacre_approaches --memory-mib 256 --json approaches.json
//
// Each point (one way, one size of data) is a process of its own, under a limit on its memory that
// counts the page cache. It loads the data in the order of the keys (that is not measured), then
// overwrites random keys for some seconds and waits until everything is on stable storage and no
// work is left; then it gets random keys for some seconds. The cost of a put is all of that time
// divided by the puts: work that is put off is not got rid of.
//
// JSON: besides the head that all results have, "settings" {memory_mib, seconds, ...} and
// "results", a list of points {approach, title, kept, size_mib, size_of_memory, entries, puts,
// put_us, put_cpu_us, gets, get_us, get_cpu_us, written_per_byte, read_per_put, read_per_get,
// space, load_s, peak_mib}; a point that could not be measured has "stopped": why.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "approaches/approach.h"
#include "approaches/report.h"
#include "base/random.h"
#include "common/machine.h"
#include "common/process.h"
#include "compare/store.h"

namespace nacre::bench {

namespace {

struct Arguments {
  std::uint64_t memory_mib = 256;
  std::uint64_t max_mib = 0;  // 0: four times the memory
  double seconds = 3;
  unsigned cap_seconds = 60;
  bool quick = false;
  std::string dir = (std::filesystem::temp_directory_path() / "nacre_approaches").string();
  std::vector<std::string> approaches;
  std::string json_file;
  std::string page_file;
};

struct Costs {
  std::uint64_t count = 0;
  ProcessUse use;
  double us() const { return use.wall / static_cast<double>(count) * 1e6; }
  double cpu_us() const { return use.cpu / static_cast<double>(count) * 1e6; }
};

/// Calls step() until the seconds are over, and finish() then; `stride` steps are one unit.
Costs measure(double seconds, std::uint64_t stride, const std::function<void()>& step,
              const std::function<void()>& finish) {
  Costs costs;
  const ProcessUse before = process_use();
  do {
    for (std::uint64_t i = 0; i < stride; ++i) step();
    costs.count += stride;
  } while (wall_seconds() - before.wall < seconds);
  finish();
  costs.use = process_use() - before;
  return costs;
}

/// One point, in a process of its own.
Json run_point(const ApproachKind& kind, const ApproachSettings& settings,
               const Arguments& arguments) {
  alarm(arguments.cap_seconds);
  const double start = wall_seconds();
  const std::unique_ptr<Approach> approach = kind.make(settings);
  Json point;
  if (const std::string why = approach->load(); !why.empty()) {
    point["stopped"] = why;
    return point;
  }
  point["load_s"] = wall_seconds() - start;

  Random random(17);
  Keys keys(KeyKind::kDecimal);
  Values values(kValueBytes);
  std::uint64_t version = 0;
  const Costs puts = measure(
      arguments.seconds, approach->stride(),
      [&] {
        const std::uint64_t i = random.below(settings.entries);
        approach->put(keys.text(i), values.of(i, ++version));
      },
      [&] { approach->settle(); });

  std::string value;
  const auto get = [&] {
    if (!approach->get(keys.text(random.below(settings.entries)), value)) fail("a key is lost");
  };
  measure(arguments.seconds / 3, 1, get, [] {});
  const Costs gets = measure(arguments.seconds, 1, get, [] {});

  const auto put_bytes = static_cast<double>(puts.count * kEntryBytes);
  point["puts"] = puts.count;
  point["put_us"] = puts.us();
  point["put_cpu_us"] = puts.cpu_us();
  point["gets"] = gets.count;
  point["get_us"] = gets.us();
  point["get_cpu_us"] = gets.cpu_us();
  point["written_per_byte"] = puts.use.bytes_written / put_bytes;
  point["read_per_put"] = puts.use.bytes_read / static_cast<double>(puts.count);
  point["read_per_get"] = gets.use.bytes_read / static_cast<double>(gets.count);
  point["space"] = static_cast<double>(directory_bytes(settings.dir)) /
                   static_cast<double>(settings.entries * kEntryBytes);
  return point;
}

std::string stop_reason(const std::string& error, const Arguments& arguments) {
  if (error == "ended by signal 14") {
    return "not done after " + std::to_string(arguments.cap_seconds) + " s";
  }
  if (error == "ended by signal 9") return "the system ended it: out of memory";
  return error;
}

Json one_point(const ApproachKind& kind, std::uint64_t size_mib, const Arguments& arguments) {
  ApproachSettings settings;
  settings.dir = arguments.dir + "/nacre_approaches." + kind.name;
  settings.memory_bytes = arguments.memory_mib << 20;
  settings.entries = (size_mib << 20) / kEntryBytes;
  std::filesystem::remove_all(settings.dir);
  std::filesystem::create_directories(settings.dir);
  settle_device();

  Json point;
  point["approach"] = kind.name;
  point["title"] = kind.title;
  point["kept"] = kind.kept;
  point["size_mib"] = size_mib;
  point["size_of_memory"] =
      static_cast<double>(size_mib) / static_cast<double>(arguments.memory_mib);
  point["entries"] = settings.entries;
  {
    const MemoryLimit limit(arguments.memory_mib);
    if (!limit.works()) fail("no limit on memory: " + limit.why_not());
    const ChildResult child =
        run_apart([&] { return run_point(kind, settings, arguments); }, &limit);
    if (child.ok) {
      point.update(child.json);
    } else {
      point["stopped"] = stop_reason(child.error, arguments);
    }
    point["peak_mib"] = static_cast<double>(limit.peak_bytes()) / (1 << 20);
    std::filesystem::remove_all(settings.dir);  // its pages go with it, and so does the group
  }
  return point;
}

std::vector<std::uint64_t> sizes(const Arguments& arguments) {
  std::vector<std::uint64_t> sizes;
  // In eighths of the memory.
  for (const std::uint64_t eighths : {1, 2, 4, 8, 16, 32}) {
    if (arguments.quick && (eighths == 2 || eighths == 16)) continue;
    const std::uint64_t mib = arguments.memory_mib * eighths / 8;
    if (mib > 0 && (arguments.max_mib == 0 || mib <= arguments.max_mib)) sizes.push_back(mib);
  }
  return sizes;
}

Json run_all(const Arguments& arguments, const std::string& command) {
  std::filesystem::create_directories(arguments.dir);
  Json result = result_head("approaches", command, arguments.dir);
  result["settings"] = {{"memory_mib", arguments.memory_mib},
                        {"seconds", arguments.seconds},
                        {"cap_seconds", arguments.cap_seconds},
                        {"key_bytes", kKeyBytes},
                        {"value_bytes", kValueBytes}};
  result["results"] = Json::array();
  Progress progress;
  for (const ApproachKind& kind : approach_kinds()) {
    const auto& wanted = arguments.approaches;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), kind.name) == wanted.end()) {
      continue;
    }
    for (const std::uint64_t size_mib : sizes(arguments)) {
      progress.show(std::string(kind.title) + ", " + std::to_string(size_mib) + " MiB");
      result["results"].push_back(one_point(kind, size_mib, arguments));
    }
  }
  return result;
}

int run(int argc, char** argv) {
  Arguments arguments;
  std::vector<std::string> names;
  for (const ApproachKind& kind : approach_kinds()) names.emplace_back(kind.name);

  CLI::App app(
      "Why a log-structured merge-tree: simple ways to keep data in files, a B-tree in place and\n"
      "Nacre, on the same random writes and reads, as the data outgrows the memory given.\n"
      "Needs the right to make a control group. About 8 minutes; --quick: under one.");
  app.add_option("--memory-mib", arguments.memory_mib, "limit on each process, page cache included")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  app.add_option("--max-mib", arguments.max_mib, "the most data; default: four times the memory");
  app.add_option("--seconds", arguments.seconds, "of puts, and of gets, at each point")
      ->capture_default_str();
  app.add_option("--cap-seconds", arguments.cap_seconds, "a point that takes longer is given up")
      ->capture_default_str();
  app.add_option("--approaches", arguments.approaches, "only these")->check(CLI::IsMember(names));
  app.add_option("--dir", arguments.dir, "where the files are made; removed afterwards")
      ->capture_default_str();
  app.add_flag("--quick", arguments.quick, "128 MiB, four sizes, 0.4 seconds: to see it run");
  app.add_option("--json", arguments.json_file, "also write the result to this file");
  app.add_option("--markdown", arguments.page_file, "also write the tables to this page");
  CLI11_PARSE(app, argc, argv);
  if (arguments.quick) {
    if (app.count("--memory-mib") == 0) arguments.memory_mib = 128;
    if (app.count("--seconds") == 0) arguments.seconds = 0.4;
    if (app.count("--cap-seconds") == 0) arguments.cap_seconds = 15;
  }

  const Json result = run_all(arguments, command_line(argc, argv));
  std::fputs(approaches_table(result).c_str(), stdout);
  if (!arguments.json_file.empty()) write_json(arguments.json_file, result);
  if (!arguments.page_file.empty()) {
    std::ofstream page(arguments.page_file);
    page << approaches_page(result);
    page.close();
    if (!page) fail("can't write " + arguments.page_file);
  }
  std::error_code error;
  std::filesystem::remove(arguments.dir, error);
  return 0;
}

}  // namespace

}  // namespace nacre::bench

int main(int argc, char** argv) { return nacre::bench::run(argc, argv); }
