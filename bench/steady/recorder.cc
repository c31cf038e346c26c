#include "steady/recorder.h"

#include <cmath>
#include <thread>

#include "common/process.h"

namespace nacre::bench {

namespace {

constexpr double kMib = 1 << 20;

double micros(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e3; }

/// Three digits behind the point are enough, and keep the file small.
double rounded(double value) { return static_cast<double>(std::llround(value * 1e3)) / 1e3; }

}  // namespace

Recorder::Recorder(std::size_t threads, std::uint64_t seconds) : seconds_(seconds) {
  for (std::size_t i = 0; i < threads; ++i) writers_.push_back(std::make_unique<Writer>());
  for (const char* name :
       {"puts", "p50_us", "p99_us", "p999_us", "max_us", "written_mib", "memory_mib"}) {
    series_[name] = Json::array();
  }
}

void Recorder::start() {
  begin_time_ = std::chrono::steady_clock::now();
  begin_ = Ticks::now();
}

void Recorder::collect(Progress& progress, const std::string& name) {
  double written = process_use().bytes_written;
  for (std::uint64_t second = 0; second < seconds_; ++second) {
    const auto end = begin_time_ + std::chrono::seconds(second + 1);
    std::this_thread::sleep_until(end);
    const double now = process_use().bytes_written;
    series_["written_mib"].push_back(rounded((now - written) / kMib));
    series_["memory_mib"].push_back(rounded(static_cast<double>(memory_bytes()) / kMib));
    written = now;
    // A writer that lost its processor between clock and histogram gets some time to come back.
    std::this_thread::sleep_until(end + std::chrono::milliseconds(300));
    close_second(second);
    progress.show(name + ": " + std::to_string(second + 1) + " of " + std::to_string(seconds_) +
                  " s, " + std::to_string(series_["puts"].back().get<std::uint64_t>()) +
                  " puts/s, longest " + std::to_string(total_.max() / 1'000'000) + " ms");
  }
}

void Recorder::close_second(std::uint64_t second) {
  const auto all = std::make_unique<Histogram>();
  for (const auto& writer : writers_) {
    Histogram& own = writer->second[second & 1];
    all->merge(own);
    own.clear();
  }
  total_.merge(*all);
  series_["puts"].push_back(all->count());
  series_["p50_us"].push_back(rounded(micros(all->percentile(50))));
  series_["p99_us"].push_back(rounded(micros(all->percentile(99))));
  series_["p999_us"].push_back(rounded(micros(all->percentile(99.9))));
  series_["max_us"].push_back(rounded(micros(all->max())));
}

Json Recorder::summary() const {
  std::uint64_t pauses = 0;
  std::uint64_t long_pauses = 0;
  for (const auto& writer : writers_) {
    pauses += writer->pauses.load(std::memory_order_relaxed);
    long_pauses += writer->long_pauses.load(std::memory_order_relaxed);
  }
  Json json;
  json["puts"] = total_.count();
  json["p50_us"] = rounded(micros(total_.percentile(50)));
  json["p99_us"] = rounded(micros(total_.percentile(99)));
  json["p999_us"] = rounded(micros(total_.percentile(99.9)));
  json["p9999_us"] = rounded(micros(total_.percentile(99.99)));
  json["longest_pause_ms"] = rounded(static_cast<double>(total_.max()) / 1e6);
  json["pauses_over_10_ms"] = pauses;
  json["pauses_over_50_ms"] = long_pauses;
  return json;
}

}  // namespace nacre::bench
