// `nacre bench`: the store it runs on, the list of benchmarks, and the table of results.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "api/option_text.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/try.h"
#include "bench_work.h"
#include "commands.h"
#include "nacre/c.h"
#include "output.h"
#include "report_json.h"

namespace nacre::tool {

namespace {

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) words.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return words;
}

std::string_view name_of(Durability durability) {
  switch (durability) {
    case Durability::kDisk:
      return "disk";
    case Durability::kOs:
      return "os";
    case Durability::kMemory:
      break;
  }
  return "memory";
}

Status check(const BenchArgs& args, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (BenchWork::known(name)) continue;
    std::string message = "no benchmark is called '" + name + "'; there are";
    for (const std::string_view known : BenchWork::names()) message += " " + std::string(known);
    return Status::invalid(std::move(message));
  }
  const std::uint32_t needed = KeyMaker::bytes_needed(args.num);
  if (args.key_bytes < needed || args.key_bytes > kKeyBytesMax) {
    return Status::invalid(fmt::format("--key-bytes {}: from {} for {} entries, up to {}",
                                       args.key_bytes, needed, args.num, kKeyBytesMax));
  }
  return {};
}

BenchReport report_head(const BenchArgs& args, const Options& options) {
  BenchReport report;
  report.settings = {{"nacre", nacre_version()},
                     {"num", std::to_string(args.num)},
                     {"key_bytes", std::to_string(args.key_bytes)},
                     {"value_bytes", std::to_string(args.value_bytes)},
                     {"threads", std::to_string(args.threads)},
                     {"batch", std::to_string(args.batch)},
                     {"multi", std::to_string(args.multi)},
                     {"durability", std::string(name_of(options.durability))},
                     {"seed", std::to_string(args.seed)}};
  for (const std::string& option : args.store.options) {
    const std::size_t equals = option.find('=');
    report.settings.emplace_back("option " + option.substr(0, equals), option.substr(equals + 1));
  }
  return report;
}

std::string head_text(const BenchReport& report) {
  std::string text;
  for (const auto& [name, value] : report.settings) text += name + " " + value + "  ";
  text.resize(text.size() - 2);
  return text + fmt::format("\n{:<17}{:>12}{:>10}{:>9}{:>10}{:>10}{:>10}{:>10}\n", "benchmark",
                            "ops/s", "us/op", "MB/s", "p50", "p99", "p99.9", "max");
}

std::string result_text(const BenchResult& result) {
  const Latency& latency = result.latency;
  std::string text =
      fmt::format("{:<17}{:>12}{:>10.3f}{:>9.1f}{:>10}{:>10}{:>10}{:>10}", result.name,
                  with_commas(static_cast<std::uint64_t>(result.ops_per_second())),
                  result.micros_per_op(), result.mb_per_second(), human_nanos(latency.p50),
                  human_nanos(latency.p99), human_nanos(latency.p999), human_nanos(latency.max));
  const bool asks =
      result.name.starts_with("read") && result.name != "readseq" && result.name != "readreverse";
  if (asks || result.name == "multireadrandom" || result.name == "seekrandom") {
    text += fmt::format("  {} of {} found", with_commas(result.found), with_commas(result.ops));
  }
  return text + "\n";
}

Status print(const std::string& text) {
  Output out;
  out.write(text);
  return out.flush();
}

/// Removes what the last benchmark wrote. Only ever called for a store that this run created.
Result<Db> start_over(Db db, const std::string& dir, const Options& options) {
  NACRE_TRY(db.close());
  NACRE_TRY(Db::destroy(dir, options));
  return Db::open(dir, options);
}

Status bench(const BenchArgs& args) {
  const std::vector<std::string> names = split(args.benchmarks);
  NACRE_TRY(check(args, names));
  Options base;
  base.durability = Durability::kOs;
  Options options = NACRE_TRY(options_from(args.store, base));
  options.error_if_exists = !args.existing;
  Db db = NACRE_TRY(Db::open(args.store.dir, options));
  options.error_if_exists = false;

  BenchReport report = report_head(args, options);
  const bool json = args.format == Report::kJson;
  if (!json) NACRE_TRY(print(head_text(report)));
  const BenchWork work(args, options.durability);
  bool empty = true;
  for (const std::string& name : names) {
    if (!args.existing && !empty && BenchWork::wants_empty(name)) {
      db = NACRE_TRY(start_over(std::move(db), args.store.dir, options));
    }
    empty = false;
    for (BenchResult& result : NACRE_TRY(work.run(name, db))) {
      if (!json) NACRE_TRY(print(result_text(result)));
      report.results.push_back(std::move(result));
    }
  }
  if (json) NACRE_TRY(print(bench_json(report)));
  NACRE_TRY(db.close());
  return args.existing || args.keep ? Status() : Db::destroy(args.store.dir, options);
}

}  // namespace

int run_bench(const BenchArgs& args) {
  const Status done = bench(args);
  return done.ok() ? kDone : fail("bench", done);
}

}  // namespace nacre::tool
