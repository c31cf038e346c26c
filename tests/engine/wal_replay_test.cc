// How a row of wal segments is read after a crash: the rules of engine/recovery.h, each with a
// directory made by hand.

#include "engine/wal_replay.h"

#include "engine/wal_replay_world.h"

namespace nacre::engine {
namespace {

using test::Contents;

class WalReplayTest : public WalReplayWorld {};

TEST_F(WalReplayTest, WholeChainIsReplayed) {
  const auto first = begin(0);
  put(*first, "a");
  put(*first, "b");
  const auto second = begin(1, after(*first));
  put(*second, "c");
  const auto third = begin(2, after(*second));
  const RecoveryInfo info = expect_keys({"a", "b", "c"});
  EXPECT_FALSE(info.clean);
  EXPECT_EQ(info.wal_segments, 3U);
  EXPECT_EQ(info.records_replayed, 3U);
  EXPECT_EQ(info.bytes_dropped, 0U);
  EXPECT_EQ(info.detail, "");
}

TEST_F(WalReplayTest, SealedSegmentsMayBeShort) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin(1, after(*first));
  ASSERT_TRUE(first->seal().ok());
  put(*second, "b");
  EXPECT_EQ(expect_keys({"a", "b"}).bytes_dropped, 0U);
}

TEST_F(WalReplayTest, NothingWritten) {
  begin(0);
  EXPECT_TRUE(expect_keys({}).clean);
}

// -- A torn end
// ------------------------------------------------------------------------------------

TEST_F(WalReplayTest, TornTailIsDroppedAndReported) {
  const auto first = begin(0);
  put(*first, "a");
  const std::uint64_t at = put(*first, "b");
  put(*first, "c");
  damage(0, at + kWalRecordHeaderBytes);
  const RecoveryInfo info = expect_keys({"a"});
  EXPECT_FALSE(info.clean);
  EXPECT_EQ(info.records_replayed, 1U);
  EXPECT_GT(info.bytes_dropped, wal_record_bytes(0));
  EXPECT_LE(info.bytes_dropped, first->length() - at);
  EXPECT_NE(info.detail.find(path(0) + ": offset " + std::to_string(at)), std::string::npos)
      << info.detail;
}

TEST_F(WalReplayTest, RecordThatWasSyncedIsNoTornTail) {
  const auto first = begin(0);
  const std::uint64_t at = put(*first, "a");
  ASSERT_TRUE(first->sync().ok());
  put(*first, "b");
  damage(0, at + kWalRecordHeaderBytes);
  expect_refused(Code::kCorruption, path(0), "offset " + std::to_string(at));
}

TEST_F(WalReplayTest, TornMiddleSegmentEndsTheWal) {
  const auto first = begin(0);
  put(*first, "a");
  const std::uint64_t at = put(*first, "b");
  const auto second = begin(1, after(*first));
  put(*second, "c");
  damage(0, at + kWalRecordHeaderBytes);
  const RecoveryInfo info = expect_keys({"a"});
  EXPECT_GT(info.bytes_dropped, second->length() - kWalHeaderBytes) << "\"c\" is dropped too";
  EXPECT_NE(info.detail.find(path(0)), std::string::npos) << info.detail;
}

TEST_F(WalReplayTest, LaterSegmentProvesThatATornOneWasSynced) {
  const auto first = begin(0);
  put(*first, "a");
  const std::uint64_t at = put(*first, "b");
  const auto second = begin(1, after(*first));
  put(*second, "c");
  ASSERT_TRUE(second->sync().ok());
  put(*second, "d");
  damage(0, at + kWalRecordHeaderBytes);
  expect_refused(Code::kCorruption, path(1), "proves that it had been synced");
}

// -- A lost end
// ------------------------------------------------------------------------------------

TEST_F(WalReplayTest, LostTailOfAMiddleSegmentIsDroppedAndReported) {
  const auto first = begin(0);
  put(*first, "a");
  const std::uint64_t at = put(*first, "b");
  const auto second = begin(1, after(*first));
  put(*second, "c");
  zero(0, at);
  const RecoveryInfo info = expect_keys({"a"});
  EXPECT_FALSE(info.clean);
  EXPECT_GT(info.bytes_dropped, 0U);
  EXPECT_NE(info.detail.find(path(0) + ": offset " + std::to_string(at)), std::string::npos)
      << info.detail;
}

TEST_F(WalReplayTest, LostTailThatWasSyncedIsRefused) {
  const auto first = begin(0);
  put(*first, "a");
  const std::uint64_t at = put(*first, "b");
  const auto second = begin(1, after(*first));
  put(*second, "c");
  ASSERT_TRUE(second->sync().ok());
  put(*second, "d");
  zero(0, at);
  expect_refused(Code::kCorruption, path(0), "proves that it had been synced");
}

TEST_F(WalReplayTest, ProofMayComeFromAnySegmentBehind) {
  const auto first = begin(0);
  const std::uint64_t at = put(*first, "a");
  const auto second = begin(1, after(*first));
  put(*second, "b");
  const auto third = begin(2, after(*second));
  put(*third, "c");
  ASSERT_TRUE(third->sync().ok());
  put(*third, "d");
  zero(0, at);
  expect_refused(Code::kCorruption, path(2), "proves that it had been synced");
}

TEST_F(WalReplayTest, RecordsBehindTheNamedEndAreRefused) {
  const auto first = begin(0);
  put(*first, "a");
  const Follows end = after(*first);
  put(*first, "b");
  const auto second = begin(1, end);
  put(*second, "c");
  expect_refused(Code::kCorruption, path(1), "has records up to");
}

// -- A missing segment
// -----------------------------------------------------------------------------

TEST_F(WalReplayTest, MissingFirstSegmentIsRefused) {
  const auto first = begin(0);
  const auto second = begin(1, after(*first));
  put(*second, "b");
  ASSERT_TRUE(world_.fs().remove(path(0)).ok());
  expect_refused(Code::kCorruption, path(0), "missing");
}

TEST_F(WalReplayTest, MissingOnlySegmentIsRefused) {
  expect_refused(Code::kCorruption, path(0), "missing");
}

TEST_F(WalReplayTest, MissingMiddleSegmentIsRefused) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin(1, after(*first));
  const auto third = begin(2, after(*second));
  ASSERT_TRUE(world_.fs().remove(path(1)).ok());
  expect_refused(Code::kCorruption, path(2), "missing");
}

TEST_F(WalReplayTest, NumbersMayHaveGaps) {  // tables and manifests take numbers as well
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin(5, after(*first));
  put(*second, "b");
  expect_keys({"a", "b"});
}

TEST_F(WalReplayTest, SegmentsBelowTheFloorAreNotRead) {
  const auto first = begin(0);
  put(*first, "a");
  ASSERT_TRUE(world_.disk().write_file(path_of(1), "left over").ok());
  EXPECT_EQ(expect_keys({"a"}).files_removed, 1U);
}

// -- A new chain
// -----------------------------------------------------------------------------------

TEST_F(WalReplayTest, EmptyNewChainIsAnOpenThatWasCutShort) {
  const auto first = begin(0);
  put(*first, "a");
  begin(1);
  const RecoveryInfo info = expect_keys({"a"});
  EXPECT_EQ(info.records_replayed, 1U);
  EXPECT_EQ(info.bytes_dropped, 0U);
}

TEST_F(WalReplayTest, EmptyNewChainBehindATornTail) {
  const auto first = begin(0);
  put(*first, "a");
  const std::uint64_t at = put(*first, "b");
  damage(0, at + kWalRecordHeaderBytes);
  begin(1);
  const RecoveryInfo info = expect_keys({"a"});
  EXPECT_GT(info.bytes_dropped, 0U);
  EXPECT_NE(info.detail.find(path(0)), std::string::npos) << info.detail;
}

// Whoever writes into a new chain has first put the old one into tables and raised the floor.
TEST_F(WalReplayTest, NewChainWithRecordsIsRefused) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin(1);
  put(*second, "b");
  expect_refused(Code::kCorruption, path(1), "proves that it had been synced");
}

// -- What an earlier open has dropped
// ------------------------------------------------------------------

// It dropped the end of the first segment and all of the second, and began the third. The second is
// still there when its removal was lost.
TEST_F(WalReplayTest, SegmentsThatAnOpenHasDroppedStayDropped) {
  const auto first = begin(0);
  put(*first, "a");
  const Follows end = after(*first);
  const Seq seq = next_seq_;
  put(*first, "dropped");
  const auto second = begin(1, after(*first));
  put(*second, "dropped too");
  const auto third = begin(2, after(*second));
  put(*third, "and this");
  ASSERT_TRUE(world_.disk().truncate(path(0), end.length).ok());
  next_seq_ = seq;
  const auto fourth = begin(3, end);
  put(*fourth, "b");
  ASSERT_TRUE(fourth->sync().ok());
  put(*fourth, "c");
  const auto with_all = world_.clone();
  ASSERT_TRUE(world_.fs().remove(path(1)).ok());
  EXPECT_EQ(expect_keys({"a", "b", "c"}).bytes_dropped, 0U);
  Db db = Db::open(test::kStoreDir, test::tiny_options(*with_all)).value();
  EXPECT_EQ(test::contents_of(db), (Contents{{"base", "0"}, {"a", "1"}, {"b", "1"}, {"c", "1"}}));
}

TEST_F(WalReplayTest, NewestSegmentThatWasMadeInVainIsPassedOver) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin(1, after(*first));
  put(*first, "b");
  expect_keys({"a", "b"});
}

TEST_F(WalReplayTest, SegmentThatWasMadeInVainIsPassedOver) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin(1, after(*first));
  put(*first, "b");
  const auto third = begin(2, after(*first));
  put(*third, "c");
  expect_keys({"a", "b", "c"});
}

// -- A segment without a header
// --------------------------------------------------------------------

TEST_F(WalReplayTest, NewestSegmentThatWasBeingCreatedIsDropped) {
  const auto first = begin(0);
  put(*first, "a");
  for (const std::size_t length : {0U, 20U, 64U, 4096U}) {
    SCOPED_TRACE(length);
    const auto world = world_.clone();
    ASSERT_TRUE(world->disk().write_file(path(1), std::string(length, '\0')).ok());
    Db db = Db::open(test::kStoreDir, test::tiny_options(*world)).value();
    EXPECT_EQ(test::contents_of(db), (Contents{{"base", "0"}, {"a", "1"}}));
    EXPECT_EQ(db.recovery_info().value().bytes_dropped, 0U);
  }
}

// The manifest names the floor only when that segment's header is on stable storage.
TEST_F(WalReplayTest, FirstSegmentHadAHeader) {
  for (const std::size_t length : {0U, 20U, 64U, 65536U}) {
    SCOPED_TRACE(length);
    ASSERT_TRUE(world_.disk().write_file(path(0), std::string(length, '\0')).ok());
    expect_refused(Code::kCorruption, path(0), "");
  }
}

// The first window of zeros is on stable storage before the first record is written, and only a
// segment that has a successor is ever cut to its length.
TEST_F(WalReplayTest, NewestSegmentThatWasCutIsRefused) {
  const auto first = begin(0);
  put(*first, "a");
  const std::uint64_t end_of_a = first->length();
  put(*first, "b");
  for (const std::uint64_t length :
       {kWalWindowMin - 1, first->length(), end_of_a, kWalHeaderBytes}) {
    SCOPED_TRACE(length);
    ASSERT_TRUE(world_.disk().truncate(path(0), length).ok());
    expect_refused(Code::kCorruption, path(0), "cut");
    if (HasFailure()) return;
  }
}

TEST_F(WalReplayTest, DamagedHeaderBeforeRecordsIsRefused) {
  const auto first = begin(0);
  put(*first, "a");
  damage(0, 24);
  expect_refused(Code::kCorruption, path(0), "header");
}

TEST_F(WalReplayTest, SegmentOfANewerNacreIsUnsupported) {
  const auto first = begin(0);
  WalHeader header{.identity = {salt_, FileNumber{floor_}}, .previous = {}, .previous_length = 0};
  auto bytes = encode_wal_header(header);
  bytes[8] = 2;
  const std::uint64_t checksum =
      hash64(std::string_view(bytes.data(), 56), wal_segment_seed(header.identity));
  store(bytes.data() + 56, checksum);
  ASSERT_TRUE(
      world_.disk().overwrite(path(0), 0, std::string_view(bytes.data(), bytes.size())).ok());
  expect_refused(Code::kUnsupported, path(0), "version");
}

// -- Seqs and operations
// ---------------------------------------------------------------------------

TEST_F(WalReplayTest, SeqsThatGoBackAreRefused) {
  const auto first = begin(0);
  const Seq seq = next_seq_;
  put(*first, "a");
  put(*first, "b");
  const auto second = begin(1, after(*first));
  next_seq_ = seq + 1;  // that of "b"
  put(*second, "c");
  expect_refused(Code::kCorruption, path(1), "seq " + std::to_string(seq + 1));
}

TEST_F(WalReplayTest, RecordsMustNotShareSeqs) {
  const auto first = begin(0);
  std::string payload;
  encode_put(payload, "a", "1");
  encode_put(payload, "b", "1");
  append(*first, payload);
  next_seq_ += 1;  // the batch took two
  put(*first, "c");
  expect_refused(Code::kCorruption, path(0), "seq");
}

TEST_F(WalReplayTest, SeqsThatTablesHaveAreRefused) {
  const auto first = begin(0);
  next_seq_ = 1;  // "base" has it
  put(*first, "a");
  expect_refused(Code::kCorruption, path(0), "seq 1");
}

TEST_F(WalReplayTest, UnknownOperationIsUnsupported) {
  for (const char kind : {'\x02', '\x03', '\x05', '\x7F', '\x80', '\x81'}) {
    SCOPED_TRACE(static_cast<int>(kind));
    const auto first = begin(0);
    put(*first, "a");
    const std::uint64_t at = first->length();
    append(*first, kind + std::string("\x01k\x01v", 4));
    expect_refused(Code::kUnsupported, path(0), "offset " + std::to_string(at));
    ASSERT_TRUE(world_.fs().remove(path(0)).ok());
  }
}

TEST_F(WalReplayTest, MalformedBatchIsRefused) {
  for (const std::string& payload :
       {std::string(), std::string("\x01", 1), std::string("\x01\x01k\x05v", 5)}) {
    const auto first = begin(0);
    append(*first, payload);
    expect_refused(Code::kCorruption, path(0), "batch");
    ASSERT_TRUE(world_.fs().remove(path(0)).ok());
  }
}

// -- Bytes from elsewhere
// --------------------------------------------------------------------------

TEST_F(WalReplayTest, LiveSegmentUnderAWrongNameIsRefused) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin(1, after(*first));
  put(*second, "b");
  ASSERT_TRUE(world_.fs().rename(path(1), path(2)).ok());
  expect_refused(Code::kCorruption, path(2), wal_name(FileNumber{floor_ + 1}));
}

TEST_F(WalReplayTest, SwappedSegmentsAreRefused) {
  const auto first = begin(0);
  put(*first, "a");
  const auto second = begin(1, after(*first));
  put(*second, "b");
  const std::string first_bytes = world_.disk().read_file(path(0)).value();
  const std::string second_bytes = world_.disk().read_file(path(1)).value();
  ASSERT_TRUE(world_.disk().write_file(path(0), second_bytes).ok());
  ASSERT_TRUE(world_.disk().write_file(path(1), first_bytes).ok());
  expect_refused(Code::kCorruption, path(0), wal_name(FileNumber{floor_ + 1}));
}

// A crash may leave blocks of a removed segment in the file that was being created.
TEST_F(WalReplayTest, BytesOfARemovedSegmentInTheNewestAreDropped) {
  const auto first = begin(0);
  put(*first, "a");
  const auto bytes =
      encode_wal_header({.identity = {salt_, FileNumber{1}}, .previous = {}, .previous_length = 0});
  ASSERT_TRUE(world_.disk().write_file(path(1), std::string_view(bytes.data(), bytes.size())).ok());
  expect_keys({"a"});
}

TEST_F(WalReplayTest, SegmentOfAnotherStoreIsRefused) {
  salt_ ^= 1;
  const auto first = begin(0);
  put(*first, "a");
  expect_refused(Code::kCorruption, path(0), "another store");
}

}  // namespace
}  // namespace nacre::engine
