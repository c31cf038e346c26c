// recorder.h - what every second of a long run looked like, from the time of every single put.
//
// A writer keeps one mark: a put took from the end of the one before it to its own end, which
// includes the making of the next key (some 30 ns) and misses nothing, not even a processor that
// was taken away in between. Each put goes into the histogram of its second; there are two, for
// even and odd seconds, so that a collector can read and clear one while the other is filled.
//
//   Recorder recorder(threads, seconds);
//   writers:   Lap lap(recorder, thread); while (lap.going()) { store.put(...); lap.put(); }
//   collector: recorder.collect();          // returns when the time is over
//
// THREADS  one Lap per writer, one collector.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "common/machine.h"
#include "steady/ticks.h"

namespace nacre::bench {

class Recorder {
 public:
  static constexpr std::uint64_t kPauseNanos = 10'000'000;
  static constexpr std::uint64_t kLongPauseNanos = 50'000'000;

  Recorder(std::size_t threads, std::uint64_t seconds);

  /// Starts the clock; call it before the first Lap is made.
  void start();
  /// Waits for the end of each second and writes its row; returns after the last.
  void collect(Progress& progress, const std::string& name);

  /// {"put": [...], "p50_us": [...], ...}: one number per second in each.
  const Json& series() const { return series_; }
  /// Percentiles of the whole run, its longest put, and how many took longer than a limit.
  Json summary() const;
  std::uint64_t puts() const { return total_.count(); }

 private:
  friend class Lap;
  // A writer's own; on lines of its own.
  struct alignas(128) Writer {
    std::array<Histogram, 2> second;
    std::atomic<std::uint64_t> pauses{0};
    std::atomic<std::uint64_t> long_pauses{0};
  };

  /// Adds a row, and clears the histograms for the second after the next.
  void close_second(std::uint64_t second);

  const std::uint64_t seconds_;
  const Ticks ticks_;
  std::uint64_t begin_ = 0;  // ticks
  std::chrono::steady_clock::time_point begin_time_;
  std::vector<std::unique_ptr<Writer>> writers_;
  Histogram total_;
  Json series_;
};

/// The clock of one writer.
class Lap {
 public:
  Lap(Recorder& recorder, std::size_t thread)
      : recorder_(recorder),
        writer_(*recorder.writers_[thread]),
        second_ends_(recorder.begin_ + recorder.ticks_.per_second()),
        last_(Ticks::now()) {}

  bool going() const { return second_ < recorder_.seconds_; }
  /// A put has ended.
  void put() {
    const std::uint64_t now = Ticks::now();
    while (now >= second_ends_) {
      ++second_;
      second_ends_ += recorder_.ticks_.per_second();
    }
    const std::uint64_t nanos =
        recorder_.ticks_.nanos(now > last_ ? now - last_ : 0);  // cores may differ by some ticks
    last_ = now;
    writer_.second[second_ & 1].record(nanos);
    if (nanos > Recorder::kPauseNanos) [[unlikely]] {
      writer_.pauses.fetch_add(1, std::memory_order_relaxed);
      writer_.long_pauses.fetch_add(nanos > Recorder::kLongPauseNanos, std::memory_order_relaxed);
    }
  }

 private:
  Recorder& recorder_;
  Recorder::Writer& writer_;
  std::uint64_t second_ = 0;
  std::uint64_t second_ends_;
  std::uint64_t last_;
};

}  // namespace nacre::bench
