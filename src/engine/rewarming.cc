#include "engine/rewarming.h"

#include <span>
#include <string>

#include "table/table_reader.h"

namespace nacre::engine {

namespace {

/// A run that has one block in so many used, of those in memory, is one that is read.
constexpr std::uint64_t kReadShare = 8;

std::uint64_t bytes_of(std::span<const TablePtr> tables) {
  std::uint64_t bytes = 0;
  for (const TablePtr& table : tables) bytes += table->meta.bytes;
  return bytes;
}

/// The tables of the largest run, in key order.
std::span<const TablePtr> largest_run(const Plan& plan) {
  std::span<const TablePtr> largest;
  for (const std::span<const TablePtr> run : plan.runs()) {
    if (bytes_of(run) > bytes_of(largest)) largest = run;
  }
  return largest;
}

/// Blocks in memory.
struct Census {
  std::uint64_t resident = 0;
  std::uint64_t used = 0;  // of these

  void count(std::span<const TablePtr> run) {
    for (const TablePtr& table : run) {
      for (std::uint32_t block = 0; block < table->reader()->block_count(); ++block) {
        const Residence residence = table->reader()->residence(block);
        resident += residence != Residence::kNone ? 1 : 0;
        used += residence == Residence::kUsed ? 1 : 0;
      }
    }
  }
  bool is_read() const { return used > 0 && used * kReadShare >= resident; }
};

/// Walks the blocks of a run, always forward.
class RunWalk {
 public:
  explicit RunWalk(std::span<const TablePtr> run) : run_(run) {}

  /// Whether the block that `key` belongs to is in memory. Keys must ascend.
  bool holds(std::string_view key) {
    while (table_ < run_.size()) {
      const TableReader& reader = *run_[table_]->reader();
      const TableIndex& index = reader.stored().index;
      while (block_ < index.count() && index.compare_separator(block_, key) < 0) ++block_;
      if (block_ < index.count()) return reader.residence(block_) != Residence::kNone;
      ++table_;
      block_ = 0;
    }
    return false;
  }

 private:
  const std::span<const TablePtr> run_;
  std::size_t table_ = 0;
  std::uint32_t block_ = 0;
};

}  // namespace

ColdBlocks blocks_gone_cold(const Plan& plan, const std::vector<TablePtr>& added) {
  Census all;
  for (const std::span<const TablePtr> run : plan.runs()) all.count(run);
  ColdBlocks cold;
  if (all.resident == 0) return cold;
  const std::span<const TablePtr> run = largest_run(plan);
  Census largest;
  largest.count(run);
  cold.read = largest.is_read();
  std::uint64_t room = all.resident + all.resident / 8 + 1;
  RunWalk walk(run);
  std::string key;
  for (const TablePtr& table : added) {
    ColdBlocks::OfTable found{table, {}};
    const TableReader& reader = *table->reader();
    const TableIndex& index = reader.stored().index;
    for (std::uint32_t block = 0; block < index.count() && room > 0; ++block) {
      key.assign(index.prefix()).append(index.separator_suffix(block));
      if (!walk.holds(key)) continue;
      --room;
      if (reader.residence(block) == Residence::kNone) found.blocks.push_back(block);
    }
    if (!found.blocks.empty()) cold.tables.push_back(std::move(found));
  }
  return cold;
}

/// The table is held for one batch at a time, so that one that was merged away goes, and ends this.
void load_into_cache(const ColdBlocks::OfTable& cold, const std::atomic<bool>& cancelled) {
  std::vector<BlockLoad> batch;
  for (std::size_t next = 0; next < cold.blocks.size();) {
    const TablePtr table = cold.table.lock();
    if (table == nullptr || cancelled.load(std::memory_order_relaxed)) return;
    const TableReader& reader = *table->reader();
    const std::uint64_t batch_bytes = table_io_bytes(reader.budget().limit());
    for (std::uint64_t bytes = 0; next < cold.blocks.size() && bytes < batch_bytes; ++next) {
      bytes += reader.stored().index.stored_bytes(cold.blocks[next]);
      batch.push_back({cold.blocks[next], {}, {}});
    }
    reader.load_many(batch);
    batch.clear();
  }
}

}  // namespace nacre::engine
