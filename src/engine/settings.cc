#include "engine/settings.h"

#include <algorithm>
#include <string>

namespace nacre {

namespace {

constexpr std::uint64_t kMemtableBytesMin = 16 << 10;
constexpr std::uint64_t kMemtableBytesAutoMax = 64 << 20;
constexpr std::uint64_t kTableBytesMin = 16 << 10;
constexpr std::uint64_t kTableBytesAutoMin = 2 << 20;
constexpr std::uint64_t kTableBytesAutoMax = 64 << 20;
constexpr std::uint64_t kSyncEveryMillisMax = 3'600'000;
constexpr std::uint64_t kDirectReadsFrom = 256 << 20;

/// A value of an option and the limits that it must be in.
struct Limits {
  const char* name;
  std::uint64_t value;
  std::uint64_t min;
  std::uint64_t max;
};

Status check(const Limits& limits) {
  if (limits.value >= limits.min && limits.value <= limits.max) return {};
  return Status::invalid("option " + std::string(limits.name) + " is " +
                         std::to_string(limits.value) + ": it must be from " +
                         std::to_string(limits.min) + " to " + std::to_string(limits.max));
}

}  // namespace

Status Options::validate() const {
  if (sync_every.count() < 0) {
    return Status::invalid("option sync_every is " + std::to_string(sync_every.count()) +
                           ": it must be from 0 to " + std::to_string(kSyncEveryMillisMax));
  }
  const auto sync_millis = static_cast<std::uint64_t>(sync_every.count());
  for (const Limits& limits : {
           Limits{"block_bytes", block_bytes, 256, 1 << 20},
           Limits{"filter_bits", filter_bits, 0, 30},
           Limits{"table_bytes", table_bytes == 0 ? kTableBytesMin : table_bytes, kTableBytesMin,
                  std::uint64_t{4} << 30},
           Limits{"background_threads", background_threads, 1, 64},
           Limits{"level0_tables", level0_tables, 1, 64},
           Limits{"level_multiplier", level_multiplier, 2, 100},
           Limits{"sync_every", sync_millis, 0, kSyncEveryMillisMax},
       }) {
    if (Status status = check(limits); !status.ok()) return status;
  }
  if (memtable_bytes != 0 && memtable_bytes < kMemtableBytesMin) {
    return Status::invalid("option memtable_bytes is " + std::to_string(memtable_bytes) +
                           ": it must be 0 (automatic) or from " +
                           std::to_string(kMemtableBytesMin));
  }
  if (runtime != nullptr && (env != nullptr || memory_bytes != 0)) {
    return Status::invalid(
        "option runtime brings its own env and memory_bytes: leave those two unset");
  }
  if (read_only && error_if_exists) {
    return Status::invalid("options read_only and error_if_exists exclude each other");
  }
  return engine::check_memory_bytes(memory_bytes);
}

namespace engine {

Status check_memory_bytes(std::uint64_t bytes) {
  if (bytes == 0 || bytes >= kMemoryBytesMin) return {};
  return Status::invalid("option memory_bytes is " + std::to_string(bytes) +
                         ": it must be 0 (automatic) or from " + std::to_string(kMemoryBytesMin));
}

Result<std::shared_ptr<Runtime>> runtime_for(const Options& options) {
  if (options.runtime != nullptr) return options.runtime;
  if (options.env == nullptr && options.memory_bytes == 0) return Runtime::shared();
  return Runtime::create({.env = options.env, .memory_bytes = options.memory_bytes});
}

Result<Settings> resolve(const Options& options, std::uint64_t memory_limit) {
  Settings settings;
  settings.options = options;
  settings.memtable_bytes =
      options.memtable_bytes != 0
          ? options.memtable_bytes
          : std::clamp(memory_limit / 8, kMemtableBytesMin, kMemtableBytesAutoMax);
  if (settings.memtable_bytes > memory_limit / 2) {
    return Status::invalid("option memtable_bytes is " + std::to_string(settings.memtable_bytes) +
                           ": it must be at most half of the memory budget, " +
                           std::to_string(memory_limit / 2));
  }
  // Memtables that wait for their flush get the rest of half the budget.
  settings.frozen_memtables_max =
      std::clamp<std::uint64_t>(memory_limit / 2 / settings.memtable_bytes, 2, 9) - 1;
  settings.table_bytes = options.table_bytes != 0
                             ? options.table_bytes
                             : std::clamp(memory_limit / 4, kTableBytesAutoMin, kTableBytesAutoMax);
  const bool direct =
      options.table_reads == TableReads::kDirect ||
      (options.table_reads == TableReads::kAuto && memory_limit >= kDirectReadsFrom);
  settings.read_mode = direct ? ReadMode::kDirect : ReadMode::kBuffered;
  return settings;
}

PickerOptions picker_options(const Settings& settings) {
  return {.l0_trigger = settings.options.level0_tables,
          .target_table_bytes = settings.table_bytes,
          .multiplier = settings.options.level_multiplier,
          .base_bytes = settings.memtable_bytes * settings.options.level0_tables};
}

}  // namespace engine

}  // namespace nacre
