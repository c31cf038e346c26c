#include "base/epoch.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace nacre {
namespace {

std::atomic<int> destroyed_count{0};

/// Something whose end can be seen, and whose use after its end AddressSanitizer sees.
struct Thing {
  std::uint64_t value = 0;
  std::uint64_t inverse = ~std::uint64_t{0};
};

void destroy_thing(void* thing) {
  delete static_cast<Thing*>(thing);
  destroyed_count.fetch_add(1);
}

void retire_new_thing() { epoch_retire(new Thing, destroy_thing); }

class EpochTest : public testing::Test {
 protected:
  EpochTest() {
    epoch_drain();
    destroyed_count = 0;
  }
  ~EpochTest() override { epoch_drain(); }
};

/// Runs one step at a time on another thread.
class OtherThread {
 public:
  OtherThread() : thread_([this] { run(); }) {}
  ~OtherThread() {
    step_ = nullptr;
    state_.store(kQuit);
    state_.notify_all();
    thread_.join();
  }
  void run_step(std::function<void()> step) {
    step_ = std::move(step);
    state_.store(kStep);
    state_.notify_all();
    state_.wait(kStep);
  }

 private:
  enum State { kIdle, kStep, kQuit };
  void run() {
    for (;;) {
      state_.wait(kIdle);
      if (state_.load() == kQuit) return;
      step_();
      state_.store(kIdle);
      state_.notify_all();
    }
  }
  std::function<void()> step_;
  std::atomic<State> state_{kIdle};
  std::thread thread_;
};

TEST_F(EpochTest, WithoutGuardsDestroysAtOnce) {
  retire_new_thing();
  EXPECT_EQ(destroyed_count, 1);
  EXPECT_EQ(epoch_collect(), 0u);
}

TEST_F(EpochTest, HeldKnowsTheGuardsOfThisThreadOnly) {
  OtherThread other;
  std::optional<EpochGuard> guard;
  other.run_step([&] { guard.emplace(); });
  EXPECT_FALSE(epoch_held());
  other.run_step([&] { EXPECT_TRUE(epoch_held()); });
  other.run_step([&] { guard.reset(); });
  other.run_step([&] { EXPECT_FALSE(epoch_held()); });
}

TEST_F(EpochTest, GuardOfAnotherThreadDelaysUntilItEnds) {
  OtherThread other;
  std::optional<EpochGuard> guard;
  other.run_step([&] { guard.emplace(); });
  retire_new_thing();
  retire_new_thing();
  EXPECT_EQ(destroyed_count, 0);
  EXPECT_EQ(epoch_collect(), 2u);
  other.run_step([&] { guard.reset(); });
  EXPECT_EQ(epoch_collect(), 0u);
  EXPECT_EQ(destroyed_count, 2);
}

TEST_F(EpochTest, GuardTakenAfterwardsDelaysNothing) {
  OtherThread early;
  OtherThread late;
  std::optional<EpochGuard> early_guard;
  std::optional<EpochGuard> late_guard;
  early.run_step([&] { early_guard.emplace(); });
  retire_new_thing();
  late.run_step([&] { late_guard.emplace(); });
  EXPECT_EQ(epoch_collect(), 1u);
  early.run_step([&] { early_guard.reset(); });
  EXPECT_EQ(epoch_collect(), 0u);
  EXPECT_EQ(destroyed_count, 1);
  late.run_step([&] { late_guard.reset(); });
}

TEST_F(EpochTest, OwnGuardDelaysToo) {
  {
    const EpochGuard guard;
    retire_new_thing();
    EXPECT_EQ(epoch_collect(), 1u);
    EXPECT_EQ(destroyed_count, 0);
  }
  EXPECT_EQ(epoch_collect(), 0u);
  EXPECT_EQ(destroyed_count, 1);
}

TEST_F(EpochTest, OnlyTheOutermostOfNestedGuardsCounts) {
  const auto outer = std::make_unique<EpochGuard>();
  {
    const EpochGuard inner;
    retire_new_thing();
  }
  EXPECT_TRUE(epoch_held());
  EXPECT_EQ(epoch_collect(), 1u);
  EXPECT_EQ(destroyed_count, 0);
}

TEST_F(EpochTest, DestroyMayRetireALongChain) {
  struct Link {
    int left;
    static void destroy(void* object) {
      const std::unique_ptr<Link> link(static_cast<Link*>(object));
      destroyed_count.fetch_add(1);
      const EpochGuard guards_may_be_taken_here;
      if (link->left > 0) epoch_retire(new Link{link->left - 1}, &Link::destroy);
    }
  };
  constexpr int kLinks = 100'000;  // would not fit on the stack as calls
  epoch_retire(new Link{kLinks - 1}, &Link::destroy);
  EXPECT_EQ(destroyed_count, kLinks);
}

TEST_F(EpochTest, DrainWaitsForReadersOnOtherThreads) {
  std::atomic<bool> guarded{false};
  std::atomic<bool> draining{false};
  std::thread reader([&] {
    const EpochGuard guard;
    guarded = true;
    while (!draining) std::this_thread::yield();
  });
  while (!guarded) std::this_thread::yield();
  retire_new_thing();
  EXPECT_EQ(destroyed_count, 0);
  draining = true;
  epoch_drain();
  EXPECT_EQ(destroyed_count, 1);
  reader.join();
}

TEST_F(EpochTest, DrainWaitsForDestructionsThatRunElsewhere) {
  static std::atomic<bool> started{false};
  static std::atomic<bool> may_end{false};
  std::thread destroyer([] {
    epoch_retire(new Thing, [](void* thing) {
      started = true;
      while (!may_end) std::this_thread::yield();
      destroy_thing(thing);
    });
  });
  while (!started) std::this_thread::yield();
  std::thread releaser([] { may_end = true; });
  epoch_drain();
  EXPECT_EQ(destroyed_count, 1);
  destroyer.join();
  releaser.join();
}

TEST_F(EpochTest, RecordsOfEndedThreadsHoldNothing) {
  for (int round = 0; round < 50; ++round) {
    std::thread([] { const EpochGuard guard; }).join();
    retire_new_thing();
    EXPECT_EQ(destroyed_count, round + 1);
  }
}

/// A guard in the destructor of a thread_local that was made before the thread's first guard runs
/// after the thread has given its record back.
struct GuardsAtThreadExit {
  bool used = false;
  ~GuardsAtThreadExit() {
    if (!used) return;
    const EpochGuard guard;
    retire_new_thing();
  }
};

TEST_F(EpochTest, GuardsWorkWhileAThreadEnds) {
  std::thread([] {
    thread_local GuardsAtThreadExit at_exit;
    at_exit.used = true;
    const EpochGuard guard;
  }).join();
  EXPECT_EQ(epoch_collect(), 0u);
  EXPECT_EQ(destroyed_count, 1);
}

TEST_F(EpochTest, ChildOfAForkIsNotHeldUpByThreadsItDoesNotHave) {
  OtherThread other;
  std::optional<EpochGuard> guard;
  other.run_step([&] { guard.emplace(); });
  retire_new_thing();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(epoch_collect() == 0 && destroyed_count == 1 ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(epoch_collect(), 1u) << "the parent's guard still counts";
  other.run_step([&] { guard.reset(); });
}

/// Readers follow shared pointers while writers replace what these point to. A thing that is freed
/// too early shows as a broken value here, and as a report under a sanitizer.
TEST_F(EpochTest, ReadersNeverSeeWhatWasFreed) {
  constexpr int kCells = 16;
  constexpr int kWrites = 4000;
  std::vector<std::atomic<Thing*>> cells(kCells);
  for (auto& cell : cells) cell = new Thing;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> broken{0};
  std::vector<std::thread> readers;
  for (unsigned seed = 0; seed < 4; ++seed) {
    readers.emplace_back([&, seed] {
      std::minstd_rand random(seed + 1);
      while (!stop) {
        const EpochGuard guard;
        for (int i = 0; i < 8; ++i) {
          const Thing* thing = cells[random() % kCells].load(std::memory_order_acquire);
          if (thing->inverse != ~thing->value) broken.fetch_add(1);
        }
      }
    });
  }
  std::vector<std::thread> writers;
  for (unsigned seed = 0; seed < 2; ++seed) {
    writers.emplace_back([&, seed] {
      std::minstd_rand random(seed + 100);
      for (int i = 0; i < kWrites; ++i) {
        const std::uint64_t value = random();
        auto* fresh = new Thing{value, ~value};
        Thing* old = cells[random() % kCells].exchange(fresh, std::memory_order_acq_rel);
        epoch_retire(old, [](void* thing) {
          static_cast<Thing*>(thing)->inverse = static_cast<Thing*>(thing)->value;
          destroy_thing(thing);
        });
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  epoch_drain();
  EXPECT_EQ(broken, 0u);
  EXPECT_EQ(destroyed_count, 2 * kWrites);
  for (auto& cell : cells) delete cell.load();
}

}  // namespace
}  // namespace nacre
