// manifest_samples.h - small manifests, and what recovery says of them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lsm/manifest.h"
#include "lsm_test_text.h"
#include "small_disk.h"

namespace nacre::test {

using Files = std::map<std::string, std::string>;

inline StoreIdentity identity() {
  StoreIdentity identity;
  identity.salt = 0x0123456789ABCDEF;
  for (std::uint8_t i = 0; i < 16; ++i) identity.id[i] = static_cast<std::uint8_t>(0xA0 + i);
  return identity;
}

inline Edit snapshot_edit(std::uint64_t next_file) {
  Edit edit = edit_from_lines({"+L0 5:[a..c]@5-9", "+L1 3:[m..p]@1-2 2:[a..c]@1-2"});
  edit.states_order = true;
  edit.next_file = FileNumber{next_file};
  edit.last_seq = 9;
  edit.reason = "snapshot";
  return edit;
}

/// The edit of a flush into table `number`.
inline Edit flush_edit(std::uint64_t number) {
  const std::string seqs = std::to_string(number * 10) + "-" + std::to_string(number * 10 + 9);
  Edit edit = edit_from_lines({"+L0 " + std::to_string(number) + ":[a..z]@" + seqs});
  edit.next_file = FileNumber{number + 1};
  edit.last_seq = number * 10 + 9;
  edit.wal_floor = FileNumber{number};
  edit.reason = "flush";
  return edit;
}

/// A manifest of a snapshot and `edits` flushes, and where each record begins.
struct Small {
  Files files;
  std::vector<std::uint64_t> offsets;
};
inline Small small_store(std::uint64_t edits) {
  SmallDisk disk;
  auto manifest =
      Manifest::create(disk, "db", FileNumber{7}, identity(), snapshot_edit(10)).value();
  Small small;
  small.offsets.push_back(kManifestHeaderBytes);
  for (std::uint64_t i = 0; i < edits; ++i) {
    small.offsets.push_back(manifest->bytes());
    EXPECT_TRUE(manifest->append(flush_edit(20 + i)).ok());
  }
  small.files = disk.files();
  return small;
}

inline Result<ManifestContents> recover(const Files& files) {
  SmallDisk disk(files);
  Result<ManifestContents> contents = recover_manifest(disk, "db");
  EXPECT_EQ(disk.changes(), 0U) << "recovery wrote";
  return contents;
}

inline std::string recover_error(const Files& files) {
  const Result<ManifestContents> contents = recover(files);
  return contents.ok() ? "ok" : contents.error().to_string();
}

}  // namespace nacre::test
