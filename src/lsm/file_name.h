// file_name.h - the only place that knows what the files of a store are called.
//
//   CURRENT            names the manifest in force
//   CURRENT.tmp        the next CURRENT while it is written
//   LOCK               held while the store is open
//   MANIFEST-000001    edits
//   000012.tbl         a table
//   000013.wal         a wal segment
//
// Numbers have at least six digits and no more leading zeros than that takes. All types share one
// row of numbers. A name that this file would not make is not ours, whatever it looks like:
// whoever deletes files asks parse_file_name() first.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace nacre {

enum class FileType : std::uint8_t { kCurrent, kCurrentTemp, kLock, kManifest, kTable, kWal };

struct FileName {
  FileType type{};
  FileNumber number{};  // 0 for a type without numbers
  bool operator==(const FileName&) const = default;
};

inline constexpr std::string_view kCurrentName = "CURRENT";
inline constexpr std::string_view kCurrentTempName = "CURRENT.tmp";
inline constexpr std::string_view kLockName = "LOCK";

/// No file has a larger number: counting can't overflow, whatever a directory holds.
inline constexpr FileNumber kFileNumberMax{(std::uint64_t{1} << 56) - 1};

/// True when names of this type carry a number.
constexpr bool is_numbered(FileType type) {
  return type == FileType::kManifest || type == FileType::kTable || type == FileType::kWal;
}

/// The name of a file without its directory. A numbered file has a number above 0.
std::string file_name(FileType type, FileNumber number = FileNumber{0});
inline std::string manifest_name(FileNumber n) { return file_name(FileType::kManifest, n); }
inline std::string table_name(FileNumber n) { return file_name(FileType::kTable, n); }
inline std::string wal_name(FileNumber n) { return file_name(FileType::kWal, n); }

/// The inverse of file_name(), and nothing for every text that it would not return.
std::optional<FileName> parse_file_name(std::string_view name);

/// The smallest number above that of every file of ours among `names`, the names in a directory.
/// Where an open begins to count at the least: what a crash left behind is in nobody's way then.
FileNumber number_above(std::span<const std::string> names);

/// "dir/name", with one slash between them.
std::string join_path(std::string_view dir, std::string_view name);

}  // namespace nacre
