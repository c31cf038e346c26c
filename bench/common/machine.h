// machine.h - where a benchmark ran, with what, and how it is told: the head of every result file.
//
//   nlohmann::json result = result_head("compare", command_line(argc, argv), dir);
//   result["settings"] = ...; result["results"] = ...;
//   write_json(file, result);
//
// THREADS  Progress: any number; the rest: one at a time.
#pragma once

#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

namespace nacre::bench {

/// Keeps the order in which members were added: a result file is read by people too.
using Json = nlohmann::ordered_json;

/// {cpu, cores, memory_gib, kernel, device}; `device` is what `dir` (or the nearest parent that
/// exists) lies on.
nlohmann::json machine_facts(const std::string& dir = ".");

/// {"nacre": "0.1.0", "rocksdb": "7.8.3", ...}: those that this program was compiled with.
nlohmann::json engine_versions();

/// The name of the program without its path, and its arguments.
std::string command_line(int argc, const char* const* argv);

/// The time now, "2026-01-31T12:00:00Z".
std::string iso_date();

/// What every result file begins with: benchmark, command, date, machine, engines.
Json result_head(const std::string& benchmark, const std::string& command, const std::string& dir);

/// Writes the text of `json` to `file`, making its folder. Ends the program when that fails.
void write_json(const std::string& file, const Json& json);

/// One line that tells how far the work is, rewritten in place; nothing when standard error is no
/// terminal. A line is shown at most ten times a second.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const std::string& line);
  /// Takes the line away, so that other output may follow.
  void clear();

 private:
  const bool terminal_;
  std::mutex mutex_;  // guards what follows
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace nacre::bench
