#include "api/option_text.h"

#include <charconv>
#include <functional>
#include <limits>
#include <map>
#include <string>

namespace nacre {

namespace {

Status unreadable(std::string_view name, std::string_view value, std::string_view wanted) {
  return Status::invalid("option " + std::string(name) + " is '" + std::string(value) +
                         "': wanted " + std::string(wanted));
}

/// A whole number and what follows it.
bool parse_number(std::string_view text, std::uint64_t& number, std::string_view& unit) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return true;
}

template <typename T>
Status set_size(T& out, std::string_view name, std::string_view value) {
  std::uint64_t number = 0;
  std::string_view unit;
  const std::map<std::string_view, int> shifts = {
      {"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  if (!parse_number(value, number, unit) || !shifts.contains(unit)) {
    return unreadable(name, value, "a size such as 4096, 64KiB, 512MiB or 2GiB");
  }
  const int shift = shifts.at(unit);
  if (number > (std::uint64_t{std::numeric_limits<T>::max()} >> shift)) {
    return unreadable(name, value, "a smaller size");
  }
  out = static_cast<T>(number << shift);
  return {};
}

Status set_switch(bool& out, std::string_view name, std::string_view value) {
  if (value != "true" && value != "false") return unreadable(name, value, "true or false");
  out = value == "true";
  return {};
}

template <typename Enum>
Status set_name(Enum& out, std::string_view name, std::string_view value,
                const std::map<std::string_view, Enum>& names) {
  const auto found = names.find(value);
  if (found != names.end()) {
    out = found->second;
    return {};
  }
  std::string wanted = "one of";
  for (const auto& [known, ignored] : names) wanted += " " + std::string(known);
  return unreadable(name, value, wanted);
}

Status set_millis(std::chrono::milliseconds& out, std::string_view name, std::string_view value) {
  std::uint64_t number = 0;
  std::string_view unit;
  if (!parse_number(value, number, unit) || (unit != "ms" && unit != "s") ||
      number > 1'000'000'000) {
    return unreadable(name, value, "a time such as 250ms or 5s");
  }
  out = std::chrono::milliseconds(static_cast<std::int64_t>(unit == "s" ? number * 1000 : number));
  return {};
}

const std::map<std::string_view, Compression> kCompressions = {
    {"none", Compression::kNone}, {"lz4", Compression::kLz4}, {"zstd", Compression::kZstd}};

using Setter = std::function<Status(Options&, std::string_view name, std::string_view value)>;

/// A setter for a member that holds a size or a count.
template <auto Member>
Setter size() {
  return [](Options& options, std::string_view name, std::string_view value) {
    return set_size(options.*Member, name, value);
  };
}

template <auto Member>
Setter flag() {
  return [](Options& options, std::string_view name, std::string_view value) {
    return set_switch(options.*Member, name, value);
  };
}

const std::map<std::string_view, Setter>& setters() {
  static const std::map<std::string_view, Setter> all = {
      {"create_if_missing", flag<&Options::create_if_missing>()},
      {"error_if_exists", flag<&Options::error_if_exists>()},
      {"read_only", flag<&Options::read_only>()},
      {"memory_bytes", size<&Options::memory_bytes>()},
      {"memtable_bytes", size<&Options::memtable_bytes>()},
      {"durability",
       [](Options& o, std::string_view name, std::string_view value) {
         return set_name(o.durability, name, value,
                         {{"disk", Durability::kDisk},
                          {"os", Durability::kOs},
                          {"memory", Durability::kMemory}});
       }},
      {"sync_every", [](Options& o, std::string_view name,
                        std::string_view value) { return set_millis(o.sync_every, name, value); }},
      {"log_mode",
       [](Options& o, std::string_view name, std::string_view value) {
         return set_name(o.log_mode, name, value,
                         {{"mapped", LogMode::kMapped}, {"pwrite", LogMode::kPwrite}});
       }},
      {"compression",
       [](Options& o, std::string_view name, std::string_view value) {
         return set_name(o.compression, name, value, kCompressions);
       }},
      {"last_level_compression",
       [](Options& o, std::string_view name, std::string_view value) {
         Compression compression{};
         Status status = set_name(compression, name, value, kCompressions);
         if (status.ok()) o.last_level_compression = compression;
         return status;
       }},
      {"block_bytes", size<&Options::block_bytes>()},
      {"filter_bits", size<&Options::filter_bits>()},
      {"table_bytes", size<&Options::table_bytes>()},
      {"table_reads",
       [](Options& o, std::string_view name, std::string_view value) {
         return set_name(o.table_reads, name, value,
                         {{"auto", TableReads::kAuto},
                          {"buffered", TableReads::kBuffered},
                          {"direct", TableReads::kDirect}});
       }},
      {"background_threads", size<&Options::background_threads>()},
      {"level0_tables", size<&Options::level0_tables>()},
      {"level_multiplier", size<&Options::level_multiplier>()},
  };
  return all;
}

}  // namespace

Status set_option(Options& options, std::string_view name, std::string_view value) {
  const auto found = setters().find(name);
  if (found != setters().end()) return found->second(options, name, value);
  std::string message = "no option is called '" + std::string(name) + "'; there are";
  for (const auto& [known, ignored] : setters()) message += " " + std::string(known);
  return Status::invalid(std::move(message));
}

}  // namespace nacre
