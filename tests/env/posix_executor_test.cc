#include "env/posix_executor.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nacre {
namespace {

using ::testing::ElementsAre;

// A task that says when it has started and ends when it is let go.
struct Blocker {
  std::latch started{1};
  std::latch go{1};

  void block(Executor& executor, Lane lane) {
    executor.submit(lane, [this] {
      started.count_down();
      go.wait();
    });
    started.wait();
  }
};

void wait_for_all_before(Executor& executor, Lane lane) {
  std::latch done{1};
  executor.submit(lane, [&] { done.count_down(); });
  done.wait();
}

std::string thread_name() {
  char name[64] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  return name;
}

TEST(PosixExecutorTest, StartsOnlyTheThreadsThatAreNeeded) {
  PosixExecutor executor(2);
  EXPECT_EQ(executor.threads(), 0U);
  EXPECT_FALSE(executor.run_one());
  wait_for_all_before(executor, Lane::kFlush);
  EXPECT_EQ(executor.threads(), 1U);
  wait_for_all_before(executor, Lane::kFlush);
  EXPECT_EQ(executor.threads(), 1U);
  wait_for_all_before(executor, Lane::kCompaction);
  EXPECT_EQ(executor.threads(), 2U);
  for (int i = 0; i < 5; ++i) wait_for_all_before(executor, Lane::kCompaction);
  EXPECT_EQ(executor.threads(), 3U);
  wait_for_all_before(executor, Lane::kLog);
  EXPECT_EQ(executor.threads(), 4U);
}

TEST(PosixExecutorTest, ThreadsAreNamedAndBlockSignals) {
  PosixExecutor executor(1);
  std::vector<std::string> names;
  for (const Lane lane : {Lane::kLog, Lane::kFlush, Lane::kCompaction}) {
    std::latch done{1};
    executor.submit(lane, [&] {
      names.push_back(thread_name());
      sigset_t blocked;
      pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
      for (const int signal : {SIGTERM, SIGINT, SIGCHLD, SIGUSR1, SIGALRM, SIGPROF}) {
        EXPECT_TRUE(sigismember(&blocked, signal)) << signal;
      }
      EXPECT_FALSE(sigismember(&blocked, SIGSEGV)) << "a crash must reach its handler";
      done.count_down();
    });
    done.wait();
  }
  EXPECT_THAT(names, ElementsAre("nacre-log", "nacre-flush", "nacre-compact"));
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  EXPECT_FALSE(sigismember(&blocked, SIGTERM)) << "the maker's own mask is as before";
}

#if defined(__linux__)
TEST(PosixExecutorTest, CompactionsYieldTheProcessor) {
  PosixExecutor executor(1);
  const int own = getpriority(PRIO_PROCESS, 0);
  for (const Lane lane : {Lane::kLog, Lane::kFlush, Lane::kCompaction}) {
    int seen = 0;
    std::latch done{1};
    executor.submit(lane, [&] {
      seen = getpriority(PRIO_PROCESS, 0);
      done.count_down();
    });
    done.wait();
    EXPECT_EQ(seen, lane == Lane::kCompaction ? std::min(own + 5, 19) : own);
  }
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), own);
}
#endif

TEST(PosixExecutorTest, LaneRunsInOrder) {
  PosixExecutor executor(1);
  for (const Lane lane : {Lane::kFlush, Lane::kCompaction}) {
    std::vector<int> ran;  // one thread per lane here, so no lock
    for (int i = 0; i < 200; ++i) executor.submit(lane, [&, i] { ran.push_back(i); });
    wait_for_all_before(executor, lane);
    ASSERT_EQ(ran.size(), 200U);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
  }
}

TEST(PosixExecutorTest, FlushNeverWaitsForACompaction) {
  PosixExecutor executor(2);
  Blocker first;
  Blocker second;
  first.block(executor, Lane::kCompaction);
  second.block(executor, Lane::kCompaction);
  executor.submit(Lane::kCompaction, [] {});  // and more is queued
  wait_for_all_before(executor, Lane::kFlush);
  first.go.count_down();
  second.go.count_down();
}

TEST(PosixExecutorTest, CompactionThreadTakesFlushesFirst) {
  PosixExecutor executor(1);
  Blocker compaction;
  Blocker flush;
  compaction.block(executor, Lane::kCompaction);
  flush.block(executor, Lane::kFlush);
  std::vector<std::string> ran;
  std::latch done{2};
  executor.submit(Lane::kCompaction, [&] {
    ran.push_back("compaction");
    done.count_down();
  });
  executor.submit(Lane::kFlush, [&] {
    ran.push_back("flush on " + thread_name());
    done.count_down();
  });
  compaction.go.count_down();  // the flush thread stays busy
  done.wait();
  EXPECT_THAT(ran, ElementsAre("flush on nacre-compact", "compaction"));
  flush.go.count_down();
}

TEST(PosixExecutorTest, IdleCompactionThreadHelpsWithFlushes) {
  PosixExecutor executor(1);
  wait_for_all_before(executor, Lane::kCompaction);
  Blocker first;
  Blocker second;
  first.block(executor, Lane::kFlush);
  second.block(executor, Lane::kFlush);  // returns once it has started beside the first
  first.go.count_down();
  second.go.count_down();
}

TEST(PosixExecutorTest, LogTasksAndTimersWaitForNobody) {
  PosixExecutor executor(1);
  Blocker compaction;
  Blocker flush;
  compaction.block(executor, Lane::kCompaction);
  flush.block(executor, Lane::kFlush);
  wait_for_all_before(executor, Lane::kLog);
  std::latch fired{1};
  executor.submit_after(Lane::kLog, 1000, [&] { fired.count_down(); });
  fired.wait();
  compaction.go.count_down();
  flush.go.count_down();
}

TEST(PosixExecutorTest, ALogTaskDoesNotWaitForASync) {
  PosixExecutor executor(1);
  Blocker sync;
  sync.block(executor, Lane::kLog);
  std::latch prepared{1};
  executor.submit(Lane::kLog, [&] { prepared.count_down(); });
  prepared.wait();
  sync.go.count_down();
}

TEST(PosixExecutorTest, TasksSubmitTasks) {
  PosixExecutor executor(1);
  std::latch done{1};
  executor.submit(Lane::kFlush, [&] {
    executor.submit(Lane::kCompaction, [&] {
      executor.submit_after(Lane::kFlush, 0,
                            [&] { executor.submit(Lane::kLog, [&] { done.count_down(); }); });
    });
  });
  done.wait();
}

TEST(PosixExecutorTest, TimersFireInTheOrderOfTheirTimesAndNeverEarly) {
  using Clock = std::chrono::steady_clock;
  struct Shot {
    Clock::time_point early;  // the timer's moment lies between these two
    Clock::time_point late;
    Clock::time_point ran;
    int place = 0;
  };
  PosixExecutor executor(1);
  const int delays_ms[] = {9, 3, 6, 0, 3, 1, 12};
  std::vector<Shot> shots(std::size(delays_ms));
  std::latch done{static_cast<std::ptrdiff_t>(shots.size())};
  int place = 0;  // only the log thread counts
  for (std::size_t i = 0; i < shots.size(); ++i) {
    const std::chrono::milliseconds delay(delays_ms[i]);
    shots[i].early = Clock::now() + delay;
    executor.submit_after(Lane::kLog, static_cast<std::uint64_t>(delays_ms[i]) * 1'000'000,
                          [&, shot = &shots[i]] {
                            shot->ran = Clock::now();
                            shot->place = place++;
                            done.count_down();
                          });
    shots[i].late = Clock::now() + delay;
  }
  done.wait();
  for (const Shot& a : shots) {
    EXPECT_GE(a.ran, a.early);
    for (const Shot& b : shots) {
      if (a.late < b.early) {
        EXPECT_LT(a.place, b.place);
      }
    }
  }
}

TEST(PosixExecutorTest, FarTimerDelaysNothing) {
  PosixExecutor executor(1);
  auto kept = std::make_shared<int>(1);
  executor.submit_after(Lane::kLog, UINT64_MAX, [kept] { ++*kept; });
  wait_for_all_before(executor, Lane::kLog);
  EXPECT_EQ(*kept, 1);
}

// Sets a flag when the last owner lets it go.
struct Tracked {
  explicit Tracked(std::latch* latch) : gone(latch) {}
  Tracked(const Tracked&) = delete;
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() { gone->count_down(); }
  std::latch* gone;
};

TEST(PosixExecutorTest, DestructorDropsWhatIsQueuedAndWaitsForWhatRuns) {
  std::latch dropped{3};
  std::atomic<int> ran_late{0};
  std::atomic<bool> ended{false};
  auto executor = std::make_unique<PosixExecutor>(1);
  std::latch started{1};
  executor->submit(Lane::kFlush, [&, self = executor.get()] {
    started.count_down();
    dropped.wait();  // only the destructor, then under way, lets go of what is queued
    self->submit(Lane::kFlush, [&] { ++ran_late; });
    ended = true;
  });
  started.wait();
  for (int i = 0; i < 2; ++i) {
    executor->submit(Lane::kFlush,
                     [&, queued = std::make_shared<Tracked>(&dropped)] { ++ran_late; });
  }
  executor->submit_after(Lane::kFlush, 3'600'000'000'000,
                         [&, timer = std::make_shared<Tracked>(&dropped)] { ++ran_late; });
  executor.reset();
  EXPECT_TRUE(ended);
  EXPECT_EQ(ran_late, 0);
}

TEST(PosixExecutorTest, WithoutThreadsTheWaiterDoesTheWork) {
  // A stack that no machine has: every new thread is refused.
  pthread_attr_t usual;
  pthread_attr_t huge;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(pthread_attr_init(&huge), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&huge, std::size_t{1} << 50), 0);
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  PosixExecutor executor(1);
  std::vector<std::string> ran;
  executor.submit(Lane::kCompaction, [&] { ran.push_back("compaction"); });
  executor.submit(Lane::kFlush, [&] { ran.push_back("flush"); });
  executor.submit_after(Lane::kLog, 0, [&] { ran.push_back("timer"); });
  EXPECT_EQ(executor.threads(), 0U);
  while (executor.run_one()) {
  }
  EXPECT_THAT(ran, ElementsAre("timer", "flush", "compaction"));
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  wait_for_all_before(executor, Lane::kFlush);
  EXPECT_EQ(executor.threads(), 1U);
}

TEST(PosixExecutorTest, ManySubmittersLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 600;
  PosixExecutor executor(2);
  std::latch done{kThreads * kTasks};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kTasks; ++i) {
        const Lane lane = static_cast<Lane>(i % 3);
        if (i % 2 == 0) {
          executor.submit(lane, [&] { done.count_down(); });
        } else {
          executor.submit_after(lane, static_cast<std::uint64_t>(i) * 1000,
                                [&] { done.count_down(); });
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done.wait();
}

}  // namespace
}  // namespace nacre
