#include "scale/crash.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <string>

#include "common/process.h"
#include "compare/store.h"
#include "compare/values.h"
#include "nacre/db.h"
#include "scale/growing_keys.h"

namespace nacre::bench {

namespace {

constexpr double kMib = 1 << 20;

void need(const Status& status) {
  if (!status.ok()) fail("nacre: " + status.to_string());
}

/// Never returns: writes until it is killed. Sends the number of entries down `report` once the wal
/// is long enough.
[[noreturn]] void write_until_killed(const GrowthSettings& settings, std::uint64_t wal_bytes,
                                     int report) {
  Options options;
  // Memtables of twice the wal, so that none is full when the wal is long enough.
  options.memtable_bytes = 2 * wal_bytes;
  options.memory_bytes = 2 * options.memtable_bytes;
  options.durability = nacre::Durability::kOs;
  auto db = Db::open(settings.dir, options);
  need(db.status());
  GrowingKeys keys;
  Values values(settings.value_bytes);
  for (std::uint64_t i = 0;; ++i) {
    need(db->put(keys.present(i), values.of(i, 0)));
    if (i % 10'000 != 0 || report < 0) continue;
    if (db->stats()->wal_bytes < wal_bytes) continue;
    const std::uint64_t entries = i + 1;
    if (write(report, &entries, sizeof entries) != sizeof entries) _exit(1);
    report = -1;
  }
}

/// Returns how many entries must be there after the kill.
std::uint64_t write_and_kill(const GrowthSettings& settings, std::uint64_t wal_bytes) {
  int ends[2];
  if (pipe(ends) != 0) fail("no pipe");
  const pid_t child = fork();
  if (child < 0) fail("no process");
  if (child == 0) {
    close(ends[0]);
    write_until_killed(settings, wal_bytes, ends[1]);
  }
  close(ends[1]);
  std::uint64_t entries = 0;
  const bool told = read(ends[0], &entries, sizeof entries) == sizeof entries;
  close(ends[0]);
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  if (!told || !WIFSIGNALED(status)) fail("the writer ended before it was killed");
  return entries;
}

std::uint64_t wal_on_disk(const std::string& dir) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir)) {
    if (file.path().extension() == ".wal") bytes += file.file_size();
  }
  return bytes;
}

Json open_again(const GrowthSettings& settings, std::uint64_t entries) {
  Options options;
  options.memory_bytes = settings.memory_mib << 20;
  options.memtable_bytes = settings.memtable_mib << 20;
  options.durability = nacre::Durability::kOs;
  const ProcessUse start = process_use();
  auto db = Db::open(settings.dir, options);
  need(db.status());
  const ProcessUse use = process_use() - start;
  const auto info = db->recovery_info();
  need(info.status());
  if (info->records_replayed < entries) fail("the open replayed fewer writes than were reported");
  GrowingKeys keys;
  std::string value;
  const std::uint64_t stride = std::max<std::uint64_t>(entries / 1000, 1);
  for (std::uint64_t i = 0; i < entries; i += stride) {
    const auto found = db->get_into(keys.present(i), value);
    need(found.status());
    if (!*found) fail("entry " + std::to_string(i) + " is lost");
  }
  need(db->close());
  Json json;
  json["open_s"] = use.wall;
  json["open_cpu_s"] = use.cpu;
  json["peak_mib"] = std::round(static_cast<double>(peak_memory_bytes()) / kMib);
  json["records_replayed"] = info->records_replayed;
  return json;
}

}  // namespace

Json kill_and_open(const GrowthSettings& settings, std::uint64_t wal_bytes) {
  std::filesystem::remove_all(settings.dir);
  const std::uint64_t entries = write_and_kill(settings, wal_bytes);
  const auto wal_mib = static_cast<double>(wal_on_disk(settings.dir)) / kMib;
  ChildResult opened = run_apart([&] { return open_again(settings, entries); });
  std::filesystem::remove_all(settings.dir);
  if (!opened.ok) fail("the open after the kill did not finish: " + opened.error);
  Json json;
  json["wal_mib"] = std::round(wal_mib);
  json["open_s_per_gib"] = opened.json["open_s"].get<double>() * 1024 / wal_mib;
  json.update(opened.json);
  json["entries"] = entries;
  json["memory_mib"] = settings.memory_mib;
  json["memtable_mib"] = settings.memtable_mib;
  return json;
}

}  // namespace nacre::bench
