// How segments that were made ahead are read after a crash: begun or not, and with what the crash
// has left of their beginning.

#include "engine/wal_replay.h"
#include "engine/wal_replay_world.h"

namespace nacre::engine {
namespace {

using test::Contents;

class WalReplayAheadTest : public WalReplayWorld {
 protected:
  /// "a" in 0; 1 made ahead and begun, with "b".
  void begin_two() {
    first_ = begin(0);
    put(*first_, "a");
    second_ = begin_ahead(1, *first_);
    put(*second_, "b");
  }
  /// After begin_two(): "c" in 2, which follows 1.
  void begin_third() {
    third_ = begin(2, after(*second_));
    put(*third_, "c");
  }

  std::unique_ptr<WalWriter> first_;
  std::unique_ptr<WalWriter> second_;
  std::unique_ptr<WalWriter> third_;
};

TEST_F(WalReplayAheadTest, SegmentThatWasMadeAheadAndNotBegunIsPassedOver) {
  const auto first = begin(0);
  put(*first, "a");
  make_ahead(1, *first);
  put(*first, "b");
  const RecoveryInfo info = expect_keys({"a", "b"});
  EXPECT_EQ(info.bytes_dropped, 0U);
  EXPECT_EQ(info.detail, "");
}

TEST_F(WalReplayAheadTest, SegmentThatWasMadeAheadAndBegunIsReplayed) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = make_ahead(1, *first);
  put(*first, "b");
  ASSERT_TRUE(second->link(first->length()).ok());
  ASSERT_TRUE(first->seal().ok());
  put(*second, "c");
  make_ahead(2, *second);
  EXPECT_EQ(expect_keys({"a", "b", "c"}).bytes_dropped, 0U);
}

TEST_F(WalReplayAheadTest, SegmentThatWasBegunAndHasNoRecordsIsPassedOver) {
  const auto first = begin(0);
  put(*first, "a");
  begin_ahead(1, *first);
  EXPECT_EQ(expect_keys({"a"}).bytes_dropped, 0U);
}

// A batch was too large for 1, or it came too late.
TEST_F(WalReplayAheadTest, AnotherThanTheOneMadeAheadIsReplayed) {
  const auto first = begin(0);
  put(*first, "a");
  make_ahead(1, *first);
  const auto third = begin(2, after(*first));
  put(*third, "b");
  expect_keys({"a", "b"});
}

// The link was written last, and could not be believed: the write failed, and so did all else.
TEST_F(WalReplayAheadTest, SegmentThatWasBegunInVainIsPassedOver) {
  const auto first = begin(0);
  put(*first, "a");
  begin_ahead(1, *first);
  put(*first, "b");
  expect_keys({"a", "b"});
}

TEST_F(WalReplayAheadTest, DamageToOneThatWasNotBegunIsHarmless) {
  const auto first = begin(0);
  put(*first, "a");
  make_ahead(1, *first);
  const std::string good = world_.disk().read_file(path(1)).value();
  for (std::size_t at = 0; at < 120; ++at) {
    SCOPED_TRACE(at);
    const auto world = world_.clone();
    const char bad = static_cast<char>(good[at] ^ 0x10);
    ASSERT_TRUE(world->disk().overwrite(path(1), at, std::string_view(&bad, 1)).ok());
    Db db = Db::open(test::kStoreDir, test::tiny_options(*world)).value();
    EXPECT_EQ(test::contents_of(db), (Contents{{"base", "0"}, {"a", "1"}}));
  }
  for (const std::size_t length : {0U, 63U, 64U, 79U, 80U, 4096U}) {
    SCOPED_TRACE(length);
    const auto world = world_.clone();
    ASSERT_TRUE(world->disk().truncate(path(1), length).ok());
    Db db = Db::open(test::kStoreDir, test::tiny_options(*world)).value();
    EXPECT_EQ(test::contents_of(db), (Contents{{"base", "0"}, {"a", "1"}}));
    EXPECT_EQ(db.recovery_info().value().bytes_dropped, 0U);
  }
  ASSERT_TRUE(world_.disk().write_file(path(1), std::string(70'000, '\x5A')).ok());
  expect_keys({"a"});
}

// Power was lost after the begin and before any sync: link, some records, or both are not there.
TEST_F(WalReplayAheadTest, RecordsBehindALostLinkAreDroppedAndReported) {
  begin_two();
  ASSERT_TRUE(world_.disk().overwrite(path(1), kWalHeaderBytes, std::string(16, '\0')).ok());
  const RecoveryInfo info = expect_keys({"a"});
  EXPECT_FALSE(info.clean);
  EXPECT_GT(info.bytes_dropped, 0U);
  EXPECT_NE(info.detail.find(path(1) + ": offset 64"), std::string::npos) << info.detail;
}

TEST_F(WalReplayAheadTest, LinkThatWasSyncedIsNotLost) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin_ahead(1, *first);
  ASSERT_TRUE(second->sync().ok());
  put(*second, "b");
  damage(1, kWalHeaderBytes + 3);
  expect_refused(Code::kCorruption, path(1), "says were synced");
}

// The header was on stable storage before the segment was begun, whatever became of the rest.
TEST_F(WalReplayAheadTest, DamagedHeaderOfOneThatWasMadeAheadAndHasRecordsIsRefused) {
  begin_two();
  damage(1, 24);
  expect_refused(Code::kCorruption, path(1), "header");
}

// 1 was begun, and followed, before a power cut took its link.
TEST_F(WalReplayAheadTest, LostLinkOfAMiddleSegmentEndsTheWal) {
  begin_two();
  begin_third();
  zero(1, kWalHeaderBytes);
  const RecoveryInfo info = expect_keys({"a"});
  EXPECT_FALSE(info.clean);
  EXPECT_NE(info.detail.find(path(1)), std::string::npos) << info.detail;
}

TEST_F(WalReplayAheadTest, LostLinkOfAMiddleSegmentThatWasSyncedIsRefused) {
  begin_two();
  begin_third();
  ASSERT_TRUE(third_->sync().ok());
  put(*third_, "d");
  zero(1, kWalHeaderBytes);
  expect_refused(Code::kCorruption, path(2), "proves that it had been synced");
}

// The one at the floor is the wal also when a power cut has taken its link: what it follows is in
// tables.
TEST_F(WalReplayAheadTest, FloorWithoutItsLinkIsEmptyOrTorn) {
  ASSERT_TRUE(make_ahead(1, *begin(0)) != nullptr);
  ASSERT_TRUE(world_.fs().remove(path(0)).ok());
  ASSERT_TRUE(world_.fs().rename(path(1), path(0)).ok());
  WalHeader header{.identity = {salt_, FileNumber{floor_}},
                   .previous = FileNumber{floor_ - 1},
                   .previous_length = 0,
                   .made_ahead = true};
  const auto bytes = encode_wal_header(header);
  ASSERT_TRUE(
      world_.disk().overwrite(path(0), 0, std::string_view(bytes.data(), bytes.size())).ok());
  const auto torn = world_.clone();
  EXPECT_TRUE(expect_keys({}).clean);
  ASSERT_TRUE(torn->disk().overwrite(path(0), 200, "rest of a record").ok());
  Db db = Db::open(test::kStoreDir, test::tiny_options(*torn)).value();
  EXPECT_EQ(test::contents_of(db), (Contents{{"base", "0"}}));
  EXPECT_FALSE(db.recovery_info().value().clean);
}

// A segment is cut to its length only when its successor was begun, and that is on stable storage.
TEST_F(WalReplayAheadTest, SegmentThatWasCutIsRefusedThoughTheNextWasMadeAhead) {
  const auto first = begin(0);
  put(*first, "a");
  const std::uint64_t end_of_a = first->length();
  put(*first, "b");
  make_ahead(1, *first);
  for (const std::uint64_t length : {first->length(), end_of_a}) {
    SCOPED_TRACE(length);
    ASSERT_TRUE(world_.disk().truncate(path(0), length).ok());
    expect_refused(Code::kCorruption, path(0), "cut");
  }
}

}  // namespace
}  // namespace nacre::engine
