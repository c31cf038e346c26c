#include "tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "base/try.h"
#include "lsm/file_name.h"
#include "lsm/manifest.h"
#include "nacre/env.h"

namespace nacre::tool {

namespace {

constexpr std::size_t kBarWidth = 40;
constexpr std::size_t kKeyWidth = 32;

void add_table(Tree& tree, const AddedTable& added) {
  // They come by level and number, so a level is always the last one so far or a new one.
  if (tree.levels.empty() || tree.levels.back().level != added.level) {
    tree.levels.push_back({.level = added.level, .tables = {}});
  }
  const TableMeta& meta = added.meta;
  LevelView& level = tree.levels.back();
  const std::uint64_t data_bytes = meta.key_bytes + meta.value_bytes;
  level.tables.push_back({.file = table_name(meta.number),
                          .bytes = meta.bytes,
                          .entries = meta.entries,
                          .deletes = meta.deletes,
                          .data_bytes = data_bytes,
                          .smallest = meta.smallest,
                          .largest = meta.largest});
  level.bytes += meta.bytes;
  level.entries += meta.entries;
  level.deletes += meta.deletes;
  level.data_bytes += data_bytes;
  ++tree.tables.count;
  tree.tables.bytes += meta.bytes;
  tree.entries += meta.entries;
  tree.deletes += meta.deletes;
  tree.data_bytes += data_bytes;
}

Status add_other_files(Tree& tree, FileSystem& fs) {
  for (const std::string& name : NACRE_TRY(fs.list(tree.dir))) {
    const auto file = parse_file_name(name);
    if (!file.has_value()) continue;
    if (file->type != FileType::kWal && file->type != FileType::kManifest) continue;
    std::error_code gone;  // a writer may remove it while we look
    const std::uintmax_t bytes = std::filesystem::file_size(join_path(tree.dir, name), gone);
    if (gone) continue;
    FileSizes& sizes = file->type == FileType::kWal ? tree.wals : tree.manifests;
    ++sizes.count;
    sizes.bytes += bytes;
  }
  return {};
}

/// '#' for each 1/40 of the largest level, and at least one: every level shown holds something.
std::string bar(std::uint64_t bytes, std::uint64_t largest) {
  const double share = static_cast<double>(bytes) / static_cast<double>(std::max(largest, bytes));
  const auto width = static_cast<std::size_t>(share * static_cast<double>(kBarWidth) + 0.5);
  return std::string(std::clamp<std::size_t>(width, 1, kBarWidth), '#');
}

std::string entries_text(std::uint64_t entries, std::uint64_t deletes) {
  std::string text = counted(entries, "entry", "entries");
  if (deletes > 0) text += ", " + counted(deletes, "delete", "deletes");
  return text;
}

}  // namespace

Result<Tree> read_tree(const std::string& dir) {
  FileSystem& fs = Env::posix().fs();
  ManifestContents manifest = NACRE_TRY(recover_manifest(fs, dir));
  Tree tree;
  tree.dir = dir;
  for (const AddedTable& added : manifest.state.added) add_table(tree, added);
  for (LevelView& level : tree.levels) {
    if (level.level == 0) continue;  // level 0 stays by age: its tables overlap
    std::sort(level.tables.begin(), level.tables.end(),
              [](const TableView& a, const TableView& b) { return a.smallest < b.smallest; });
  }
  NACRE_TRY(add_other_files(tree, fs));
  return tree;
}

std::string draw_bars(const Tree& tree, const Paint& paint) {
  if (tree.levels.empty()) return "no tables\n";
  std::uint64_t largest = 0;
  for (const LevelView& level : tree.levels) largest = std::max(largest, level.bytes);
  std::string text;
  for (const LevelView& level : tree.levels) {
    const std::string drawn = bar(level.bytes, largest);
    text += fmt::format("{}  {}{}  {:>10}  {:<13}  {}\n",
                        paint.bold(fmt::format("level {}", level.level)), paint.cyan(drawn),
                        std::string(kBarWidth - drawn.size(), ' '), human_bytes(level.bytes),
                        counted(level.tables.size(), "table", "tables"),
                        entries_text(level.entries, level.deletes));
  }
  return text;
}

std::string draw_tables(const Tree& tree, std::size_t most, const Paint& paint) {
  std::string text;
  for (const LevelView& level : tree.levels) {
    text += paint.bold(fmt::format("level {}", level.level)) + "\n";
    const std::size_t shown = std::min(most, level.tables.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const TableView& table = level.tables[i];
      text +=
          fmt::format("  {}  {:>10}  {} .. {}  {}\n", table.file, human_bytes(table.bytes),
                      paint.green(short_key(table.smallest)), paint.green(short_key(table.largest)),
                      paint.faint(entries_text(table.entries, table.deletes)));
    }
    if (shown < level.tables.size()) {
      text += fmt::format("  and {} more: --all shows them\n",
                          with_commas(level.tables.size() - shown));
    }
  }
  return text;
}

std::string short_key(std::string_view key) {
  std::string text = escape(key.substr(0, kKeyWidth + 1));
  if (text.size() <= kKeyWidth) return text;
  text.resize(kKeyWidth - 3);
  return text + "...";
}

}  // namespace nacre::tool
