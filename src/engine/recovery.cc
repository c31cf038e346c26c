#include "engine/recovery.h"

#include <algorithm>
#include <unordered_map>

#include "base/try.h"
#include "engine/table_files.h"
#include "lsm/file_name.h"

namespace nacre::engine {

namespace {

Result<VersionPtr> open_version(Context& context, const Edit& state) {
  std::unordered_map<std::uint64_t, TablePtr> tables;
  for (const AddedTable& added : state.added) {
    tables.emplace(raw(added.meta.number), NACRE_TRY(open_table(context, added.meta)));
  }
  return Version::empty()->next(state, [&](FileNumber number) -> TablePtr {
    const auto found = tables.find(raw(number));
    return found == tables.end() ? nullptr : found->second;
  });
}

/// Those of `names` that are files of a store, by number.
std::vector<FileName> store_files(const std::vector<std::string>& names) {
  std::vector<FileName> files;
  for (const std::string& name : names) {
    if (const auto parsed = parse_file_name(name)) files.push_back(*parsed);
  }
  std::sort(files.begin(), files.end(),
            [](const FileName& a, const FileName& b) { return raw(a.number) < raw(b.number); });
  return files;
}

/// F2: only numbers that this store gave out, and that neither the version nor the wal needs.
/// `live` is in order.
bool is_orphan(const FileName& file, const ManifestContents& manifest,
               const std::vector<FileNumber>& live, const nacre::Counters& counters) {
  switch (file.type) {
    case FileType::kCurrentTemp:
      return true;
    case FileType::kManifest:
      return file.number != manifest.number;
    case FileType::kWal:
      return raw(file.number) < raw(counters.wal_floor);
    case FileType::kTable:
      return raw(file.number) < raw(counters.next_file) &&
             !std::binary_search(live.begin(), live.end(), file.number);
    case FileType::kCurrent:
    case FileType::kLock:
      return false;
  }
  return false;
}

/// Without a floor the store was never finished: the edit that ends its creation names one, before
/// anybody can write. Writes then prove that the manifest has lost edits.
Status check_unfinished(const Context& context, FileNumber manifest, const Recovered& found) {
  const bool has_tables =
      std::any_of(found.orphans.begin(), found.orphans.end(),
                  [](const FileName& file) { return file.type == FileType::kTable; });
  if (!has_tables && found.wal.last_seq == 0) return {};
  return Status::corruption(context.path(manifest_name(manifest)) +
                            ": lost edits: it knows of no write, but the store has some");
}

bool is_part(const Replayed& wal, FileNumber number) {
  return std::any_of(wal.segments.begin(), wal.segments.end(),
                     [&](const JudgedSegment& segment) { return segment.number == number; });
}

nacre::Counters counters_of(const Edit& state) {
  nacre::Counters counters;
  counters.states_order = state.states_order;
  counters.next_file = state.next_file.value_or(counters.next_file);
  counters.last_seq = state.last_seq.value_or(0);
  counters.wal_floor = state.wal_floor.value_or(counters.wal_floor);
  counters.applied_index = state.applied_index.value_or(0);
  return counters;
}

/// About what the tables will take once all of them are loaded.
std::uint64_t table_memory(const Options& options, const Edit& state) {
  constexpr std::uint64_t kBytesPerBlock = 64;  // in index and slots
  std::uint64_t bytes = 0;
  for (const AddedTable& added : state.added) {
    const TableMeta& meta = added.meta;
    const std::uint64_t blocks = (meta.key_bytes + meta.value_bytes) / options.block_bytes + 1;
    bytes += meta.entries * options.filter_bits / 8 + blocks * kBytesPerBlock;
  }
  return bytes;
}

/// Bytes that the memtables of the wal may take. The cache gives way to them. Kept free: an active
/// memtable, before the open is done the one that is being flushed, and an eighth for the rest.
std::uint64_t room_for_wal(const Context& context, const Edit& state) {
  if (context.settings.options.read_only) return kRoomForAll;  // it can't flush
  const MemoryBudget& budget = context.runtime->budget;
  const std::uint64_t memtable_bytes = context.settings.memtable_bytes;
  const std::uint64_t taken = budget.used() - budget.used(MemoryUse::kCache) +
                              table_memory(context.settings.options, state) + memtable_bytes +
                              memtable_bytes / 4 + budget.limit() / 8;
  return taken < budget.limit() ? budget.limit() - taken : 0;
}

}  // namespace

Result<Recovered> recover(Context& context) {
  const ManifestContents manifest = NACRE_TRY(recover_manifest(context.fs(), context.dir));
  context.salt = manifest.identity.salt;
  Recovered found;
  found.identity = manifest.identity;
  found.counters = counters_of(manifest.state);
  if (manifest.torn.has_value()) {
    found.info.clean = false;
    found.info.bytes_dropped += manifest.torn->bytes;
    found.info.detail = context.path(manifest_name(manifest.number)) + ": offset " +
                        std::to_string(manifest.torn->offset) + ": torn edit";
  }
  found.version = NACRE_TRY(open_version(context, manifest.state));

  std::vector<FileNumber> live;
  for (const AddedTable& added : manifest.state.added) live.push_back(added.meta.number);
  std::sort(live.begin(), live.end());
  std::vector<FileNumber> segments;
  const std::vector<std::string> names = NACRE_TRY(context.fs().list(context.dir));
  found.first_free = std::max(found.counters.next_file, number_above(names));
  for (const FileName& file : store_files(names)) {
    if (is_orphan(file, manifest, live, found.counters)) {
      found.orphans.push_back(file);
    } else if (file.type == FileType::kManifest) {
      found.replaced.push_back(file);
    }
    if (file.type == FileType::kWal && raw(file.number) >= raw(found.counters.wal_floor)) {
      segments.push_back(file.number);
    }
  }
  const ReplayStart start{.floor = found.counters.wal_floor,
                          .last_seq = found.counters.last_seq,
                          .room = room_for_wal(context, manifest.state)};
  found.wal = NACRE_TRY(replay_wal(context, segments, start, found.info));
  for (const FileNumber number : segments) {
    if (!is_part(found.wal, number)) found.replaced.push_back({FileType::kWal, number});
  }
  if (raw(found.counters.wal_floor) == 0) {
    NACRE_TRY(check_unfinished(context, manifest.number, found));
  }
  return found;
}

}  // namespace nacre::engine
