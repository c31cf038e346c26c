#include "env/sim_env.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace nacre {
namespace {

TEST(SimClock, MovesOnlyWhenTold) {
  SimEnv world;
  Clock& clock = world.clock();
  const std::uint64_t start = clock.monotonic_nanos();
  EXPECT_EQ(clock.monotonic_nanos(), start);
  const std::uint64_t wall = clock.wall_micros();
  clock.sleep_nanos(5'000'000);
  EXPECT_EQ(clock.monotonic_nanos(), start + 5'000'000);
  EXPECT_EQ(clock.wall_micros(), wall + 5'000);
  world.sim_clock().set_wall_micros(42);
  EXPECT_EQ(clock.wall_micros(), 42U);
  EXPECT_EQ(clock.monotonic_nanos(), start + 5'000'000);
}

/// Submits a2 b2 a1 ... and says in which order they ran.
std::string order_of(SimExecutor& executor) {
  std::string order;
  const std::pair<Lane, char> tasks[] = {
      {Lane::kCompaction, 'c'}, {Lane::kFlush, 'f'},      {Lane::kLog, 'l'},
      {Lane::kFlush, 'g'},      {Lane::kCompaction, 'd'}, {Lane::kLog, 'm'},
  };
  for (const auto& [lane, letter] : tasks) {
    executor.submit(lane, [&order, letter = letter] { order += letter; });
  }
  while (executor.run_one()) {
  }
  return order;
}

TEST(SimExecutor, MoreUrgentLanesGoFirst) {
  SimEnv world;
  EXPECT_EQ(order_of(world.sim_executor()), "lmfgcd");
  EXPECT_FALSE(world.executor().run_one());
}

TEST(SimExecutor, SeedsMixLanesButNotTheOrderWithinOne) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SimEnv world({.seed = 1, .order_seed = seed});
    const std::string order = order_of(world.sim_executor());
    EXPECT_LT(order.find('l'), order.find('m'));
    EXPECT_LT(order.find('f'), order.find('g'));
    EXPECT_LT(order.find('c'), order.find('d'));
    SimEnv again({.seed = 2, .order_seed = seed});
    EXPECT_EQ(order_of(again.sim_executor()), order) << "seed " << seed;
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 60U) << "of 90 possible";
}

TEST(SimExecutor, TimersWaitForTheirTime) {
  SimEnv world;
  SimExecutor& executor = world.sim_executor();
  std::string order;
  executor.submit_after(Lane::kFlush, 200, [&] { order += 'b'; });
  executor.submit_after(Lane::kFlush, 100, [&] { order += 'a'; });
  executor.submit_after(Lane::kFlush, 200, [&] {
    order += 'c';
    executor.submit(Lane::kLog, [&] { order += 'd'; });
  });
  EXPECT_FALSE(executor.run_one());
  EXPECT_EQ(executor.waiting(), 3U);
  world.clock().sleep_nanos(99);
  EXPECT_FALSE(executor.run_one());
  EXPECT_TRUE(executor.advance_to_next_timer());
  EXPECT_TRUE(executor.run_one());
  EXPECT_FALSE(executor.run_one());
  EXPECT_EQ(order, "a");
  EXPECT_TRUE(executor.advance_to_next_timer());
  EXPECT_EQ(executor.run_all(), 3U);
  EXPECT_EQ(order, "abcd");
  EXPECT_FALSE(executor.advance_to_next_timer());
  EXPECT_EQ(executor.waiting(), 0U);
}

TEST(SimEnv, OneSeedIsOneWorldAndACrashMakesAnother) {
  SimEnv first({.seed = 7, .order_seed = {}});
  SimEnv second({.seed = 7, .order_seed = {}});
  const std::uint64_t bits = first.entropy();
  EXPECT_EQ(bits, second.entropy());
  EXPECT_NE(bits, first.entropy());
  EXPECT_EQ(first.memory_bytes(), std::uint64_t{1} << 30);

  ASSERT_TRUE(first.fs().create_dir("/db").ok());
  first.clock().sleep_nanos(3'000'000);
  first.executor().submit(Lane::kLog, [] {});
  const auto after = first.crash_image(CrashProfile::kProcess, 1);
  EXPECT_EQ(after->fs().kind("/db").value(), PathKind::kDirectory);
  EXPECT_EQ(after->clock().wall_micros(), first.clock().wall_micros());
  EXPECT_FALSE(after->executor().run_one()) << "tasks die with their process";
  EXPECT_NE(after->entropy(), bits);
  EXPECT_NE(first.crash_image(CrashProfile::kProcess, 2)->entropy(),
            first.crash_image(CrashProfile::kProcess, 1)->entropy());
  EXPECT_EQ(first.crash_image(CrashProfile::kLoseUnsynced, 1)->fs().kind("/db").value(),
            PathKind::kNothing);
}

// Threads write, rename and run tasks while another takes images and writes to them: what each
// image holds of a file is what was written to it.
TEST(SimEnv, ManyThreads) {
  SimEnv world;
  constexpr int kWriters = 3;
  constexpr int kRounds = 60;
  ASSERT_TRUE(world.fs().create_dir("/db").ok());
  std::atomic<int> done{0};
  std::atomic<int> ran{0};
  const auto write = [&](int id) {
    const std::string bytes(5000, static_cast<char>('a' + id));
    for (int round = 0; round < kRounds; ++round) {
      const std::string path = "/db/" + std::to_string(id);
      const auto log = std::move(world.fs().create_log(path, LogMode::kMapped, 5000)).value();
      EXPECT_TRUE(log->prepare(5000).ok());
      EXPECT_TRUE(log->write(0, bytes).ok());
      EXPECT_TRUE(log->sync().ok());
      EXPECT_TRUE(log->write(0, bytes).ok());
      EXPECT_TRUE(world.fs().sync_dir("/db").ok());
      world.executor().submit(Lane::kFlush, [&] { ++ran; });
      while (world.executor().run_one()) {
      }
      EXPECT_TRUE(world.fs().rename(path, path + "-old").ok());
    }
    ++done;
  };
  std::vector<std::thread> threads;
  for (int id = 0; id < kWriters; ++id) threads.emplace_back(write, id);
  for (std::uint64_t seed = 1; done < kWriters || seed < 20; ++seed) {
    for (const CrashProfile profile : kAllCrashProfiles) {
      const auto image = world.crash_image(profile, seed);
      for (const std::string& path : image->disk().files()) {
        const std::string bytes = image->disk().read_file(path).value();
        if (profile != CrashProfile::kGarbage) {
          const char letter = static_cast<char>('a' + path[4] - '0');
          EXPECT_EQ(bytes.find_first_not_of(std::string{'\0', letter}), std::string::npos);
        }
        EXPECT_TRUE(image->disk().overwrite(path, 0, "mine").ok());
      }
    }
  }
  for (std::thread& thread : threads) thread.join();
  while (world.executor().run_one()) {
  }
  EXPECT_EQ(ran, kWriters * kRounds);
}

}  // namespace
}  // namespace nacre
