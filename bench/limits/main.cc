// nacre_limits - what this machine can do at best, in half a minute: one table, and JSON.
//
//   nacre_limits --dir /var/tmp --json limits.json
//
// Every figure is a loop of a few lines around one operation. No store can answer a get faster than
// the loads that it needs, nor keep a write in less than one sync of the device: these are the
// lines that the other benchmarks of this folder are to be read against.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "common/machine.h"
#include "limits/limits.h"

namespace nacre::bench {

namespace {

int run(int argc, char** argv) {
  LimitSettings settings;
  settings.dir = std::filesystem::temp_directory_path().string();
  double largest_mib = 2048;
  double file_mib = 1024;
  bool quick = false;
  std::string json_file;
  std::vector<std::string> parts;

  CLI::App app(
      "What this machine can do at best: copies and loads of memory, hand-overs to the kernel,\n"
      "syncs and direct reads and writes of the device. Run it beside nothing else.");
  app.add_option("--dir", settings.dir, "where files are made (and removed): choose the device")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--seconds", settings.seconds, "of each measurement")->capture_default_str();
  app.add_option("--largest-mib", largest_mib, "the largest array of random loads")
      ->capture_default_str();
  app.add_option("--file-mib", file_mib, "the file that is read and written past the cache")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  app.add_flag("--quick", quick, "a few seconds in all: shorter, smaller, less exact");
  app.add_option("--part", parts, "only these: memory, kernel, device")
      ->check(CLI::IsMember({"memory", "kernel", "device"}));
  app.add_option("--json", json_file, "also write the result to this file");
  CLI11_PARSE(app, argc, argv);

  if (quick) {
    settings.seconds = 0.1;
    largest_mib = std::min(largest_mib, 256.0);
    file_mib = std::min(file_mib, 256.0);
  }
  settings.largest = static_cast<std::uint64_t>(largest_mib) << 20;
  settings.file_bytes = static_cast<std::uint64_t>(file_mib) << 20;
  if (parts.empty()) parts = {"memory", "kernel", "device"};

  Json result = result_head("limits", command_line(argc, argv), settings.dir);
  result["settings"] = {{"seconds", settings.seconds}, {"file_mib", file_mib}};
  result["results"] = Json::array();
  const LimitSink sink = [&](const Limit& limit) {
    print_limit(limit);
    result["results"].push_back(to_json(limit));
  };
  print_limit_head();
  for (const std::string& part : parts) {
    if (part == "memory") memory_limits(settings, sink);
    if (part == "kernel") kernel_limits(settings, sink);
    if (part == "device") device_limits(settings, sink);
  }
  if (!json_file.empty()) write_json(json_file, result);
  return 0;
}

}  // namespace

}  // namespace nacre::bench

int main(int argc, char** argv) { return nacre::bench::run(argc, argv); }
