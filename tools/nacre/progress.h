// progress.h - one line on a terminal that says how far a long piece of work has come.
//
//   loading  12.3 MiB of 45.0 MiB (27 %)  101.2 MiB/s  3 s left
//
// Shown on standard error, and only when that is a terminal: programs and log files never see it.
//
// THREADS  one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::tool {

/// The line above. Without `total` it ends after the rate.
std::string progress_text(std::string_view verb, std::uint64_t done,
                          std::optional<std::uint64_t> total, double seconds);

class Progress {
 public:
  explicit Progress(std::string verb);
  /// Takes the line away again.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Cheap to call often: draws at most ten times a second.
  void update(std::uint64_t done, std::optional<std::uint64_t> total);
  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  const std::string verb_;
  const bool shown_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_ = start_;
};

}  // namespace nacre::tool
