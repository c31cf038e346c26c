// What recovery makes of directories and manifests that are damaged, foreign, newer or hostile.

#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/random.h"
#include "fuzz/manifest_fuzz.h"
#include "lsm/file_name.h"
#include "lsm/manifest.h"
#include "manifest_samples.h"

namespace nacre::test {
namespace {

TEST(Recover, SaysWhyThereIsNoStore) {
  EXPECT_EQ(recover_error({}), "not found: db: there is no store here");
  EXPECT_EQ(recover_error({{"LOCK", ""}}), "not found: db: there is no store here");
  // A first create() that was cut off.
  EXPECT_EQ(recover_error({{"LOCK", ""}, {"MANIFEST-000001", "NACRE"}, {"CURRENT.tmp", "M"}}),
            "not found: db: there is no store here");
  EXPECT_EQ(recover_error({{"LOCK", ""}, {"photo.jpg", ""}, {"notes", ""}}),
            "invalid: db: not a Nacre store: it has no CURRENT and holds notes");
  const std::string remedy =
      "; restore the store from a backup or a checkpoint, nothing was changed";
  EXPECT_EQ(recover_error({{"000012.tbl", ""}, {"MANIFEST-000001", ""}}),
            "corruption: db/CURRENT: missing, but there is 000012.tbl" + remedy);
  EXPECT_EQ(recover_error({{"000013.wal", ""}}),
            "corruption: db/CURRENT: missing, but there is 000013.wal" + remedy);
  Files files = small_store(1).files;
  files["CURRENT"] = "MANIFEST-000007\n";
  EXPECT_EQ(recover_error(files),
            "corruption: db/CURRENT: offset 0: it does not name a manifest" + remedy);
  files["CURRENT"] = std::string(1'000, 'M');
  EXPECT_EQ(recover_error(files),
            "corruption: db/CURRENT: offset 128: the file is longer than it can be" + remedy);
  files["CURRENT"] = encode_current(FileNumber{8});
  EXPECT_EQ(recover_error(files),
            "corruption: db/MANIFEST-000008: missing, but CURRENT names it" + remedy);
  files["MANIFEST-000008"] = files["MANIFEST-000007"];
  EXPECT_EQ(recover_error(files),
            "corruption: db/MANIFEST-000008: offset 48: it is manifest 7 under another name");
}

/// Sets a header field and makes the checksum right again.
std::string with_header(std::string file, std::size_t at, std::uint32_t value) {
  store(file.data() + at, value);
  const std::uint64_t seed = manifest_seed(identity(), FileNumber{7});
  store(file.data() + 56, hash64(std::string_view(file).substr(0, 56), seed));
  return file;
}

TEST(Recover, RefusesWhatANewerNacreWrote) {
  Files files = small_store(1).files;
  const std::string good = files["MANIFEST-000007"];
  files["MANIFEST-000007"] = with_header(good, 8, 2);
  EXPECT_EQ(recover_error(files), "unsupported: db/MANIFEST-000007: written by a newer Nacre");
  files["MANIFEST-000007"] = with_header(good, 20, 1);
  EXPECT_EQ(recover_error(files), "unsupported: db/MANIFEST-000007: written by a newer Nacre");
  files["MANIFEST-000007"] = with_header(good, 8, 0);
  EXPECT_EQ(recover_error(files), "corruption: db/MANIFEST-000007: offset 8: not a format");
  const std::uint64_t seed = manifest_seed(identity(), FileNumber{7});
  files["MANIFEST-000007"] =
      good + encode_manifest_record({seed, good.size()}, static_cast<ManifestKind>(3), "");
  EXPECT_EQ(recover_error(files),
            "unsupported: db/MANIFEST-000007: a record of kind 3: written by a newer Nacre");
  files["MANIFEST-000007"] =
      good + encode_manifest_record({seed, good.size()}, ManifestKind::kEdit, "\x11\x01x");
  EXPECT_EQ(recover_error(files), "unsupported: db/MANIFEST-000007: record at offset " +
                                      std::to_string(good.size()) +
                                      ": it needs feature 17: written by a newer Nacre");
}

/// The error of a manifest whose records are right in every byte but say what can't be.
std::string forged_error(const std::vector<std::pair<ManifestKind, Edit>>& records) {
  const std::uint64_t seed = manifest_seed(identity(), FileNumber{7});
  std::string file = encode_manifest_header(identity(), FileNumber{7});
  for (const auto& [kind, edit] : records) {
    std::string payload;
    encode_edit(edit, payload);
    file += encode_manifest_record({seed, file.size()}, kind, payload);
  }
  const auto contents = decode_manifest(file, FileNumber{7}, "M");
  const std::string error = contents.ok() ? "ok" : contents.error().to_string();
  return error.substr(0, error.find("; restore"));
}

TEST(Recover, RefusesHistoryThatCannotBe) {
  constexpr auto kSnapshot = ManifestKind::kSnapshot;
  constexpr auto kEdit = ManifestKind::kEdit;
  const Edit good = snapshot_edit(10);
  const std::string order = "the snapshot must be the first record, and only the first";
  EXPECT_EQ(forged_error({{kSnapshot, good}, {kEdit, flush_edit(20)}}), "ok");
  EXPECT_EQ(forged_error({{kEdit, good}}), "corruption: M: offset 64: " + order);
  EXPECT_EQ(forged_error({{kSnapshot, good}, {kSnapshot, good}}).substr(0, 12), "corruption: ");
  EXPECT_EQ(forged_error({}), "corruption: M: offset 64: the first record is damaged");
  Edit no_order = good;
  no_order.states_order = false;
  EXPECT_EQ(forged_error({{kSnapshot, no_order}}),
            "corruption: M: offset 64: the snapshot does not state the order of the keys");
  Edit low = good;
  low.next_file = FileNumber{7};
  EXPECT_EQ(forged_error({{kSnapshot, low}}),
            "corruption: M: offset 64: the next file is not above the manifest itself");
  EXPECT_EQ(forged_error({{kSnapshot, good}, {kEdit, flush_edit(20)}, {kEdit, flush_edit(19)}})
                .substr(27),
            "next file goes back from 21 to 20");
  Edit overlap = flush_edit(20);
  overlap.added[0].level = 1;
  EXPECT_NE(forged_error({{kSnapshot, good}, {kEdit, overlap}})
                .find("000002.tbl and 000020.tbl in level 1: their key ranges overlap"),
            std::string::npos);
}

TEST(Recover, EveryFlippedBitIsFound) {
  const Small small = small_store(3);
  const std::string good = small.files.at("MANIFEST-000007");
  const ManifestContents all = recover(small.files).value();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Files files = small.files;
      files["MANIFEST-000007"][at] = static_cast<char>(good[at] ^ (1 << bit));
      const Result<ManifestContents> contents = recover(files);
      if (at < small.offsets.back()) {
        ASSERT_FALSE(contents.ok()) << at;
        EXPECT_NE(contents.error().message().find("db/MANIFEST-000007: offset"),
                  std::string_view::npos);
        continue;
      }
      // The last record might have been cut off by a crash: it is dropped, and that is told.
      if (!contents.ok()) continue;
      ASSERT_TRUE(contents->torn.has_value()) << at;
      EXPECT_EQ(contents->torn->offset, small.offsets.back());
      EXPECT_EQ(contents->torn->bytes, good.size() - small.offsets.back());
      EXPECT_EQ(contents->edits, std::vector<Edit>(all.edits.begin(), all.edits.end() - 1));
    }
  }
}

TEST(Recover, DamageBeforeATornRecordIsCorruption) {
  // The last record was begun, so the one before it had been synced: it may not be dropped, even
  // though nothing whole stands behind it.
  const Small small = small_store(3);
  const std::uint64_t damaged = small.offsets[2];
  for (const std::uint64_t at : {damaged, damaged + 8, damaged + 16, damaged + 30}) {
    Files files = small.files;
    std::string& file = files["MANIFEST-000007"];
    file[at] = static_cast<char>(file[at] ^ 1);
    file.resize(small.offsets[3] + 24);
    const Result<ManifestContents> contents = recover(files);
    ASSERT_FALSE(contents.ok()) << at;
    EXPECT_EQ(contents.error().code(), Code::kCorruption);
  }
  // Where its own header is whole, one byte behind it is enough.
  Files files = small.files;
  files["MANIFEST-000007"][damaged + 30] ^= 1;
  files["MANIFEST-000007"].resize(small.offsets[3] + 1);
  EXPECT_EQ(recover(files).status().code(), Code::kCorruption);
}

TEST(Recover, EveryTruncationIsAPrefixOrRefused) {
  const Small small = small_store(3);
  const std::string good = small.files.at("MANIFEST-000007");
  for (std::size_t size = 0; size < good.size(); ++size) {
    Files files = small.files;
    files["MANIFEST-000007"].resize(size);
    const Result<ManifestContents> contents = recover(files);
    if (size < small.offsets[1]) {
      ASSERT_FALSE(contents.ok()) << size;  // CURRENT proves that the snapshot was synced
      EXPECT_EQ(contents.error().code(), Code::kCorruption);
      continue;
    }
    ASSERT_TRUE(contents.ok()) << size << ": " << contents.error().to_string();
    std::size_t whole = 0;
    while (whole + 1 < small.offsets.size() && small.offsets[whole + 1] <= size) ++whole;
    EXPECT_EQ(contents->edits.size(), std::max<std::size_t>(whole, 1));
    EXPECT_EQ(contents->torn.has_value(), size != small.offsets[whole]) << size;
    // Zeros behind it are a length that reached the disk before its bytes.
    files["MANIFEST-000007"].resize(good.size(), '\0');
    if (files["MANIFEST-000007"] == good) continue;  // only the padding had gone
    const Result<ManifestContents> zeros = recover(files);
    if (!zeros.ok()) continue;
    EXPECT_LE(zeros->edits.size(), whole + 1);
    EXPECT_TRUE(zeros->torn.has_value());
  }
}

TEST(Recover, EveryDamagedByteOfCurrentIsFound) {
  const Small small = small_store(1);
  const std::string good = small.files.at("CURRENT");
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      Files files = small.files;
      files["CURRENT"][at] = static_cast<char>(byte);
      if (files["CURRENT"] == good) continue;
      EXPECT_EQ(recover(files).status().code(), Code::kCorruption) << at << " " << byte;
    }
    Files files = small.files;
    files["CURRENT"].resize(at);
    EXPECT_EQ(recover(files).status().code(), Code::kCorruption) << at;
  }
}

TEST(Recover, RecordsOfAnotherPlaceOrStoreDoNotCount) {
  const Small small = small_store(2);
  const std::string good = small.files.at("MANIFEST-000007");
  const std::string last = good.substr(small.offsets.back());
  // The last record once more behind itself: valid bytes, but not of this offset.
  Files files = small.files;
  files["MANIFEST-000007"] += last;
  const ManifestContents contents = recover(files).value();
  EXPECT_EQ(contents.edits.size(), 3U);
  EXPECT_EQ(contents.torn->bytes, last.size());
  // A record at its offset, but of another manifest of this store.
  const std::uint64_t other = manifest_seed(identity(), FileNumber{6});
  files["MANIFEST-000007"] =
      good + encode_manifest_record({other, good.size()}, ManifestKind::kEdit, "");
  EXPECT_TRUE(recover(files).value().torn.has_value());
}

TEST(Recover, HostileTailsAreJudgedInTime) {
  // A long record seems to begin at every third word: hashing them all would take hours.
  const Small small = small_store(1);
  std::string file = small.files.at("MANIFEST-000007");
  const std::uint64_t start = file.size();
  constexpr std::uint64_t kBytes = 8 << 20;
  file.resize(start + kBytes, '\x7f');
  const std::uint64_t seed = manifest_seed(identity(), FileNumber{7});
  for (std::uint64_t at = start + 8; at + 24 <= file.size(); at += 24) {
    const std::uint64_t kind_and_length = std::uint64_t{2} << 32 | (file.size() - at - 24) / 8 * 8;
    store(file.data() + at + 8, kind_and_length);
    store(file.data() + at + 16, mix_seed(mix_seed(seed, at), kind_and_length));
  }
  Files files = small.files;
  files["MANIFEST-000007"] = file;
  EXPECT_EQ(recover(files).status().code(), Code::kCorruption);
}

TEST(Recover, HostileBytesNeverDoHarm) {
  // Rows of records with right checksums; their payloads are good ones with a few bytes changed.
  std::string snapshot;
  encode_edit(snapshot_edit(10), snapshot);
  std::string flush;
  encode_edit(flush_edit(20), flush);
  int accepted = 0;
  for (std::uint64_t seed = 1; seed <= 5'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::string records;
    for (const std::string* payload : {&snapshot, &flush}) {
      records += static_cast<char>(payload == &snapshot ? 1 : 2);
      records += static_cast<char>(payload->size());
      records += *payload;
    }
    for (std::uint64_t n = random.below(4); n > 0; --n) {
      records[random.below(records.size())] = static_cast<char>(random.next());
    }
    std::string file = with_checksums(records);
    accepted += exercise_manifest(file) ? 1 : 0;
    exercise_edit(records.substr(random.below(records.size())));
    // And with wrong ones: bytes changed, cut out, put in.
    for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
      const std::uint64_t at = random.below(file.size());
      if (random.one_in(4)) {
        file.erase(at, random.below(16));
      } else {
        file[at] = static_cast<char>(random.next());
      }
      if (file.empty()) break;
    }
    exercise_manifest(file);
  }
  EXPECT_GT(accepted, 1'000);
  EXPECT_LT(accepted, 4'500);
}

}  // namespace
}  // namespace nacre::test
