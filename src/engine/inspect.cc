// What an engine tells about itself: statistics, sizes and the picture of its levels; and
// destroy().

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "base/try.h"
#include "engine/engine.h"
#include "lsm/file_name.h"
#include "table/table_reader.h"

namespace nacre::engine {

namespace {

Latency latency_of(const Histogram& histogram) {
  return {.count = histogram.count(),
          .mean = static_cast<std::uint64_t>(histogram.mean()),
          .p50 = histogram.percentile(50),
          .p99 = histogram.percentile(99),
          .p999 = histogram.percentile(99.9),
          .max = histogram.max()};
}

/// Whether the directory holds a store, whole or not, or what is left of one. Other engines have
/// files called CURRENT, LOCK and MANIFEST-000001 too: these names alone prove nothing.
Result<bool> holds_store(FileSystem& fs, const std::string& dir,
                         const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto file = parse_file_name(name);
    if (!file.has_value()) continue;
    if (file->type == FileType::kTable || file->type == FileType::kWal) return true;
  }
  Status manifest = recover_manifest(fs, dir).status();
  switch (manifest.code()) {
    case Code::kOk:
    case Code::kUnsupported:  // of a newer Nacre
    case Code::kNotFound:     // at most left-overs, and nothing else
      return true;
    case Code::kInvalid:
    case Code::kCorruption:
      return false;
    default:
      return manifest;
  }
}

/// Of a table that has to be loaded for it and can't be, all that it has.
std::uint64_t bytes_between(const Table& table, std::string_view lower, std::string_view upper) {
  if (lower == table.meta.smallest && upper == table.meta.largest) return table.meta.bytes;
  const Result<const TableReader*> reader = table.load();
  return reader.ok() ? (*reader)->approximate_bytes(lower, upper) : table.meta.bytes;
}

}  // namespace

Stats Engine::stats() {
  Stats stats;
  const ViewPtr view = view_.pin();
  const WorkStats work = scheduler_.stats();
  for (int level = 0; level < kLevelCount; ++level) {
    LevelStats& out = stats.levels[static_cast<std::size_t>(level)];
    out.tables = view->version->table_count(level);
    out.bytes = view->version->bytes(level);
    for (const TablePtr& table : view->version->level(level)) {
      out.entries += table->meta.entries;
      out.deletes += table->meta.deletes;
    }
    out.bytes_read = work.bytes_read[static_cast<std::size_t>(level)];
    out.bytes_written = work.bytes_written[static_cast<std::size_t>(level)];
  }
  stats.flushes = work.flushes;
  stats.compactions = work.compactions;
  stats.moves = work.moves;

  const Counters& counters = context_.counters;
  stats.puts = counters.total(Count::kPuts);
  stats.removes = counters.total(Count::kRemoves);
  stats.commits = counters.total(Count::kCommits);
  stats.user_bytes = counters.total(Count::kUserBytes);
  stats.gets = counters.total(Count::kGets);
  stats.gets_found = counters.total(Count::kGetsFound);
  stats.memtable_hits = counters.total(Count::kMemtableHits);
  stats.tables_asked = counters.total(Count::kTablesAsked);
  stats.filter_skips = counters.total(Count::kFilterSkips);
  stats.block_hits = counters.total(Count::kBlockHits);
  stats.block_reads = counters.total(Count::kBlockReads);
  stats.cursors = counters.total(Count::kCursors);
  stats.wal_bytes = wals_.bytes_written();
  stats.wal_syncs = wals_.syncs();
  stats.stalls = context_.stalls.load(std::memory_order_relaxed);
  stats.stall_nanos = context_.stall_nanos.load(std::memory_order_relaxed);

  stats.memtable_bytes = view->active->table.memory_bytes();
  for (const MemtablePtr& memtable : view->frozen) {
    stats.memtable_bytes += memtable->table.memory_bytes();
  }
  stats.memtables = view->frozen.size() + 1;
  stats.snapshots = context_.snapshots.count();
  stats.last_seq = context_.visible.load(std::memory_order_acquire);
  stats.pending_compaction_bytes = scheduler_.debt_bytes();
  const MemoryBudget& budget = context_.runtime->budget;
  stats.memory_limit = budget.limit();
  stats.memory_used = budget.used();
  stats.cache_bytes = budget.used(MemoryUse::kCache);
  stats.table_memory_bytes = budget.used(MemoryUse::kTable);
  stats.get_latency = latency_of(context_.get_nanos);
  stats.put_latency = latency_of(context_.put_nanos);
  stats.sync_latency = latency_of(context_.sync_nanos);
  return stats;
}

std::string Engine::levels_text() const {
  const ViewPtr view = view_.pin();
  std::string text;
  for (int level = 0; level < kLevelCount; ++level) {
    const auto tables = view->version->level(level);
    if (tables.empty()) continue;
    text += "level " + std::to_string(level) + ": " + std::to_string(tables.size()) +
            (tables.size() == 1 ? " table, " : " tables, ") +
            human_bytes(view->version->bytes(level)) + "\n";
    for (const TablePtr& table : tables) text += "  " + render_with_sizes(table->meta) + "\n";
  }
  return text.empty() ? "no tables\n" : text;
}

std::uint64_t Engine::approximate_size(const Range& range) const {
  const ViewPtr view = view_.pin();
  std::uint64_t bytes = 0;
  for (int level = 0; level < kLevelCount; ++level) {
    for (const TablePtr& table : view->version->level(level)) {
      const TableMeta& meta = table->meta;
      const std::string lower = std::max(range.lower.value_or(meta.smallest), meta.smallest);
      const std::string upper = std::min(range.upper.value_or(meta.largest), meta.largest);
      if (lower > upper) continue;
      bytes += bytes_between(*table, lower, upper);
    }
  }
  return bytes;
}

Status Engine::destroy(const std::string& path, const Options& options) {
  Env& env = options.env == nullptr ? Env::posix() : *options.env;
  FileSystem& fs = env.fs();
  if (NACRE_TRY(fs.kind(path)) != PathKind::kDirectory) {
    return Status(Code::kNotFound, path + ": no store here");
  }
  const std::vector<std::string> names = NACRE_TRY(fs.list(path));
  if (!NACRE_TRY(holds_store(fs, path, names))) {
    return Status::invalid(path + ": is not a Nacre store");
  }
  const auto lock = NACRE_TRY(fs.lock(join_path(path, kLockName)));
  // CURRENT first: whatever is interrupted after it can't be opened as half a store.
  Status current = fs.remove(join_path(path, kCurrentName));
  if (!current.ok() && current.code() != Code::kNotFound) return current;
  NACRE_TRY(fs.sync_dir(path));
  bool foreign = false;
  for (const std::string& name : names) {
    const auto file = parse_file_name(name);
    foreign = foreign || !file.has_value();
    if (!file.has_value() || file->type == FileType::kCurrent || file->type == FileType::kLock) {
      continue;
    }
    NACRE_TRY(fs.remove(join_path(path, name)));
  }
  NACRE_TRY(fs.remove(join_path(path, kLockName)));
  return foreign ? fs.sync_dir(path) : fs.remove_dir(path);
}

}  // namespace nacre::engine
