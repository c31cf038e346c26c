#include "compare/measure.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

namespace nacre::bench {

namespace {

constexpr double kMib = 1 << 20;

double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return std::stod(text);
}

}  // namespace

double Measure::peak_mib() {
  peak_mib_ = std::max(peak_mib_, static_cast<double>(peak_memory_bytes()) / kMib);
  return peak_mib_;
}

ProcessUse Measure::start() {
  peak_mib();
  std::ofstream("/proc/self/clear_refs") << "5";  // the kernel's word for: forget the peak
  return process_use();
}

void Measure::note_space(Json& row) {
  row["peak_mib"] = rounded(static_cast<double>(peak_memory_bytes()) / kMib);
  row["disk_mib"] = rounded(static_cast<double>(directory_bytes(dir_)) / kMib);
}

Json& Measure::add(const std::string& work, const std::string& unit, double value) {
  Json row;
  row["work"] = work + suffix_;
  row["unit"] = unit;
  row["better"] = "lower";
  row["value"] = rounded(value);
  rows_.push_back(row);
  if (isatty(STDERR_FILENO) == 1) {
    std::fprintf(stderr, "  %-8s %-44s %10.3f %s\n", engine_.c_str(), (work + suffix_).c_str(),
                 value, unit.c_str());
  }
  return rows_.back();
}

Json& Measure::timed(const Work& work, const Latency& latency, const ProcessUse& used) {
  const std::uint64_t done = latency.operations() * work.per_call;
  const double scale = done == 0 ? 0 : 1e6 / static_cast<double>(done);
  Json& row = add(work.work, "us", used.wall * scale);
  row["cpu_us"] = rounded(used.cpu * scale);
  if (latency.operations() > 1) {  // one call alone, a scan, is spread over nothing
    const auto share = static_cast<double>(work.per_call);
    row["p50_us"] = rounded(latency.p_us(50) / share);
    row["p99_us"] = rounded(latency.p_us(99) / share);
    row["p999_us"] = rounded(latency.p_us(99.9) / share);
    row["max_us"] = rounded(latency.max_us());
    row["sampled_every"] = latency.sampled_every();
  }
  row["operations"] = done;
  row["finished"] = work.until_late || done + work.per_call > work.operations;
  row["written_mib"] = rounded(used.bytes_written / kMib);
  row["read_mib"] = rounded(used.bytes_read / kMib);
  note_space(row);
  return row;
}

Json& Measure::time(const Work& work, const std::function<void(Latency&)>& body) {
  Latency latency(work.timing);
  const ProcessUse before = start();
  latency.end_after(work.seconds_at_most);
  body(latency);
  return timed(work, latency, process_use() - before);
}

Json& Measure::time_threads(const Work& work, int threads,
                            const std::function<void(int, Latency&)>& body) {
  std::vector<Latency> latencies;
  for (int i = 0; i < threads; ++i) latencies.emplace_back(work.timing);
  const ProcessUse before = start();
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      Latency& own = latencies[static_cast<std::size_t>(i)];
      own.end_after(work.seconds_at_most);
      body(i, own);
    });
  }
  for (std::thread& thread : running) thread.join();
  const ProcessUse used = process_use() - before;
  for (std::size_t i = 1; i < latencies.size(); ++i) latencies[0].merge(latencies[i]);
  return timed(work, latencies[0], used);
}

Json& Measure::settle_after(const Json& row, const std::string& work, Store& store) {
  const Json first = row;  // a copy: adding a row may move the others
  const ProcessUse before = start();
  store.settle();
  ProcessUse used = process_use() - before;
  used.wall -= std::min(used.wall, store.settle_seconds_idle());
  const double scale = 1e6 / first["operations"].get<double>();
  Json& whole = add(work, "us", first["value"].get<double>() + used.wall * scale);
  whole["cpu_us"] = rounded(first["cpu_us"].get<double>() + used.cpu * scale);
  for (const char* name : {"operations", "finished"}) whole[name] = first[name];
  whole["written_mib"] = rounded(first["written_mib"].get<double>() + used.bytes_written / kMib);
  whole["read_mib"] = rounded(first["read_mib"].get<double>() + used.bytes_read / kMib);
  whole["settle_s"] = rounded(used.wall);
  note_space(whole);
  return whole;
}

Json& Measure::figure(const std::string& work, const std::string& unit, double value,
                      const std::string& better) {
  Json& row = add(work, unit, value);
  row["better"] = better;
  return row;
}

}  // namespace nacre::bench
