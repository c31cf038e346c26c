// measure.h - times a piece of work and keeps it as a row of the result.
//
//   Measure measure("rocksdb");
//   Json& row = measure.time({.work = "read random", .operations = n}, [&](Latency& latency) {
//     for (std::uint64_t i = 0; i < n && !latency.late(); ++i) {
//       latency.begin(); ... latency.end();
//     }
//   });
//   measure.figure("size on disk", "MiB", 327);
//
// A row of timed work, as it stands in the result files:
//   {"work": "read random", "unit": "us", "better": "lower",
//    "value": wall time of one operation, "cpu_us": processor time of the whole process for one,
//    "p50_us", "p99_us", "p999_us", "max_us", "sampled_every": 16,       see common/latency.h
//    "operations": done, "finished": false when the time was up before,
//    "written_mib", "read_mib": to and from the device,
//    "peak_mib": most memory resident during it, "disk_mib": size of the store after it}
// One that settles has "settle_s", how long that took, and its percentiles in the row it adds to;
// one that is a single call, as a scan is, has none.
// A figure has work, unit, better and value.
//
// THREADS  one at a time; time_threads() starts those it needs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/latency.h"
#include "common/process.h"
#include "compare/store.h"

namespace nacre::bench {

struct Work {
  std::string work;
  std::uint64_t operations = 0;
  Latency::Timing timing = Latency::kSampled;
  double seconds_at_most = 180;  // what takes longer is cut, and says so
  /// How many of what the row counts one begin()/end() is: 32 for keys of a multi-get.
  std::uint64_t per_call = 1;
  /// The time that is up is the end meant: a rate is asked for, and no row is cut.
  bool until_late = false;
};

class Measure {
 public:
  /// `dir` is where the store lies.
  Measure(std::string engine, std::string dir) : engine_(std::move(engine)), dir_(std::move(dir)) {}

  /// Every row made from now on has this behind its name.
  void set_suffix(std::string suffix) { suffix_ = std::move(suffix); }

  Json& time(const Work& work, const std::function<void(Latency&)>& body);
  /// The body runs in `threads` threads, told which it is. A row's time of one operation is the
  /// time that passed by the operations of all.
  Json& time_threads(const Work& work, int threads, const std::function<void(int, Latency&)>& body);
  /// A row with the wall and processor time of settling `store` added to those of `row`, per
  /// operation of it.
  Json& settle_after(const Json& row, const std::string& work, Store& store);
  Json& figure(const std::string& work, const std::string& unit, double value,
               const std::string& better = "lower");

  /// Takes the last row away: what was done only to warm up is no result.
  void drop_last() { rows_.erase(rows_.size() - 1); }

  const Json& rows() const { return rows_; }
  /// The most memory that was resident until now.
  double peak_mib();

 private:
  Json& add(const std::string& work, const std::string& unit, double value);
  Json& timed(const Work& work, const Latency& latency, const ProcessUse& used);
  /// What a row begins with: a new peak of memory, and what was used before it.
  ProcessUse start();
  void note_space(Json& row);

  const std::string engine_;
  const std::string dir_;
  std::string suffix_;
  Json rows_ = Json::array();
  double peak_mib_ = 0;  // of what came before the last start()
};

}  // namespace nacre::bench
