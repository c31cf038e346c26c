#include "wal/wal_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "wal/wal_fakes.h"
#include "wal/wal_reader.h"

namespace nacre {
namespace {

using ::testing::ElementsAre;

/// A writer on a fake file system, and the segment that it writes.
struct Fixture {
  explicit Fixture(std::uint64_t capacity = 1 << 20) {
    auto created = WalWriter::create(fs, "7.wal", test::writer_options(capacity));
    EXPECT_TRUE(created.ok());
    writer = std::move(*created);
    segment = fs.segments["7.wal"];
    segment->calls.clear();
  }

  test::FakeFileSystem fs;
  std::unique_ptr<WalWriter> writer;
  std::shared_ptr<test::FakeSegment> segment;
};

WalRecordHeader record_at(const Fixture& f, std::uint64_t offset) {
  return load_record_header(f.segment->bytes.data() + offset);
}

TEST(WalWriter, CreationPreparesAWindowAndSyncsTheHeader) {
  test::FakeFileSystem fs;
  auto writer = WalWriter::create(fs, "7.wal", test::writer_options());
  ASSERT_TRUE(writer.ok());
  EXPECT_THAT(fs.segments["7.wal"]->calls, ElementsAre("prepare 65536", "write 0+64", "sync"));
  EXPECT_EQ((*writer)->length(), 64U);
  EXPECT_EQ((*writer)->synced(), 64U);
  EXPECT_EQ((*writer)->number(), FileNumber{7});
}

TEST(WalWriter, TheWindowOfABusyStoreIsBegunAfterTheSync) {
  test::FakeFileSystem fs;
  WalWriter::Options options = test::writer_options(8 << 20);
  options.window = 1 << 20;
  auto writer = WalWriter::create(fs, "7.wal", options);
  ASSERT_TRUE(writer.ok());
  EXPECT_THAT(fs.segments["7.wal"]->calls,
              ElementsAre("prepare 65536", "write 0+64", "sync", "prepare 131072"));
  EXPECT_TRUE((*writer)->wants_prepare());  // the helper does the rest
  ASSERT_TRUE((*writer)->prepare_ahead().ok());
  EXPECT_GE(fs.segments["7.wal"]->prepared, 1U << 20);
  EXPECT_EQ((*writer)->window(), 1U << 20);
}

TEST(WalWriter, LittleIsPreparedPastTheExpectedEndUntilTheSegmentGetsThere) {
  constexpr std::uint64_t kExpected = 2 << 20;
  test::FakeFileSystem fs;
  WalWriter::Options options = test::writer_options(64 << 20);
  options.window = kWalWindowMax;
  options.expected_length = kExpected;
  auto writer = WalWriter::create(fs, "7.wal", options).value();
  const std::string payload(1000, 'x');
  Seq seq = 0;
  const auto write_to = [&](std::uint64_t length) {
    while (writer->length() < length) {
      ASSERT_TRUE(writer->append(++seq, payload).ok());
      if (!writer->wants_prepare()) continue;
      ASSERT_TRUE(writer->prepare_ahead().ok());
    }
  };
  write_to(kExpected + (100 << 10));
  EXPECT_LE(fs.segments["7.wal"]->prepared, kExpected + (320 << 10));
  EXPECT_FALSE(writer->wants_prepare());
  write_to(kExpected + (1 << 20));
  EXPECT_GE(fs.segments["7.wal"]->prepared, kExpected + (3 << 20));
  EXPECT_EQ(writer->late_prepares(), 0U);
}

TEST(WalWriter, ACreationThatFailsLeavesNoFile) {
  for (const char* failing : {"prepare", "write", "sync"}) {
    test::FakeFileSystem fs;
    fs.fail_next = failing;
    EXPECT_FALSE(WalWriter::create(fs, "7.wal", test::writer_options()).ok()) << failing;
    EXPECT_TRUE(fs.segments["7.wal"]->removed) << failing;
  }
}

TEST(WalWriter, ASmallRecordIsOneWriteInOneOrTwoParts) {
  Fixture f;
  EXPECT_EQ(*f.writer->append(1, "hello"), 96U);
  EXPECT_EQ(*f.writer->append(2, "hel", "lo"), 128U);
  EXPECT_EQ(*f.writer->append(3, std::string(4096, 'x')), 128U + 24 + 4096);
  EXPECT_THAT(f.segment->calls, ElementsAre("write 64+32", "write 96+32", "write 128+4120"));
}

TEST(WalWriter, ALargeRecordIsPublishedByItsHeader) {
  Fixture f;
  EXPECT_EQ(*f.writer->append(1, std::string(4097, 'x')), 64U + 24 + 4104);
  EXPECT_EQ(*f.writer->append(2, std::string(4000, 'y'), std::string(200, 'z')), 8416U);
  EXPECT_THAT(f.segment->calls, ElementsAre("write 88+4097", "write 64+24", "write 4216+4000",
                                            "write 8216+200", "write 4192+24"));
}

TEST(WalWriter, RecordsSayWhatWasSyncedBeforeThem) {
  Fixture f;
  ASSERT_TRUE(f.writer->sync().ok());
  EXPECT_TRUE(f.segment->calls.empty()) << "the header is synced already";
  ASSERT_TRUE(f.writer->append(1, "a").ok());  // at 64
  EXPECT_EQ(record_at(f, 64).synced_to, 0U) << "older segments may not be synced yet";
  ASSERT_TRUE(f.writer->append(2, "b").ok());  // at 96
  EXPECT_EQ(record_at(f, 96).synced_to, 0U);
  ASSERT_TRUE(f.writer->sync().ok());
  EXPECT_EQ(f.writer->synced(), 128U);
  ASSERT_TRUE(f.writer->append(3, "c").ok());  // at 128
  EXPECT_EQ(record_at(f, 128).synced_to, 128U);
  EXPECT_EQ(f.writer->synced(), 128U);
}

TEST(WalWriter, ALinkIsOneWriteAndItsSyncComesWithTheNext) {
  test::FakeFileSystem fs;
  auto writer = WalWriter::create(fs, "7.wal", test::writer_options_ahead()).value();
  auto& calls = fs.segments["7.wal"]->calls;
  EXPECT_THAT(calls, ElementsAre("prepare 65536", "write 0+64", "sync"));
  calls.clear();
  ASSERT_TRUE(writer->link(4096).ok());
  EXPECT_EQ(writer->length(), 80U);
  EXPECT_EQ(*writer->append(1, "a"), 112U);
  EXPECT_THAT(calls, ElementsAre("write 64+16", "write 80+32"));
  ASSERT_TRUE(writer->sync().ok());
  EXPECT_EQ(writer->synced(), 112U);
}

TEST(WalWriter, RecordsTellOfASyncOfTheLinkButNotOfTheOneBeforeItsTurn) {
  test::FakeFileSystem fs;
  auto writer = WalWriter::create(fs, "7.wal", test::writer_options_ahead()).value();
  const auto segment = fs.segments["7.wal"];
  ASSERT_TRUE(writer->link(4096).ok());
  segment->calls.clear();
  ASSERT_TRUE(writer->sync_link().ok());
  ASSERT_TRUE(writer->sync_link().ok());
  EXPECT_THAT(segment->calls, ElementsAre("sync")) << "once is enough";
  ASSERT_TRUE(writer->append(1, "a").ok());  // at 80
  EXPECT_EQ(load_record_header(segment->bytes.data() + 80).synced_to, 0U)
      << "older segments may not be synced yet";
  ASSERT_TRUE(writer->sync().ok());
  ASSERT_TRUE(writer->append(2, "b").ok());  // at 112
  EXPECT_EQ(load_record_header(segment->bytes.data() + 112).synced_to, 112U);
}

TEST(WalWriter, ASegmentThatWasNotMadeAheadHasNoLinkToSync) {
  Fixture f;
  ASSERT_TRUE(f.writer->append(1, "a").ok());
  ASSERT_TRUE(f.writer->sync_link().ok());
  EXPECT_THAT(f.segment->calls, ElementsAre("write 64+32"));
}

TEST(WalWriter, AFailedLinkOrItsFailedSyncLastsForGood) {
  for (const bool at_sync : {false, true}) {
    test::FakeFileSystem fs;
    auto writer = WalWriter::create(fs, "7.wal", test::writer_options_ahead()).value();
    fs.segments["7.wal"]->fail = at_sync ? "sync" : "write";
    EXPECT_EQ(writer->link(4096).ok(), at_sync);
    if (at_sync) {
      EXPECT_FALSE(writer->sync_link().ok());
    }
    fs.segments["7.wal"]->fail.clear();
    EXPECT_TRUE(writer->failed());
    EXPECT_FALSE(writer->append(1, "a").ok());
    EXPECT_FALSE(writer->sync().ok());
  }
}

TEST(WalWriter, ASyncOfWhatIsSyncedIsFree) {
  Fixture f;
  ASSERT_TRUE(f.writer->append(1, "a").ok());
  ASSERT_TRUE(f.writer->sync().ok());
  ASSERT_TRUE(f.writer->sync().ok());
  EXPECT_THAT(f.segment->calls, ElementsAre("write 64+32", "sync"));
}

TEST(WalWriter, AFailedWriteLastsForGood) {
  Fixture f;
  ASSERT_TRUE(f.writer->append(1, "a").ok());
  f.segment->fail = "write";
  EXPECT_EQ(f.writer->append(2, "b").status().message(), "write 96+32 failed");
  f.segment->fail.clear();
  f.segment->calls.clear();
  EXPECT_EQ(f.writer->append(3, "c").status().message(), "write 96+32 failed");
  EXPECT_EQ(f.writer->sync().message(), "write 96+32 failed");
  EXPECT_EQ(f.writer->prepare_ahead().message(), "write 96+32 failed");
  EXPECT_EQ(f.writer->seal().message(), "write 96+32 failed");
  EXPECT_TRUE(f.segment->calls.empty()) << "the file must not be touched again";
  EXPECT_EQ(f.writer->length(), 96U);
}

TEST(WalWriter, AFailureBetweenPayloadAndHeaderPublishesNothing) {
  Fixture f;
  f.segment->fail = "write 64+24";
  EXPECT_FALSE(f.writer->append(1, std::string(5000, 'x')).ok());
  EXPECT_EQ(f.writer->length(), 64U);
  EXPECT_EQ(record_at(f, 64).checksum, 0U);
}

TEST(WalWriter, AFailedSyncLastsForGoodAndIsNotRetried) {
  Fixture f;
  ASSERT_TRUE(f.writer->append(1, "a").ok());
  f.segment->fail = "sync";
  EXPECT_FALSE(f.writer->sync().ok());
  f.segment->fail.clear();
  f.segment->calls.clear();
  EXPECT_EQ(f.writer->sync().message(), "sync failed");
  EXPECT_EQ(f.writer->append(2, "b").status().message(), "sync failed");
  EXPECT_TRUE(f.segment->calls.empty());
  EXPECT_EQ(f.writer->synced(), 64U);
}

TEST(WalWriter, AFailedPreparationChangesNothingAndMayBeTriedAgain) {
  Fixture f;
  f.segment->fail = "prepare";
  const std::string big(100 << 10, 'x');
  EXPECT_FALSE(f.writer->append(1, big).ok());
  EXPECT_FALSE(f.writer->prepare_ahead().ok() && f.writer->wants_prepare());
  EXPECT_EQ(f.writer->length(), 64U);
  EXPECT_TRUE(f.writer->append(1, "small").ok()) << "there is room for this one";
  f.segment->fail.clear();
  EXPECT_TRUE(f.writer->append(2, big).ok());
}

TEST(WalWriter, FitsUntilTheLastByte) {
  Fixture f(64 + 32 + 40);
  EXPECT_TRUE(f.writer->fits(48));
  EXPECT_FALSE(f.writer->fits(49));
  ASSERT_TRUE(f.writer->append(1, "12345678").ok());
  EXPECT_TRUE(f.writer->fits(16));
  EXPECT_FALSE(f.writer->fits(17));
  ASSERT_TRUE(f.writer->append(2, "1234567890123456").ok());
  EXPECT_FALSE(f.writer->fits(0));
  EXPECT_FALSE(f.writer->wants_prepare());
}

TEST(WalWriter, ABatchOverTheLimitIsRefusedAndHarmless) {
  Fixture f;
  // Only the length is looked at.
  const std::string_view too_large(f.segment->bytes.data(), kBatchBytesMax);
  EXPECT_EQ(f.writer->append(1, too_large, "x").status().code(), Code::kInvalid);
  EXPECT_TRUE(f.writer->append(1, "a").ok());
}

TEST(WalWriter, SealCutsTheFileAndEndsTheWriter) {
  Fixture f;
  ASSERT_TRUE(f.writer->append(1, "a").ok());
  ASSERT_TRUE(f.writer->seal().ok());
  EXPECT_TRUE(f.segment->sealed);
  EXPECT_EQ(f.segment->bytes.size(), 96U);
  EXPECT_EQ(f.writer->synced(), 96U);
  EXPECT_EQ(f.writer->append(2, "b").status().code(), Code::kClosed);
  EXPECT_EQ(f.writer->sync().code(), Code::kClosed);
  EXPECT_EQ(f.writer->seal().code(), Code::kClosed);
}

TEST(WalWriter, AHelperInTimeKeepsTheWindowSmall) {
  Fixture f(8 << 20);
  const std::string payload(1000, 'x');
  for (Seq seq = 1; seq <= 1000; ++seq) {
    ASSERT_TRUE(f.writer->append(seq, payload).ok());
    if (f.writer->wants_prepare()) {
      ASSERT_TRUE(f.writer->prepare_ahead().ok());
      EXPECT_FALSE(f.writer->wants_prepare());
      EXPECT_EQ(f.segment->released, f.writer->length());
    }
    ASSERT_LE(f.segment->prepared - f.writer->length(), 256U << 10);
  }
  EXPECT_EQ(f.writer->window(), kWalWindowMin);
  EXPECT_EQ(f.writer->late_prepares(), 0U);
}

TEST(WalWriter, AWriterThatOutrunsTheHelperGetsALargerWindow) {
  Fixture f(32 << 20);
  const std::string payload(1000, 'x');
  Seq seq = 0;
  // While the helper fills the first window, the writer takes 20 of the 32 KiB that are left.
  int appends = 20;
  f.segment->during_prepare = [&] {
    for (; appends > 0; --appends) ASSERT_TRUE(f.writer->append(++seq, payload).ok());
  };
  while (!f.writer->wants_prepare()) ASSERT_TRUE(f.writer->append(++seq, payload).ok());
  ASSERT_TRUE(f.writer->prepare_ahead().ok());
  EXPECT_EQ(f.writer->window(), 256U << 10);
  EXPECT_GE(f.segment->prepared, f.writer->length() + (256U << 10));
  EXPECT_EQ(f.writer->late_prepares(), 0U);
}

// The segment may be sealed, by whoever syncs, while the helper still fills its window.
TEST(WalWriter, ThreadThatSealsWaitsForTheHelper) {
  Fixture f(8 << 20);
  const std::string payload(1000, 'x');
  Seq seq = 0;
  while (!f.writer->wants_prepare()) ASSERT_TRUE(f.writer->append(++seq, payload).ok());
  std::thread sealer;
  bool sealed_inside = false;
  f.segment->during_prepare = [&] {
    if (sealer.joinable()) return;
    sealer = std::thread([&] { EXPECT_TRUE(f.writer->seal().ok()); });
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    const std::lock_guard lock(f.segment->mutex);
    sealed_inside = f.segment->calls.back().starts_with("seal");
  };
  const Status prepared = f.writer->prepare_ahead();
  sealer.join();
  EXPECT_FALSE(sealed_inside);
  EXPECT_TRUE(prepared.ok() || prepared.code() == Code::kClosed) << prepared.to_string();
  EXPECT_EQ(f.segment->bytes.size(), f.writer->length());
  EXPECT_EQ(f.writer->prepare_ahead().code(), Code::kClosed);
}

TEST(WalWriter, WithoutAHelperAppendsPrepareAndCountIt) {
  Fixture f(8 << 20);
  const std::string payload(1000, 'x');
  std::vector<std::uint64_t> windows;
  for (Seq seq = 1; seq <= 2000; ++seq) {
    ASSERT_TRUE(f.writer->append(seq, payload).ok());
    if (windows.empty() || windows.back() != f.writer->window()) {
      windows.push_back(f.writer->window());
    }
  }
  EXPECT_THAT(windows, ElementsAre(64U << 10, 256U << 10, 1U << 20, 4U << 20));
  EXPECT_GT(f.writer->late_prepares(), 3U);
}

TEST(WalWriter, TheWindowStopsAtTheCapacity) {
  Fixture f(100 << 10);
  ASSERT_TRUE(f.writer->prepare_ahead().ok());
  ASSERT_TRUE(f.writer->append(1, std::string(60 << 10, 'x')).ok());
  ASSERT_TRUE(f.writer->prepare_ahead().ok());
  EXPECT_EQ(f.segment->prepared, 100U << 10);
  EXPECT_FALSE(f.writer->wants_prepare());
}

TEST(WalWriter, AppendSyncAndPrepareRunSideBySide) {
  Fixture f(4 << 20);
  std::atomic<bool> done{false};
  std::thread syncing([&] {
    while (!done.load()) EXPECT_TRUE(f.writer->sync().ok());
  });
  std::thread helping([&] {
    while (!done.load()) {
      if (f.writer->wants_prepare()) {
        EXPECT_TRUE(f.writer->prepare_ahead().ok());
      }
    }
  });
  Seq last = 0;
  while (f.writer->fits(700)) ASSERT_TRUE(f.writer->append(++last, std::string(700, 'x')).ok());
  done = true;
  syncing.join();
  helping.join();
  ASSERT_TRUE(f.writer->seal().ok());

  auto reader = WalReader::open(f.fs, "7.wal", std::nullopt);
  ASSERT_TRUE(reader.ok());
  for (Seq seq = 1; seq <= last; ++seq) {
    const auto record = (*reader)->next();
    ASSERT_TRUE(record.ok() && record->has_value()) << seq;
    ASSERT_EQ((*record)->first_seq, seq);
    ASSERT_LE((*record)->synced_to, (*record)->offset);
  }
  EXPECT_FALSE((*reader)->next()->has_value());
  EXPECT_EQ((*reader)->stop().kind, WalStop::Kind::kEnd);
}

}  // namespace
}  // namespace nacre
