#include "harness/stores.h"

#include <gtest/gtest.h>

namespace nacre::test {

namespace {

Contents collect(Scan scan) {
  Contents contents;
  for (const auto& [key, value] : scan) contents.emplace(key, value);
  EXPECT_TRUE(scan.status().ok()) << scan.status().to_string();
  return contents;
}

}  // namespace

Contents contents_of(const Db& db) { return collect(db.scan(Range::all())); }
Contents contents_backwards(const Db& db) {
  return collect(db.scan(ScanOptions{.range = {}, .reverse = true, .snapshot = nullptr}));
}

Options tiny_options(Env& env) {
  Options options;
  options.env = &env;
  options.memory_bytes = 1 << 20;
  options.memtable_bytes = 16 << 10;
  options.table_bytes = 16 << 10;
  options.block_bytes = 256;
  options.level0_tables = 2;
  options.level_multiplier = 2;
  return options;
}

}  // namespace nacre::test
