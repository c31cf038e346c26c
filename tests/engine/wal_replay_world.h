// wal_replay_world.h - a store whose wal a test writes by hand, to be opened as after a crash. A
// store makes the rest of the directory; its wal segments are replaced.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/batch_codec.h"
#include "env/sim_env.h"
#include "harness/stores.h"
#include "lsm/file_name.h"
#include "lsm/manifest.h"
#include "nacre/db.h"
#include "wal/wal_writer.h"

namespace nacre::engine {

/// What the header of a segment says of the one before it.
struct Follows {
  std::uint64_t number = 0;  // 0: begins a new chain
  std::uint64_t length = 0;
};

/// A directory whose wal a test writes. Segments are counted from 0, the one at the floor.
class WalReplayWorld : public ::testing::Test {
 protected:
  void SetUp() override {
    Db db = Db::open(test::kStoreDir, test::tiny_options(world_)).value();
    ASSERT_TRUE(db.put("base", "0").ok());
    ASSERT_TRUE(db.close().ok());
    const ManifestContents manifest = recover_manifest(world_.fs(), test::kStoreDir).value();
    salt_ = manifest.identity.salt;
    floor_ = raw(manifest.state.wal_floor.value());
    next_seq_ = manifest.state.last_seq.value() + 1;
    ASSERT_TRUE(world_.fs().remove(path(0)).ok());
  }

  static std::string path_of(std::uint64_t number) {
    return std::string(test::kStoreDir) + "/" + wal_name(FileNumber{number});
  }
  std::string path(std::uint64_t segment) const { return path_of(floor_ + segment); }

  std::unique_ptr<WalWriter> begin(std::uint64_t segment, Follows previous = {}) {
    WalWriter::Options options;
    options.header = {.identity = {salt_, FileNumber{floor_ + segment}},
                      .previous = FileNumber{previous.number},
                      .previous_length = previous.length};
    auto writer = WalWriter::create(world_.fs(), path(segment), options);
    EXPECT_TRUE(writer.ok()) << writer.error().to_string();
    return *std::move(writer);
  }
  /// Made ahead, to follow the segment of this writer; link() begins it.
  std::unique_ptr<WalWriter> make_ahead(std::uint64_t segment, const WalWriter& current) {
    WalWriter::Options options;
    options.header = {.identity = {salt_, FileNumber{floor_ + segment}},
                      .previous = current.number(),
                      .previous_length = 0,
                      .made_ahead = true};
    auto writer = WalWriter::create(world_.fs(), path(segment), options);
    EXPECT_TRUE(writer.ok()) << writer.error().to_string();
    return *std::move(writer);
  }
  /// Made ahead and begun; nothing of that is synced.
  std::unique_ptr<WalWriter> begin_ahead(std::uint64_t segment, const WalWriter& current) {
    auto writer = make_ahead(segment, current);
    EXPECT_TRUE(writer->link(current.length()).ok());
    return writer;
  }
  static Follows after(const WalWriter& writer) { return {raw(writer.number()), writer.length()}; }

  /// Returns where the record begins.
  std::uint64_t put(WalWriter& writer, const std::string& key) {
    const std::uint64_t at = writer.length();
    std::string payload;
    encode_put(payload, key, "1");
    append(writer, payload);
    ++next_seq_;
    return at;
  }
  void append(WalWriter& writer, const std::string& payload) {
    const auto appended = writer.append(next_seq_, payload);
    EXPECT_TRUE(appended.ok()) << appended.error().to_string();
  }

  void damage(std::uint64_t segment, std::uint64_t offset) {
    std::string byte = world_.disk().read_file(path(segment)).value().substr(offset, 1);
    byte[0] = static_cast<char>(byte[0] ^ 0x10);
    ASSERT_TRUE(world_.disk().overwrite(path(segment), offset, byte).ok());
  }
  /// As a crash that lost what was not synced.
  void zero(std::uint64_t segment, std::uint64_t from) {
    ASSERT_TRUE(world_.disk().overwrite(path(segment), from, std::string(1000, '\0')).ok());
  }

  /// Opens the store, which must hold "base" and these keys, and returns what it says about itself.
  RecoveryInfo expect_keys(const std::vector<std::string>& keys) {
    test::Contents expected = {{"base", "0"}};
    for (const std::string& key : keys) expected[key] = "1";
    auto opened = Db::open(test::kStoreDir, test::tiny_options(world_));
    EXPECT_TRUE(opened.ok()) << opened.error().to_string();
    if (!opened.ok()) return {};
    EXPECT_EQ(test::difference(expected, test::contents_of(*opened)), "no difference");
    const RecoveryInfo info = opened->recovery_info().value();
    EXPECT_TRUE(opened->close().ok());
    // It is over: the next open finds nothing to say, and one segment.
    Db again = Db::open(test::kStoreDir, test::tiny_options(world_)).value();
    EXPECT_EQ(test::difference(expected, test::contents_of(again)), "no difference");
    EXPECT_TRUE(again.recovery_info().value().clean);
    EXPECT_EQ(again.recovery_info().value().wal_segments, 1U);
    return info;
  }

  std::map<std::string, std::string> all_bytes() const {
    std::map<std::string, std::string> bytes;
    for (const std::string& file : world_.disk().files()) {
      bytes[file] = world_.disk().read_file(file).value();
    }
    return bytes;
  }

  /// Opens the store, which must refuse, name the file and the reason, and change nothing.
  void expect_refused(Code code, const std::string& file, const std::string& reason) {
    const auto before = all_bytes();
    for (const bool read_only : {false, true}) {
      Options options = test::tiny_options(world_);
      options.read_only = read_only;
      const auto opened = Db::open(test::kStoreDir, options);
      ASSERT_FALSE(opened.ok()) << "read-only " << read_only;
      EXPECT_EQ(opened.error().code(), code);
      const std::string text = opened.error().to_string();
      EXPECT_NE(text.find(file), std::string::npos) << text;
      EXPECT_NE(text.find(reason), std::string::npos) << text;
    }
    EXPECT_EQ(all_bytes(), before);
  }

  SimEnv world_;
  std::uint64_t salt_ = 0;
  std::uint64_t floor_ = 0;
  Seq next_seq_ = 0;
};

}  // namespace nacre::engine
