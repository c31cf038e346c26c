#include "compare/sets.h"

#include <algorithm>

namespace nacre::bench {

namespace {

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

void peak_memory(Bench& bench) {
  bench.measure.figure("peak memory", "MiB", bench.measure.peak_mib());
}

/// The life of one store: filled, read in every way, overwritten, thinned out.
void whole_life(Bench& bench) {
  const std::uint64_t reads = bench.num * 2 / 5;
  bench.open_new();
  settle_after(bench, fill_random(bench));
  read_random(bench, {.work = "read random, first", .count = reads, .seed = 89});
  read_random(bench, {.work = "read random", .count = reads});
  read_zipfian(bench, {.work = "read zipfian", .count = reads});
  read_missing(bench, {.work = "read missing", .count = reads});
  multi_get(bench, {.work = "multi-get of 32, per key", .count = reads}, 32);
  seek(bench, {.work = "seek + 1", .count = reads / 4}, 1);
  seek(bench, {.work = "seek + 10", .count = reads / 4}, 10);
  seek(bench, {.work = "seek + 100", .count = reads / 20}, 100);
  scan(bench, "scan, per entry", false, bench.num);
  scan(bench, "reverse scan, per entry", true, bench.num);
  read_while_writing(bench, {.work = "read while writing",
                             .count = bench.num * 10,
                             .seconds_at_most = bench.num < 1'000'000 ? 2.0 : 10.0,
                             .until_late = true});
  bench.store->settle();
  overwrite_and_settle(bench);
  read_random(bench, {.work = "check", .count = bench.num / 50});  // finds the new values?
  bench.measure.drop_last();
  const std::uint64_t live = delete_and_scan(bench);
  peak_memory(bench);
  const double start = wall_seconds();
  bench.store.reset();
  bench.measure.figure("close", "ms", (wall_seconds() - start) * 1e3);
  const double closed = wall_seconds();
  bench.reopen();
  bench.measure.figure("open after a close", "ms", (wall_seconds() - closed) * 1e3);
  if (bench.store->scan(false) != live) bench.wrong("entries are lost by closing and opening");
}

Case synced(const std::string& set, const Scale& scale, int threads) {
  // More threads share a sync: they get more to do.
  const std::uint64_t share = threads == 1 ? 1 : threads == 4 ? 2 : 4;
  return {.set = set,
          .name = "synced puts, " + std::to_string(threads),
          .entries = std::max<std::uint64_t>(scale.num / 1250, 100) * share,
          .run = [threads](Bench& bench) { synced_puts(bench, bench.num, threads); }};
}

std::vector<Case> budget(const Scale& scale) {
  return {
      {.set = "budget", .name = "life", .entries = scale.num, .run = whole_life},
      {.set = "budget", .name = "sequential", .entries = scale.num * 2 / 5, .run = fill_sequential},
      {.set = "budget",
       .name = "batches",
       .entries = scale.part(5),
       .run = [](Bench& bench) { fill_batches(bench, 100); }},
      {.set = "budget",
       .name = "queue",
       .entries = scale.part(50),
       .run =
           [](Bench& bench) {
             bench.open_new();
             queue(bench, bench.num);
           },
       .once_when_cut = true},
      synced("budget", scale, 1),
      synced("budget", scale, 16),
  };
}

/// Of what varies one thing at a time: enough to see that a figure is no accident.
constexpr int kVariantRounds = 2;

/// What values and keys are varied over.
void short_life(Bench& bench) {
  bench.open_new();
  settle_after(bench, fill_random(bench));
  read_random(bench, {.work = "read random, first", .count = bench.num, .seed = 89});
  read_random(bench, {.work = "read random", .count = bench.num});
  read_missing(bench, {.work = "read missing", .count = bench.num / 2});
  seek(bench, {.work = "seek + 10", .count = bench.num / 10}, 10);
  scan(bench, "scan, per entry", false, bench.num);
}

std::vector<Case> values(const Scale& scale) {
  std::vector<Case> cases;
  const auto add = [&](std::size_t bytes, std::uint64_t entries) {
    cases.push_back({.set = "values",
                     .name = with_commas(bytes),
                     .entries = entries,
                     .run =
                         [bytes](Bench& bench) {
                           bench.value_bytes = bytes;
                           bench.measure.set_suffix(", " + with_commas(bytes) + " B");
                           short_life(bench);
                         },
                     .rounds = kVariantRounds});
  };
  add(20, scale.num * 2 / 5);
  add(100, scale.part(5));
  add(1000, scale.part(20));
  add(16'000, std::max<std::uint64_t>(scale.num / 250, 200));
  return cases;
}

std::vector<Case> keys(const Scale& scale) {
  std::vector<Case> cases;
  const auto add = [&](const std::string& name, KeyKind kind) {
    cases.push_back({.set = "keys",
                     .name = name,
                     .entries = scale.part(5),
                     .run =
                         [name, kind](Bench& bench) {
                           bench.key_kind = kind;
                           bench.measure.set_suffix(", " + name);
                           short_life(bench);
                         },
                     .rounds = kVariantRounds});
  };
  add("decimal keys", KeyKind::kDecimal);
  add("binary keys", KeyKind::kBinary);
  add("URLs", KeyKind::kUrl);
  return cases;
}

std::vector<Case> threads(const Scale& scale) {
  std::vector<Case> cases;
  for (const int count : {1, 2}) {
    const std::string name = std::to_string(count) + (count == 1 ? " thread" : " threads");
    cases.push_back({.set = "threads",
                     .name = name,
                     .entries = scale.part(5),
                     .run =
                         [name, count](Bench& bench) {
                           bench.measure.set_suffix(", " + name);
                           bench.open_new();
                           fill_random(bench, count);
                           bench.store->settle();
                           read_random(bench, {.work = "warm up", .count = bench.num, .seed = 89},
                                       count);
                           bench.measure.drop_last();
                           read_random(bench, {.work = "read random", .count = bench.num}, count);
                         },
                     .rounds = kVariantRounds});
  }
  return cases;
}

std::vector<Case> ycsb_cases(const Scale& scale) {
  return {{.set = "ycsb", .name = "A to F", .entries = scale.part(5), .run = [](Bench& bench) {
             bench.value_bytes = 1000;
             ycsb(bench, bench.num / 2, bench.num / 10);
             peak_memory(bench);
           }}};
}

std::vector<Case> sync_cases(const Scale& scale) {
  return {synced("sync", scale, 1), synced("sync", scale, 4), synced("sync", scale, 16)};
}

/// Everything on a store that does not fit into the memory given. `cap`: seconds at most for each
/// kind of read.
void larger_life(Bench& bench, double cap) {
  bench.value_bytes = 400;
  bench.settings.direct_reads = true;
  bench.open_new();
  const Json fill = fill_random(bench, 1, 4 * cap);
  if (fill["finished"].get<bool>()) {
    settle_after(bench, fill);
  } else {
    // Filled anew in the order of keys, which every engine can: the reads compare full stores.
    bench.open_new();
    Keys keys(bench.key_kind);
    Values values(bench.value_bytes);
    for (std::uint64_t i = 0; i < bench.num; ++i) bench.store->put(keys.text(i), values.of(i, 0));
    bench.store->settle();
  }
  const std::uint64_t reads = std::min<std::uint64_t>(bench.num / 5, 50'000);
  const auto some = [cap](const char* work, std::uint64_t count) {
    return Reads{.work = work, .count = count, .seconds_at_most = cap, .until_late = true};
  };
  read_random(bench, some("read random", reads));
  read_zipfian(bench, some("read zipfian", reads * 2));
  read_missing(bench, some("read missing", reads * 4));
  multi_get(bench, some("multi-get of 32, per key", reads), 32);
  seek(bench, some("seek + 10", reads / 2), 10);
  // Parts of a scan: the whole of it takes one of the engines minutes.
  seek(bench, some("seek + 10,000", 100), 10'000);
}

std::vector<Case> larger(const Scale& scale) {
  // Small trials take more entries than the other sets: what fits into memory shows nothing.
  const std::uint64_t num = scale.num >= 1'000'000 ? scale.num : scale.num * 4;
  const std::uint64_t raw_mib = (num * 416) >> 20;
  const double cap = scale.num >= 1'000'000 ? 15 : 4;
  return {{.set = "larger",
           .name = "all",
           .entries = num,
           .run = [cap](Bench& bench) { larger_life(bench, cap); },
           .limit_mib = std::max<std::uint64_t>(128, raw_mib / 8),
           .rounds = 1}};
}

}  // namespace

std::uint64_t Scale::part(std::uint64_t divisor) const {
  return std::max<std::uint64_t>(num / divisor, 1000);
}

std::uint64_t Scale::memtable_bytes() const {
  const std::uint64_t full = std::uint64_t{64} << 20;
  return std::clamp<std::uint64_t>(num * full / 5'000'000, 1 << 20, full);
}

const std::vector<std::pair<std::string, std::string>>& set_names() {
  static const std::vector<std::pair<std::string, std::string>> names = {
      {"budget", "one store from its fill to its deletes, 16 + 100 bytes, all cached"},
      {"values", "values of 20, 100, 1,000 and 16,000 bytes"},
      {"keys", "keys of decimal digits, of binary, and URLs that share long prefixes"},
      {"threads", "1 and 2 threads"},
      {"ycsb", "the mixed loads A to F, 1,000 bytes"},
      {"sync", "puts on stable storage, 1, 4 and 16 threads"},
      {"larger", "a store several times larger than the memory, page cache included"}};
  return names;
}

std::vector<Case> cases_of(const std::string& set, const Scale& scale) {
  if (set == "budget") return budget(scale);
  if (set == "values") return values(scale);
  if (set == "keys") return keys(scale);
  if (set == "threads") return threads(scale);
  if (set == "ycsb") return ycsb_cases(scale);
  if (set == "sync") return sync_cases(scale);
  return larger(scale);
}

}  // namespace nacre::bench
