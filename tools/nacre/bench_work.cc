#include "bench_work.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "base/histogram.h"
#include "base/random.h"
#include "base/try.h"
#include "nacre/batch.h"

namespace nacre::tool {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kStepsTimed = 100;

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

Latency latency_of(const Histogram& nanos) {
  return {.count = nanos.count(),
          .mean = static_cast<std::uint64_t>(nanos.mean()),
          .p50 = nanos.percentile(50),
          .p99 = nanos.percentile(99),
          .p999 = nanos.percentile(99.9),
          .max = nanos.max()};
}

}  // namespace

/// One thread's share of a benchmark and what came of it.
struct BenchWork::Worker {
  Worker(std::uint64_t first, std::uint64_t last, std::uint64_t seed)
      : begin(first), end(last), random(seed) {}

  std::uint64_t begin;  // operations [begin, end)
  std::uint64_t end;
  Random random;
  const std::atomic<bool>* stop = nullptr;  // set: go round until it says so

  std::unique_ptr<Histogram> nanos = std::make_unique<Histogram>();
  std::uint64_t ops = 0;
  std::uint64_t bytes = 0;
  std::uint64_t found = 0;
  Clock::time_point started;
  Clock::time_point lap;
  Status error;

  void start() { started = lap = Clock::now(); }
  /// Ends one call of the store.
  void timed() {
    const Clock::time_point now = Clock::now();
    nanos->record(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - lap).count()));
    lap = now;
  }
  bool goes_on(std::uint64_t i) const {
    return error.ok() && (stop == nullptr ? i < end : !stop->load(std::memory_order_relaxed));
  }
};

struct BenchWork::Kind {
  std::string_view name;
  Body body;
  bool writes;
  bool wants_empty;
};

const std::vector<BenchWork::Kind>& BenchWork::kinds() {
  static const std::vector<Kind> all = {
      {"fillseq", &BenchWork::fill_sequential, true, true},
      {"fillrandom", &BenchWork::fill_random, true, true},
      {"overwrite", &BenchWork::overwrite, true, false},
      {"readrandom", &BenchWork::read_random, false, false},
      {"readmissing", &BenchWork::read_missing, false, false},
      {"readseq", &BenchWork::scan_forward, false, false},
      {"readreverse", &BenchWork::scan_reverse, false, false},
      {"seekrandom", &BenchWork::seek_random, false, false},
      {"multireadrandom", &BenchWork::multi_read, false, false},
      {"readwhilewriting", &BenchWork::read_random, false, false},
      {"deleterandom", &BenchWork::delete_random, true, false},
  };
  return all;
}

BenchWork::BenchWork(const BenchArgs& args, Durability durability)
    : args_(args),
      write_options_{.durability = durability},
      keys_(args.key_bytes),
      values_(args.value_bytes, args.seed),
      order_(args.num, args.seed) {}

std::vector<std::string_view> BenchWork::names() {
  std::vector<std::string_view> all;
  for (const Kind& kind : kinds()) all.push_back(kind.name);
  return all;
}

bool BenchWork::known(std::string_view name) {
  return std::ranges::any_of(kinds(), [&](const Kind& kind) { return kind.name == name; });
}

bool BenchWork::wants_empty(std::string_view name) {
  return std::ranges::any_of(
      kinds(), [&](const Kind& kind) { return kind.name == name && kind.wants_empty; });
}

template <typename NextEntry>
void BenchWork::write(Worker& worker, Db& db, NextEntry next_entry) const {
  std::string key;
  Batch batch;
  for (std::uint64_t i = worker.begin; worker.goes_on(i);) {
    if (args_.batch == 1) {
      keys_.present(next_entry(i++), key);
      const std::string_view value = values_.value(worker.random.next());
      worker.error = db.put(key, value, write_options_);
      ++worker.ops;
      worker.bytes += key.size() + value.size();
      worker.timed();
      continue;
    }
    batch.clear();
    while (worker.error.ok() && batch.count() < args_.batch && worker.goes_on(i)) {
      keys_.present(next_entry(i++), key);
      worker.error = batch.put(key, values_.value(worker.random.next()));
    }
    if (worker.error.ok()) worker.error = db.write(batch, write_options_);
    worker.ops += batch.count();
    worker.bytes += batch.user_bytes();
    worker.timed();
  }
}

void BenchWork::fill_sequential(Worker& worker, Db& db) const {
  write(worker, db, [](std::uint64_t i) { return i; });
}

void BenchWork::fill_random(Worker& worker, Db& db) const {
  write(worker, db, [this](std::uint64_t i) { return order_(i); });
}

void BenchWork::overwrite(Worker& worker, Db& db) const {
  write(worker, db, [&](std::uint64_t) { return worker.random.below(args_.num); });
}

void BenchWork::delete_random(Worker& worker, Db& db) const {
  std::string key;
  Batch batch;
  for (std::uint64_t i = worker.begin; worker.goes_on(i);) {
    batch.clear();
    while (worker.error.ok() && batch.count() < args_.batch && worker.goes_on(i)) {
      keys_.present(worker.random.below(args_.num), key);
      worker.error = batch.remove(key);
      ++i;
    }
    if (worker.error.ok()) worker.error = db.write(batch, write_options_);
    worker.ops += batch.count();
    worker.bytes += batch.user_bytes();
    worker.timed();
  }
}

void BenchWork::read_random(Worker& worker, Db& db) const {
  std::string key;
  for (std::uint64_t i = worker.begin; worker.goes_on(i); ++i) {
    keys_.present(worker.random.below(args_.num), key);
    const auto value = db.get(key);
    worker.error = value.status();
    ++worker.ops;
    if (value.ok() && value->has_value()) {
      ++worker.found;
      worker.bytes += key.size() + (*value)->size();
    }
    worker.timed();
  }
}

void BenchWork::read_missing(Worker& worker, Db& db) const {
  std::string key;
  for (std::uint64_t i = worker.begin; worker.goes_on(i); ++i) {
    keys_.absent(worker.random.below(args_.num), key);
    const auto value = db.get(key);
    worker.error = value.status();
    ++worker.ops;
    if (value.ok() && value->has_value()) ++worker.found;
    worker.timed();
  }
}

void BenchWork::multi_read(Worker& worker, Db& db) const {
  std::vector<std::string> keys(args_.multi);
  std::vector<std::string_view> views(args_.multi);
  for (std::uint64_t i = worker.begin; worker.goes_on(i);) {
    const auto many =
        static_cast<std::size_t>(std::min<std::uint64_t>(args_.multi, worker.end - i));
    for (std::size_t k = 0; k < many; ++k) {
      keys_.present(worker.random.below(args_.num), keys[k]);
      views[k] = keys[k];
    }
    const auto values = db.multi_get(std::span(views).first(many));
    worker.error = values.status();
    i += many;
    worker.ops += many;
    if (values.ok()) {
      for (const auto& value : *values) {
        if (!value.has_value()) continue;
        ++worker.found;
        worker.bytes += args_.key_bytes + value->size();
      }
    }
    worker.timed();
  }
}

void BenchWork::seek_random(Worker& worker, Db& db) const {
  auto cursor = db.cursor();
  worker.error = cursor.status();
  std::string key;
  for (std::uint64_t i = worker.begin; worker.goes_on(i); ++i) {
    keys_.present(worker.random.below(args_.num), key);
    cursor->seek(key);
    worker.error = cursor->status();
    ++worker.ops;
    if (cursor->valid()) {
      if (cursor->key() == key) ++worker.found;
      worker.bytes += cursor->key().size() + cursor->value().size();
    }
    worker.timed();
  }
}

void BenchWork::scan(Worker& worker, Db& db, bool reverse) const {
  auto cursor = db.cursor();
  worker.error = cursor.status();
  if (!worker.error.ok()) return;
  const std::uint64_t most = worker.end - worker.begin;
  reverse ? cursor->last() : cursor->first();
  for (; cursor->valid() && worker.ops < most; reverse ? cursor->prev() : cursor->next()) {
    worker.bytes += cursor->key().size() + cursor->value().size();
    if (++worker.ops % kStepsTimed == 0) worker.timed();
  }
  worker.error = cursor->status();
}

BenchResult BenchWork::summed(std::string_view name, std::vector<Worker>& workers) const {
  BenchResult result;
  result.name = name;
  Histogram nanos;
  Clock::time_point start = workers.front().started;
  Clock::time_point end = workers.front().lap;
  for (const Worker& worker : workers) {
    result.ops += worker.ops;
    result.bytes += worker.bytes;
    result.found += worker.found;
    result.thread_seconds += seconds_between(worker.started, worker.lap);
    start = std::min(start, worker.started);
    end = std::max(end, worker.lap);
    nanos.merge(*worker.nanos);
  }
  result.seconds = seconds_between(start, end);
  result.latency = latency_of(nanos);
  return result;
}

Result<std::vector<BenchResult>> BenchWork::run(std::string_view name, Db& db) const {
  const Kind& kind =
      *std::ranges::find_if(kinds(), [&](const Kind& one) { return one.name == name; });
  const std::uint64_t ops = kind.writes || args_.reads == 0 ? args_.num : args_.reads;
  std::vector<Worker> workers;
  for (std::uint64_t t = 0; t < args_.threads; ++t) {
    workers.emplace_back(ops * t / args_.threads, ops * (t + 1) / args_.threads, args_.seed + t);
  }
  std::atomic<bool> stop{false};
  std::vector<Worker> writers;
  std::vector<std::thread> threads;
  const auto begin = [&](Worker& worker, Body body) {
    threads.emplace_back([this, &worker, &db, body] {
      worker.start();
      (this->*body)(worker, db);
      worker.lap = Clock::now();
    });
  };
  std::thread writer;
  if (name == "readwhilewriting") {
    writers.emplace_back(0, 0, args_.seed + args_.threads);
    writers.front().stop = &stop;
    begin(writers.front(), &BenchWork::overwrite);
    writer = std::move(threads.back());
    threads.clear();
  }
  for (Worker& worker : workers) begin(worker, kind.body);
  for (std::thread& thread : threads) thread.join();
  stop.store(true);
  if (writer.joinable()) writer.join();

  for (Worker& worker : workers) NACRE_TRY(std::move(worker.error));
  for (Worker& worker : writers) NACRE_TRY(std::move(worker.error));
  std::vector<BenchResult> results = {summed(name, workers)};
  if (!writers.empty()) results.push_back(summed("  its writer", writers));
  return results;
}

}  // namespace nacre::tool
