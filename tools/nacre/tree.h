// tree.h - the shape of a store, read from its manifest alone, and drawn.
//
// Reading the manifest opens no table and replays no wal: it is quick for any store, and works
// beside a running writer and when tables are damaged.
//
//   level 0  ##                        1.2 MiB  2 tables      10,000 entries
//   level 5  ########                  4.0 MiB  1 table       35,000 entries
//   level 6  ########################  12.0 MiB  3 tables    105,000 entries, 12 deletes
//
// THREADS  pure functions, but read_tree(), which reads files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nacre/result.h"
#include "output.h"

namespace nacre::tool {

struct TableView {
  std::string file;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;
  std::uint64_t data_bytes = 0;  ///< Keys and values before compression.
  std::string smallest;
  std::string largest;
};

struct LevelView {
  int level = 0;
  std::vector<TableView> tables;  // never empty
  /// Sums of the tables.
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;
  std::uint64_t data_bytes = 0;
};

struct FileSizes {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};

struct Tree {
  std::string dir;
  std::vector<LevelView> levels;  // those that hold tables, from the top
  FileSizes tables;
  FileSizes wals;
  FileSizes manifests;
  std::uint64_t entries = 0;
  std::uint64_t deletes = 0;
  std::uint64_t data_bytes = 0;
};

Result<Tree> read_tree(const std::string& dir);

/// A line a level, bars scaled to the largest.
std::string draw_bars(const Tree& tree, const Paint& paint);
/// A line a table with its key range; at most `most` of each level.
std::string draw_tables(const Tree& tree, std::size_t most, const Paint& paint);
/// A key for people: escaped, and cut when long.
std::string short_key(std::string_view key);

}  // namespace nacre::tool
