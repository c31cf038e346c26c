#include "lsm/file_name.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace nacre {

namespace {

constexpr std::string_view kManifestPrefix = "MANIFEST-";
constexpr std::string_view kTableSuffix = ".tbl";
constexpr std::string_view kWalSuffix = ".wal";
constexpr std::size_t kDigitsMin = 6;

std::string digits_of(FileNumber number) {
  NACRE_CHECK(raw(number) != 0);
  std::string digits = std::to_string(raw(number));
  if (digits.size() < kDigitsMin) digits.insert(0, kDigitsMin - digits.size(), '0');
  return digits;
}

/// Anything that digits_of() might return; parse_file_name() compares afterwards.
std::optional<FileNumber> number_in(std::string_view digits) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end || value == 0) return std::nullopt;
  if (FileNumber{value} > kFileNumberMax) return std::nullopt;
  return FileNumber{value};
}

}  // namespace

std::string file_name(FileType type, FileNumber number) {
  switch (type) {
    case FileType::kCurrent:
      return std::string(kCurrentName);
    case FileType::kCurrentTemp:
      return std::string(kCurrentTempName);
    case FileType::kLock:
      return std::string(kLockName);
    case FileType::kManifest:
      return std::string(kManifestPrefix) + digits_of(number);
    case FileType::kTable:
      return digits_of(number) + std::string(kTableSuffix);
    case FileType::kWal:
      return digits_of(number) + std::string(kWalSuffix);
  }
  NACRE_CHECK(false);
}

std::optional<FileName> parse_file_name(std::string_view name) {
  if (name == kCurrentName) return FileName{FileType::kCurrent, {}};
  if (name == kCurrentTempName) return FileName{FileType::kCurrentTemp, {}};
  if (name == kLockName) return FileName{FileType::kLock, {}};
  FileName parsed;
  std::string_view digits = name;
  if (name.starts_with(kManifestPrefix)) {
    parsed.type = FileType::kManifest;
    digits.remove_prefix(kManifestPrefix.size());
  } else if (name.ends_with(kTableSuffix)) {
    parsed.type = FileType::kTable;
    digits.remove_suffix(kTableSuffix.size());
  } else if (name.ends_with(kWalSuffix)) {
    parsed.type = FileType::kWal;
    digits.remove_suffix(kWalSuffix.size());
  } else {
    return std::nullopt;
  }
  const std::optional<FileNumber> number = number_in(digits);
  if (!number.has_value()) return std::nullopt;
  parsed.number = *number;
  // Only the text that we would write: this is what refuses "12.tbl" and "0000012.tbl".
  if (file_name(parsed.type, parsed.number) != name) return std::nullopt;
  return parsed;
}

FileNumber number_above(std::span<const std::string> names) {
  std::uint64_t largest = 0;
  for (const std::string& name : names) {
    const std::optional<FileName> file = parse_file_name(name);
    if (file.has_value()) largest = std::max(largest, raw(file->number));
  }
  return FileNumber{largest + 1};
}

std::string join_path(std::string_view dir, std::string_view name) {
  std::string path(dir);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

}  // namespace nacre
