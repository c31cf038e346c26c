#include "lsm/file_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nacre {
namespace {

TEST(FileName, NamesAreWhatTheyAre) {
  EXPECT_EQ(file_name(FileType::kCurrent), "CURRENT");
  EXPECT_EQ(file_name(FileType::kCurrentTemp), "CURRENT.tmp");
  EXPECT_EQ(file_name(FileType::kLock), "LOCK");
  EXPECT_EQ(manifest_name(FileNumber{1}), "MANIFEST-000001");
  EXPECT_EQ(table_name(FileNumber{12}), "000012.tbl");
  EXPECT_EQ(wal_name(FileNumber{13}), "000013.wal");
  EXPECT_EQ(table_name(FileNumber{1'234'567}), "1234567.tbl");
}

TEST(FileName, EveryNameComesBack) {
  constexpr std::uint64_t kMax = raw(kFileNumberMax);
  for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{999'999}, std::uint64_t{1'000'000},
                                std::uint64_t{10'000'000}, kMax - 1, kMax}) {
    for (const FileType type : {FileType::kManifest, FileType::kTable, FileType::kWal}) {
      const FileName expected{type, FileNumber{n}};
      EXPECT_EQ(parse_file_name(file_name(type, FileNumber{n})), expected) << n;
    }
  }
  for (const FileType type : {FileType::kCurrent, FileType::kCurrentTemp, FileType::kLock}) {
    EXPECT_EQ(parse_file_name(file_name(type)), (FileName{type, FileNumber{0}}));
  }
}

constexpr std::string_view kRejects[] = {
    "",
    ".",
    "..",
    "/",
    "current",
    "CURRENT ",
    " CURRENT",
    "CURRENT.",
    "CURRENT.tmp2",
    "CURRENT.TMP",
    "XCURRENT",
    "CURRENTX",
    "lock",
    "LOCK.",
    "LOCKED",
    "MANIFEST",
    "MANIFEST-",
    "MANIFEST-1",
    "MANIFEST-00001",
    "MANIFEST-0000001",
    "MANIFEST-000000",
    "MANIFEST-00000x",
    "MANIFEST-+00001",
    "MANIFEST--00001",
    "MANIFEST- 00001",
    "MANIFEST-000001 ",
    "MANIFEST-000001.tmp",
    "MANIFEST-000001.tbl",
    "MANIFEST_000001",
    "manifest-000001",
    "MANIFEST-18446744073709551616",
    ".tbl",
    "tbl",
    "1.tbl",
    "12.tbl",
    "00012.tbl",
    "0000012.tbl",
    "000000.tbl",
    "0.tbl",
    "+12.tbl",
    "+00012.tbl",
    "-00012.tbl",
    " 00012.tbl",
    "000012 .tbl",
    "0x0012.tbl",
    "00001a.tbl",
    "000012.TBL",
    "000012.tb",
    "000012.tbl.",
    "000012.tblx",
    "000012.tbl.tmp",
    "000012.tbl ",
    "000012",
    "000012.",
    "000012.sst",
    "000012.log",
    "000012.wal.tbl",
    "000012..tbl",
    "./000012.tbl",
    "../000012.tbl",
    "a/000012.tbl",
    "72057594037927936.tbl",  // 2^56
    "18446744073709551615.tbl",
    "18446744073709551616.tbl",
    "99999999999999999999.tbl",
    "184467440737095516150.wal",
    "12.wal",
    "000013.wals",
    "1e0006.wal",
    "lost+found",
};

TEST(FileName, EverythingElseIsNotOurs) {
  for (const std::string_view name : kRejects) {
    EXPECT_FALSE(parse_file_name(name).has_value()) << name;
  }
  EXPECT_FALSE(parse_file_name(std::string_view("000012.tbl\0", 11)).has_value());
  EXPECT_FALSE(parse_file_name(std::string_view("\0", 1)).has_value());
  EXPECT_FALSE(parse_file_name(std::string_view("00000\0"
                                                "2.tbl",
                                                11))
                   .has_value());
  // Arabic digits in UTF-8.
  EXPECT_FALSE(parse_file_name("00001\xd9\xa1.tbl").has_value());
}

TEST(FileName, NumbersGoOnAboveEveryFileOfOurs) {
  const auto above = [](const std::vector<std::string>& names) { return raw(number_above(names)); };
  EXPECT_EQ(above({}), 1U);
  EXPECT_EQ(above({"LOCK", "CURRENT", "CURRENT.tmp", "photo.jpg", "99.tbl"}), 1U);
  EXPECT_EQ(above({"000012.tbl", "MANIFEST-000030", "000013.wal", "0000099.tbl"}), 31U);
  EXPECT_EQ(above({"1234567.wal", "000001.tbl"}), 1'234'568U);
}

TEST(FileName, PathsHaveOneSlash) {
  EXPECT_EQ(join_path("a/b", "LOCK"), "a/b/LOCK");
  EXPECT_EQ(join_path("a/b/", "LOCK"), "a/b/LOCK");
  EXPECT_EQ(join_path("/", "LOCK"), "/LOCK");
  EXPECT_EQ(join_path("", "LOCK"), "LOCK");
}

}  // namespace
}  // namespace nacre
