// One sync serves all who came before it began, each is woken for its own, and what was given up is
// never taken for synced.

#include "engine/shared_sync.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.h"

namespace nacre::engine {
namespace {

/// Has no threads: whoever waits for background work must run it. Counts who tries.
class ThreadlessExecutor final : public Executor {
 public:
  void submit(Lane, Task) override {}
  void submit_after(Lane, std::uint64_t, Task) override {}
  bool run_one() override {
    ++tries;
    return false;
  }
  std::atomic<int> tries{0};
};

/// A device whose syncs last until the test lets them end.
class SharedSyncThreadsTest : public ::testing::Test {
 protected:
  SharedSyncThreadsTest() {
    shared_.set_show([this](std::span<const Seq> writes) {
      auto shown = shown_.lock();
      shown->emplace_back(writes.begin(), writes.end());
      std::sort(shown->back().begin(), shown->back().end());
    });
  }
  ~SharedSyncThreadsTest() override {
    for (std::thread& thread : threads_) thread.join();
  }

  /// A thread that waits for `lsn` and notes what came of it.
  std::size_t start(Lsn lsn) {
    const std::size_t index = outcomes_.lock()->size();
    outcomes_.lock()->push_back("waits");
    threads_.emplace_back([this, lsn, index] {
      std::string outcome = shared_.through(lsn, lsn).to_string();
      (*outcomes_.lock())[index] = std::move(outcome);
      ++returned_;
    });
    return index;
  }
  /// The next sync to end says that it got there, or failed.
  void end_sync(Result<Lsn> result) {
    *result_.lock() = std::move(result);
    ++allowed_;
  }
  static void wait_for(const std::function<bool()>& done) {
    while (!done()) std::this_thread::yield();
  }
  void wait_for_sync(int number) {
    wait_for([&] { return begun_ == number; });
  }
  void wait_for_waiting(std::size_t count) {
    wait_for([&] { return shared_.waiting() == count; });
  }
  void wait_for_returned(int count) {
    wait_for([&] { return returned_ == count; });
  }
  std::string outcome(std::size_t index) { return (*outcomes_.lock())[index]; }

  std::atomic<int> begun_{0};
  std::atomic<int> allowed_{0};
  std::atomic<int> returned_{0};
  Guarded<Result<Lsn>> result_{Result<Lsn>(Lsn{0})};
  Guarded<std::vector<std::string>> outcomes_;
  Guarded<std::vector<std::vector<Seq>>> shown_;
  ThreadlessExecutor executor_;
  SharedSync shared_{executor_, [this] {
                       const int number = ++begun_;
                       wait_for([&] { return allowed_ >= number; });
                       return *result_.lock();
                     }};
  std::vector<std::thread> threads_;
};

using Shown = std::vector<std::vector<Seq>>;

TEST_F(SharedSyncThreadsTest, WhoCameInTimeIsServedAndTheFirstOfTheOthersLeads) {
  start(1);
  wait_for_sync(1);
  for (const Lsn lsn : {4, 2, 3, 5}) {
    start(lsn);
    wait_for_waiting(threads_.size() - 1);
  }
  end_sync(Lsn{3});
  wait_for_sync(2);
  wait_for_returned(3);
  EXPECT_EQ(shared_.synced(), 3U);
  EXPECT_EQ(shared_.waiting(), 1U) << "the one who leads does not wait";
  for (const std::size_t served : {0, 2, 3}) EXPECT_EQ(outcome(served), "ok");
  EXPECT_EQ(*shown_.lock(), (Shown{{1, 2, 3}}));
  end_sync(Lsn{5});
  wait_for_returned(5);
  EXPECT_EQ(*shown_.lock(), (Shown{{1, 2, 3}, {4, 5}}));
  EXPECT_EQ(executor_.tries, 0) << "work that waits for a sync would keep its leader from leading";
  EXPECT_EQ(begun_, 2);
  EXPECT_TRUE(shared_.through(5, 0).ok()) << "nothing to do";
  EXPECT_EQ(begun_, 2);
}

TEST_F(SharedSyncThreadsTest, AFailureIsEverybodysAndLasts) {
  start(1);
  wait_for_sync(1);
  start(2);
  wait_for_waiting(1);
  end_sync(Status(Code::kIo, "the disk is gone"));
  wait_for_returned(2);
  for (const std::size_t each : {0, 1}) EXPECT_EQ(outcome(each), "io: the disk is gone");
  EXPECT_EQ(shared_.through(3, 3).to_string(), "io: the disk is gone");
  EXPECT_EQ(begun_, 1);
  EXPECT_TRUE(shown_.lock()->empty());
}

TEST_F(SharedSyncThreadsTest, WhatWasGivenUpIsNeverSynced) {
  const Status why(Code::kReadOnly, "replaced");
  end_sync(Lsn{10});
  ASSERT_TRUE(shared_.through(10, 0).ok());
  shared_.stop(why, 20);
  EXPECT_EQ(shared_.through(5, 0).code(), Code::kReadOnly) << "before the restart";
  shared_.restart();
  EXPECT_TRUE(shared_.through(10, 0).ok());
  EXPECT_FALSE(shared_.given_up(10));
  for (const Lsn lsn : {11, 20}) {
    EXPECT_EQ(shared_.through(lsn, 0).to_string(), why.to_string());
    EXPECT_TRUE(shared_.given_up(lsn));
  }
  EXPECT_FALSE(shared_.given_up(21));
  end_sync(Lsn{25});
  EXPECT_TRUE(shared_.through(21, 0).ok());
  EXPECT_EQ(begun_, 2);
  EXPECT_TRUE(shared_.given_up(20)) << "for ever";
}

TEST_F(SharedSyncThreadsTest, AStopWaitsForTheSyncUnderWay) {
  start(1);
  wait_for_sync(1);
  start(2);
  start(3);
  wait_for_waiting(2);
  std::atomic<bool> stopped{false};
  std::thread stopper([&] {
    shared_.stop(Status(Code::kReadOnly, "replaced"), 4);
    stopped = true;
  });
  wait_for([&] { return shared_.through(0, 0).code() == Code::kReadOnly; });
  EXPECT_FALSE(stopped);
  end_sync(Lsn{2});
  stopper.join();
  wait_for_returned(3);
  EXPECT_EQ(outcome(0), "ok") << "it was synced";
  EXPECT_EQ(outcome(1), "ok");
  EXPECT_NE(outcome(2), "ok");
  EXPECT_EQ(begun_, 1);
}

TEST(SharedSyncThreads, NobodyReturnsBeforeTheSyncThatCoversIt) {
  constexpr int kThreads = 8;
  constexpr int kEach = 2000;
  std::atomic<Lsn> written{0};
  std::atomic<Lsn> durable{0};
  std::atomic<int> syncs{0};
  std::atomic<int> syncing{0};
  std::atomic<int> wrong{0};
  SharedSync shared(Env::posix().executor(), [&]() -> Result<Lsn> {
    if (++syncing != 1) ++wrong;
    const Lsn end = written;
    std::this_thread::yield();
    durable = end;
    ++syncs;
    --syncing;
    return end;
  });
  std::atomic<std::uint64_t> shown{0};
  shared.set_show([&](std::span<const Seq> writes) { shown += writes.size(); });
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int each = 0; each < kEach; ++each) {
        const Lsn lsn = ++written;
        if (!shared.through(lsn, lsn).ok() || durable < lsn) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(syncs, kThreads * kEach);
  EXPECT_LE(shown, std::uint64_t{kThreads} * kEach) << "a write is shown once at the most";
  EXPECT_EQ(shared.waiting(), 0U);
}

}  // namespace
}  // namespace nacre::engine
