#include "lsm/manifest.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "lsm/file_name.h"
#include "manifest_samples.h"

namespace nacre::test {
namespace {

TEST(ManifestFormat, TheBytesNeverChange) {
  EXPECT_EQ(encode_current(FileNumber{1}), "MANIFEST-000001 b3b717dc75364548\n");
  EXPECT_EQ(to_hex(encode_manifest_header(identity(), FileNumber{7})),
            "4e414352454d414e"                  // NACREMAN
            "01000000000000000000000000000000"  // format, zero, features
            "efcdab8967452301"                  // salt
            "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"  // store id
            "0700000000000000"                  // manifest number
            "0041b1bc0f5b573f");                // checksum
  std::string payload;
  Edit edit;
  edit.next_file = FileNumber{300};
  encode_edit(edit, payload);
  const std::uint64_t seed = manifest_seed(identity(), FileNumber{7});
  EXPECT_EQ(to_hex(encode_manifest_record({seed, 200}, ManifestKind::kEdit, payload)),
            "a000b691d258795c"    // checksum
            "0400000002000000"    // length, kind
            "0bdb7aaf61413cba"    // guard
            "0302ac0200000000");  // the edit, padded
}

TEST(ManifestFormat, CurrentIsReadExactly) {
  const std::string line = encode_current(FileNumber{12});
  EXPECT_EQ(parse_current(line), FileNumber{12});
  for (std::size_t i = 0; i < line.size(); ++i) {
    EXPECT_FALSE(parse_current(line.substr(0, i)).has_value());
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = line;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_FALSE(parse_current(bad).has_value()) << escape(bad);
    }
  }
  EXPECT_FALSE(parse_current(line + "\n").has_value());
  EXPECT_FALSE(parse_current(" " + line).has_value());
  EXPECT_FALSE(parse_current("").has_value());
}

TEST(Manifest, WhatWasAppendedIsRecovered) {
  SmallDisk disk;
  auto manifest =
      Manifest::create(disk, "db", FileNumber{7}, identity(), snapshot_edit(10)).value();
  ASSERT_TRUE(manifest->append(flush_edit(20)).ok());
  Edit move = edit_from_lines({"-L1 3", "+L2 3:[m..p]@1-2"});
  move.applied_index = 4;
  ASSERT_TRUE(manifest->append(move).ok());

  const ManifestContents contents = recover_manifest(disk, "db").value();
  EXPECT_EQ(contents.identity, identity());
  EXPECT_EQ(contents.number, FileNumber{7});
  EXPECT_EQ(contents.edits, (std::vector<Edit>{snapshot_edit(10), flush_edit(20), move}));
  EXPECT_EQ(contents.bytes, manifest->bytes());
  EXPECT_EQ(contents.bytes, disk.files()["MANIFEST-000007"].size());
  EXPECT_FALSE(contents.torn.has_value());
  EXPECT_EQ(render(contents.state),
            "order bytewise, next_file 21, last_seq 209, wal_floor 20, applied 4, "
            "+L0 5:[a..c]@5-9, +L0 20:[a..z]@200-209, +L1 2:[a..c]@1-2, +L2 3:[m..p]@1-2");
}

TEST(Manifest, WritesInTheOrderThatSurvivesPowerCuts) {
  // The sweep below proves it; this names what every step costs: three syncs of files and
  // directory before CURRENT is switched, one after, and one for each append.
  SmallDisk disk;
  auto manifest =
      Manifest::create(disk, "db", FileNumber{7}, identity(), snapshot_edit(10)).value();
  // create, append, sync, sync_dir | create, append, sync, rename, sync_dir
  EXPECT_EQ(disk.changes(), 9U);
  ASSERT_TRUE(manifest->append(flush_edit(20)).ok());
  EXPECT_EQ(disk.changes(), 11U);
}

TEST(Manifest, RefusesToWriteWhatItWouldNotRead) {
  SmallDisk disk;
  Edit no_order = snapshot_edit(10);
  no_order.states_order = false;
  EXPECT_FALSE(Manifest::create(disk, "db", FileNumber{7}, identity(), no_order).ok());
  EXPECT_FALSE(Manifest::create(disk, "db", FileNumber{10}, identity(), snapshot_edit(10)).ok());
  EXPECT_EQ(disk.changes(), 0U);

  auto manifest =
      Manifest::create(disk, "db", FileNumber{7}, identity(), snapshot_edit(10)).value();
  const std::uint64_t bytes = manifest->bytes();
  Edit unknown_number = flush_edit(20);
  unknown_number.next_file = FileNumber{20};
  EXPECT_FALSE(manifest->append(unknown_number).ok());
  Edit huge;
  huge.reason = std::string(kEditBytesMax, 'x');
  EXPECT_EQ(manifest->append(huge).code(), Code::kInvalid);
  EXPECT_EQ(manifest->bytes(), bytes);
  // Nothing was written, so the manifest goes on.
  EXPECT_TRUE(manifest->append(flush_edit(20)).ok());
  EXPECT_EQ(manifest->counters().next_file, FileNumber{21});
}

TEST(Manifest, WantsRotationWhenItHasGrown) {
  SmallDisk disk;
  auto manifest =
      Manifest::create(disk, "db", FileNumber{7}, identity(), snapshot_edit(10)).value();
  Edit edit;
  edit.reason = std::string(100'000, 'x');
  int appends = 0;
  for (; !manifest->wants_rotation(); ++appends) ASSERT_TRUE(manifest->append(edit).ok());
  EXPECT_EQ(appends, 11);  // the first time above 1 MiB

  Edit large = snapshot_edit(10);
  large.reason = std::string(1'000'000, 'x');
  manifest = Manifest::create(disk, "db", FileNumber{8}, identity(), large).value();
  EXPECT_FALSE(manifest->wants_rotation());
  for (appends = 0; !manifest->wants_rotation(); ++appends) {
    ASSERT_TRUE(manifest->append(edit).ok());
  }
  EXPECT_EQ(appends, 30);  // three more times the snapshot, and a little
}

TEST(Manifest, AFailureIsForGood) {
  for (const std::size_t which : {0, 1}) {  // the write, the sync
    SmallDisk disk;
    auto manifest =
        Manifest::create(disk, "db", FileNumber{7}, identity(), snapshot_edit(10)).value();
    disk.fail_at(disk.changes() + which, false);
    const Status first = manifest->append(flush_edit(20));
    ASSERT_FALSE(first.ok());
    const std::size_t changes = disk.changes();
    const Status second = manifest->append(flush_edit(21));
    EXPECT_EQ(second.to_string(), first.to_string());
    EXPECT_EQ(disk.changes(), changes) << "wrote to a poisoned manifest";
  }
}

TEST(Manifest, NeverOverwritesAnother) {
  const Small small = small_store(1);
  SmallDisk disk(small.files);
  EXPECT_FALSE(Manifest::create(disk, "db", FileNumber{7}, identity(), snapshot_edit(10)).ok());
  EXPECT_EQ(disk.files(), small.files);
}

}  // namespace
}  // namespace nacre::test
