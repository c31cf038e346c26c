// The page of a comparison, for people: what was run where, the tables, and the budgets.

#include <algorithm>
#include <cstdio>

#include "compare/machine_limits.h"
#include "compare/report.h"
#include "compare/sets.h"

namespace nacre::bench {

namespace {

/// What Nacre must reach on two cores with 5 M entries (the project's design).
struct Budget {
  const char* set;
  const char* work;
  double value = 0;
  double cpu = 0;  // 0: no budget for it
  bool more = false;
};

constexpr Budget kBudgets[] = {
    {.set = "budget", .work = "fill random", .value = 1.0, .cpu = 1.5},
    {.set = "budget", .work = "fill sequential", .value = 0.25},
    {.set = "budget", .work = "overwrite, then settle", .value = 1.0, .cpu = 1.6},
    {.set = "budget", .work = "read random", .value = 1.0},
    {.set = "budget", .work = "read zipfian", .value = 0.7},
    {.set = "budget", .work = "read missing", .value = 0.25},
    {.set = "budget", .work = "multi-get of 32, per key", .value = 0.5},
    {.set = "budget", .work = "seek + 10", .value = 2.0},
    {.set = "budget", .work = "seek + 1", .value = 1.4},
    {.set = "budget", .work = "scan, per entry", .value = 0.03},
    {.set = "budget", .work = "reverse scan, per entry", .value = 0.03},
    {.set = "budget", .work = "read while writing", .value = 1.9},
    {.set = "budget", .work = "writer beside it", .value = 500, .more = true},
    {.set = "budget", .work = "synced put, 1 thread", .value = 130},
    {.set = "budget", .work = "synced put, 16 threads", .value = 25},
    {.set = "budget", .work = "delete random", .value = 0.9},
    {.set = "budget", .work = "queue, per round", .value = 5},
    {.set = "budget", .work = "bytes written by the fill", .value = 1390e6 / (1 << 20)},
    {.set = "budget", .work = "size on disk after the fill", .value = 340e6 / (1 << 20)},
};

/// What a row holds besides its time.
struct Detail {
  const char* title;
  std::vector<const char*> members;
};

const Detail kDetails[] = {
    {"Latency in microseconds: p50 / p99 / p99.9 / longest pause.",
     {"p50_us", "p99_us", "p999_us", "max_us"}},
    {"MiB: written to the device / read from it / most memory resident / size of the store. "
     "Mapped files count as memory while they are resident: all of LMDB's store may be.",
     {"written_mib", "read_mib", "peak_mib", "disk_mib"}},
    {"Seconds from the last put until no work is due.", {"settle_s"}},
};

std::string facts(const Json& head) {
  const Json& machine = head["machine"];
  std::string text = "    " + head["command"].get<std::string>() + "\n\n" +
                     head["date"].get<std::string>().substr(0, 10) + ", " +
                     machine["cores"].dump() + " cores of " + machine["cpu"].get<std::string>() +
                     ", " + machine["memory_gib"].dump() + " GiB, " +
                     machine["kernel"].get<std::string>() + ", " +
                     machine["device"].get<std::string>() + ".\n";
  for (const auto& engine : head["engines"].items()) {
    text += title(engine.key()) + " " + engine.value().get<std::string>() + ", ";
  }
  text.replace(text.size() - 2, 2, ".");
  return text + "\n";
}

}  // namespace

std::string Report::budget_table() const {
  std::string table = "| work | budget | Nacre | |\n|---|---:|---:|---|\n";
  bool any = false;
  for (const Budget& budget : kBudgets) {
    const Line* line = find(budget.set, budget.work);
    if (line == nullptr || !line->rounds.contains("nacre")) continue;
    any = true;
    const Json row = median(line->rounds.at("nacre"));
    const auto value = row["value"].get<double>();
    bool met = budget.more ? value >= budget.value : value <= budget.value;
    std::string aim = short_figure(budget.value);
    std::string reached = short_figure(value);
    if (budget.cpu > 0) {
      const auto cpu = row["cpu_us"].get<double>();
      met = met && cpu <= budget.cpu;
      aim += ", cpu " + short_figure(budget.cpu);
      reached += ", cpu " + short_figure(cpu);
    }
    table += "| " + line->work + " | " + aim + " " + row["unit"].get<std::string>() + " | " +
             reached + " | " + (met ? "met" : "**missed**") + " |\n";
  }
  return any ? table : "";
}

std::string Report::page(const Json& head) const {
  std::string text =
      "# Side by side\n\nThe same work, keys, values, memory and durability on every "
      "engine, each in a process of its own, in turns; medians.\n\n" +
      facts(head) + "\n" +
      "Times are microseconds of wall time per operation, in brackets processor "
      "time of the whole process, background work included. Behind the engines: how "
      "many times better Nacre is. The largest pause is exact for rows that time "
      "every operation, and within 15 fast operations for the rest.\n";
  for (const std::string& note : notes_) text += "\n- " + note;
  if (!notes_.empty()) text += "\n";
  text += "\n![How many times better or worse than each engine](compare-ratios.svg)\n";
  for (const auto& [set, meaning] : set_names()) {
    const std::vector<std::string> present = sets();
    if (std::find(present.begin(), present.end(), set) == present.end()) continue;
    text += "\n## " + set + ": " + meaning + "\n\n![" + set + "](compare-" + set + ".svg)\n\n" +
            set_table(set);
    for (const Detail& detail : kDetails) {
      const std::string table = detail_table(set, detail.members);
      if (!table.empty()) text += "\n" + std::string(detail.title) + "\n\n" + table;
    }
  }
  const std::string limits = limits_table(head["limits"]);
  if (!limits.empty()) text += "\n## What the machine can do\n\n" + limits;
  const std::string budgets = head["settings"]["num"] == 5'000'000 ? budget_table() : "";
  if (!budgets.empty()) text += "\n## Budgets\n\n" + budgets;
  return text;
}

}  // namespace nacre::bench
