#include "env/fault_env.h"

#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <string>
#include <thread>
#include <vector>

#include "base/try.h"
#include "env/sim_env.h"

namespace nacre {
namespace {

/// Touches every operation of a file system once or more; stops at the first error.
Status workload(FileSystem& fs) {
  NACRE_TRY(fs.create_dir("/db"));
  NACRE_TRY(fs.sync_dir("/"));
  NACRE_TRY(fs.kind("/db"));
  const auto lock = NACRE_TRY(fs.lock("/db/LOCK"));
  NACRE_TRY(fs.free_bytes("/db"));
  auto log = NACRE_TRY(fs.create_log("/db/w", LogMode::kMapped, 1000));
  NACRE_TRY(log->prepare(100));
  NACRE_TRY(log->write(0, "abc"));
  NACRE_TRY(log->sync());
  NACRE_TRY(log->seal(3));
  auto file = NACRE_TRY(fs.create("/db/tmp"));
  NACRE_TRY(file->append("12345678"));
  NACRE_TRY(file->sync());
  NACRE_TRY(file->close());
  NACRE_TRY(fs.rename("/db/tmp", "/db/t"));
  NACRE_TRY(fs.sync_dir("/db"));
  const auto reader = NACRE_TRY(fs.open("/db/t", ReadMode::kBuffered));
  char out[8];
  NACRE_TRY(reader->read(0, out));
  NACRE_TRY(fs.list("/db"));
  NACRE_TRY(fs.remove("/db/t"));
  NACRE_TRY(fs.create_dir("/db/d"));
  return fs.remove_dir("/db/d");
}

TEST(FaultEnv, WithoutAPlanNothingFails) {
  SimEnv world;
  FaultEnv faulty(world);
  const Status status = workload(faulty.fs());
  EXPECT_TRUE(status.ok()) << status.to_string();
  for (std::size_t op = 0; op < kFaultOps; ++op) {
    const auto kind = static_cast<FaultOp>(op);
    const bool twice = kind == FaultOp::kCreateDir || kind == FaultOp::kSyncDir;
    EXPECT_EQ(faulty.injector().count(kind), twice ? 2U : 1U) << fault_op_name(kind);
  }
  EXPECT_EQ(faulty.injector().hits(), 0U);
  EXPECT_EQ(faulty.injector().hit(), "");
}

// For n = 1, 2, ...: every operation fails in turn, with its own error, and nothing else does.
TEST(FaultEnv, EveryOperationCanFail) {
  std::vector<std::string> hits;
  for (std::uint64_t n = 1;; ++n) {
    SimEnv world;
    FaultEnv faulty(world);
    faulty.injector().arm({.nth = n});
    const Status status = workload(faulty.fs());
    if (faulty.injector().hits() == 0) {
      EXPECT_TRUE(status.ok()) << status.to_string();
      break;
    }
    EXPECT_EQ(status.code(), Code::kIo);
    const std::string hit = faulty.injector().hit();
    EXPECT_EQ(
        std::string(status.message()) + " (match " + std::to_string(n) + ")",
        hit.substr(0, hit.rfind(" (")) + ": Input/output error" + hit.substr(hit.rfind(" (")));
    hits.push_back(hit);
  }
  ASSERT_EQ(hits.size(), kFaultOps + 2);
  EXPECT_EQ(hits[5], "create log /db/w (match 6)");
  EXPECT_EQ(hits[14], "rename /db/tmp -> /db/t (match 15)");
}

TEST(FaultEnv, PlansMatchKindAndPathAndLastForEverWhenSticky) {
  SimEnv world;
  FaultEnv faulty(world);
  FileSystem& fs = faulty.fs();
  faulty.injector().arm({.ops = {FaultOp::kCreate, FaultOp::kCreateLog},
                         .path_contains = "bad",
                         .nth = 2,
                         .sticky = true,
                         .error_number = ENOSPC});
  EXPECT_TRUE(fs.create("/bad1").ok());
  EXPECT_TRUE(fs.create("/good").ok());
  EXPECT_TRUE(fs.create_dir("/bad2").ok());
  EXPECT_EQ(fs.create_log("/bad3", LogMode::kPwrite, 10).status().code(), Code::kNoSpace);
  EXPECT_EQ(fs.create("/bad4").status().code(), Code::kNoSpace);
  EXPECT_EQ(faulty.injector().hits(), 2U);
  EXPECT_EQ(faulty.injector().hit(), "create log /bad3 (match 2)");
  EXPECT_EQ(fs.kind("/bad4").value(), PathKind::kNothing);
  faulty.injector().disarm();
  EXPECT_TRUE(fs.create("/bad4").ok());
  EXPECT_EQ(faulty.injector().hits(), 2U) << "what happened stays known";
}

TEST(FaultEnv, DoneButReportedAsFailed) {
  SimEnv world;
  FaultEnv faulty(world);
  FileSystem& fs = faulty.fs();
  faulty.injector().arm({.ops = {FaultOp::kRename}, .effect = FaultEffect::kDone});
  EXPECT_TRUE(fs.create("/f").ok());
  EXPECT_EQ(fs.rename("/f", "/g").code(), Code::kIo);
  EXPECT_EQ(fs.kind("/g").value(), PathKind::kFile);
  faulty.injector().arm({.ops = {FaultOp::kRename}, .effect = FaultEffect::kDone});
  EXPECT_EQ(fs.rename("/f", "/g").code(), Code::kNotFound) << "its own error comes first";
}

TEST(FaultEnv, ReadsFailOrHaveOneBitWrong) {
  SimEnv world;
  const std::string good(100, 'x');
  ASSERT_TRUE(world.disk().write_file("/f", good).ok());
  FaultEnv faulty(world);
  const auto file = std::move(faulty.fs().open("/f", ReadMode::kBuffered)).value();
  std::string out(100, '\0');
  int flipped_places = 0;
  std::string last;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    faulty.injector().arm({.ops = {FaultOp::kRead}, .effect = FaultEffect::kBitFlip, .seed = seed});
    ASSERT_EQ(file->read(0, out).value(), 100U);
    int bits = 0;
    for (std::size_t i = 0; i < 100; ++i)
      bits += std::popcount(static_cast<unsigned char>(out[i] ^ good[i]));
    EXPECT_EQ(bits, 1) << "seed " << seed;
    flipped_places += out != last;
    last = out;
    ASSERT_EQ(file->read(0, out).value(), 100U);
    EXPECT_EQ(out, good);
  }
  EXPECT_GT(flipped_places, 10);

  faulty.injector().arm({.ops = {FaultOp::kRead}, .nth = 2});
  std::string parts[3] = {std::string(10, '\0'), std::string(10, '\0'), std::string(10, '\0')};
  std::vector<ReadRequest> requests(3);
  for (std::size_t i = 0; i < 3; ++i) requests[i].out = parts[i];
  file->read_many(requests);
  EXPECT_TRUE(requests[0].status.ok());
  EXPECT_EQ(requests[1].status.to_string(), "io: read /f: Input/output error");
  EXPECT_EQ(requests[1].count, 0U);
  EXPECT_TRUE(requests[2].status.ok());
  EXPECT_EQ(parts[2], std::string(10, 'x'));
}

/// The bytes of /w on the disk after a failed sync, a sync that succeeds and a power cut.
std::string after_failed_sync(FaultEffect effect) {
  SimEnv world;
  FaultEnv faulty(world);
  auto log = std::move(faulty.fs().create_log("/w", LogMode::kMapped, 100)).value();
  EXPECT_TRUE(log->prepare(4).ok());
  EXPECT_TRUE(log->sync().ok());
  EXPECT_TRUE(faulty.fs().sync_dir("/").ok());
  EXPECT_TRUE(log->write(0, "data").ok());
  faulty.injector().arm({.ops = {FaultOp::kLogSync}, .effect = effect});
  EXPECT_EQ(log->sync().code(), Code::kIo);
  const auto cut = [&] {
    return world.disk().crash_image(CrashProfile::kLoseUnsynced, 1)->read_file("/w").value();
  };
  const std::string before = cut();
  EXPECT_TRUE(log->sync().ok());
  EXPECT_EQ(world.disk().read_file("/w").value(), "data") << "reads still see it";
  return before + "," + cut();
}

TEST(FaultEnv, AFailedSyncMayHaveSyncedOrNotOrForgotten) {
  const std::string zeros(4, '\0');
  EXPECT_EQ(after_failed_sync(FaultEffect::kNothing), zeros + ",data");
  EXPECT_EQ(after_failed_sync(FaultEffect::kDone), "data,data");
  EXPECT_EQ(after_failed_sync(FaultEffect::kDropped), zeros + "," + zeros);
}

TEST(FaultEnv, AFailedFileSyncForgetsWhatWasBufferedToo) {
  SimEnv world;
  FaultEnv faulty(world);
  auto file = std::move(faulty.fs().create("/f")).value();
  ASSERT_TRUE(faulty.fs().sync_dir("/").ok());
  ASSERT_TRUE(file->append("gone").ok());
  faulty.injector().arm({.ops = {FaultOp::kSync}, .effect = FaultEffect::kDropped});
  EXPECT_EQ(file->sync().code(), Code::kIo);
  EXPECT_TRUE(file->sync().ok()) << "a retried sync lies";
  EXPECT_EQ(world.disk().read_file("/f").value(), "gone");
  EXPECT_EQ(world.disk().crash_image(CrashProfile::kLoseUnsynced, 1)->read_file("/f").value(),
            std::string(4, '\0'));
}

TEST(FaultEnv, ThreadsAreCountedOneByOne) {
  SimEnv world;
  FaultEnv faulty(world);
  faulty.injector().arm({.ops = {FaultOp::kKind}, .nth = 700});
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) failed += !faulty.fs().kind("/").ok();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(faulty.injector().count(FaultOp::kKind), 1000U);
  EXPECT_EQ(faulty.injector().hit(), "stat / (match 700)");
}

TEST(FaultEnv, TheRestOfTheWorldIsTheOneBelow) {
  SimEnv world;
  FaultEnv faulty(static_cast<Env&>(world));
  faulty.clock().sleep_nanos(5);
  EXPECT_EQ(faulty.clock().monotonic_nanos(), world.clock().monotonic_nanos());
  EXPECT_EQ(&faulty.executor(), &world.executor());
  EXPECT_EQ(faulty.memory_bytes(), world.memory_bytes());
  SimEnv twin;
  EXPECT_EQ(faulty.entropy(), twin.entropy());
}

}  // namespace
}  // namespace nacre
