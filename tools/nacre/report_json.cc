#include "report_json.h"

#include <nlohmann/json.hpp>

#include "codec.h"

namespace nacre::tool {

namespace {

using Json = nlohmann::ordered_json;

// Messages and paths may hold any bytes: those that are no UTF-8 are replaced.
std::string text_of(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json key_of(std::string_view key) {
  if (is_utf8(key)) return std::string(key);
  return Json{{"base64", to_base64(key)}};
}

Json latency_of(const Latency& latency) {
  return {{"count", latency.count}, {"mean", latency.mean}, {"p50", latency.p50},
          {"p99", latency.p99},     {"p999", latency.p999}, {"max", latency.max}};
}

Json files_of(const FileSizes& sizes) { return {{"count", sizes.count}, {"bytes", sizes.bytes}}; }

Json level_of(const LevelView& level) {
  return {{"level", level.level},     {"tables", level.tables.size()},
          {"bytes", level.bytes},     {"entries", level.entries},
          {"deletes", level.deletes}, {"data_bytes", level.data_bytes}};
}

}  // namespace

std::string stats_json(const Tree& tree, const StoreReport& report) {
  const RecoveryInfo& recovery = report.recovery;
  Json levels = Json::array();
  for (const LevelView& level : tree.levels) levels.push_back(level_of(level));
  return text_of({{"dir", tree.dir},
                  {"entries", tree.entries},
                  {"deletes", tree.deletes},
                  {"data_bytes", tree.data_bytes},
                  {"tables", files_of(tree.tables)},
                  {"wals", files_of(tree.wals)},
                  {"manifests", files_of(tree.manifests)},
                  {"levels", std::move(levels)},
                  {"space_amplification", report.stats.space_amplification()},
                  {"last_seq", report.stats.last_seq},
                  {"memory_limit", report.stats.memory_limit},
                  {"table_memory_bytes", report.stats.table_memory_bytes},
                  {"recovery",
                   {{"clean", recovery.clean},
                    {"wal_segments", recovery.wal_segments},
                    {"records_replayed", recovery.records_replayed},
                    {"bytes_dropped", recovery.bytes_dropped},
                    {"detail", recovery.detail}}}});
}

std::string levels_json(const Tree& tree) {
  Json levels = Json::array();
  for (const LevelView& level : tree.levels) {
    Json tables = Json::array();
    for (const TableView& table : level.tables) {
      tables.push_back({{"file", table.file},
                        {"bytes", table.bytes},
                        {"entries", table.entries},
                        {"deletes", table.deletes},
                        {"data_bytes", table.data_bytes},
                        {"smallest", key_of(table.smallest)},
                        {"largest", key_of(table.largest)}});
    }
    Json one = level_of(level);
    one["tables"] = std::move(tables);
    levels.push_back(std::move(one));
  }
  return text_of({{"dir", tree.dir}, {"levels", std::move(levels)}});
}

std::string verify_json(const VerifyReport& report) {
  Json damage = Json::array();
  for (const Damage& one : report.damage) {
    damage.push_back({{"file", one.file},
                      {"code", std::string(code_name(one.error.code()))},
                      {"message", std::string(one.error.message())}});
  }
  return text_of({{"ok", report.damage.empty()},
                  {"files", report.files},
                  {"bytes", report.bytes},
                  {"damage", std::move(damage)}});
}

std::string bench_json(const BenchReport& report) {
  Json settings = Json::object();
  for (const auto& [name, value] : report.settings) settings[name] = value;
  Json results = Json::array();
  for (const BenchResult& result : report.results) {
    results.push_back({{"name", result.name},
                       {"ops", result.ops},
                       {"found", result.found},
                       {"bytes", result.bytes},
                       {"seconds", result.seconds},
                       {"ops_per_second", result.ops_per_second()},
                       {"micros_per_op", result.micros_per_op()},
                       {"mb_per_second", result.mb_per_second()},
                       {"latency_nanos", latency_of(result.latency)}});
  }
  return text_of({{"settings", std::move(settings)}, {"results", std::move(results)}});
}

}  // namespace nacre::tool
