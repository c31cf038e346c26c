// What background work owes to those who close a store.

#include "engine/scheduler.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/runtime_state.h"
#include "env/sim_env.h"
#include "harness/stores.h"
#include "nacre/db.h"
#include "nacre/listener.h"
#include "nacre/runtime.h"

namespace nacre::engine {
namespace {

/// Keeps every task after it has run, as a thread does that is stopped right then.
class KeepingExecutor final : public Executor {
 public:
  explicit KeepingExecutor(Executor& below) : below_(below) {}

  void submit(Lane lane, Task task) override { below_.submit(lane, kept(std::move(task))); }
  void submit_after(Lane lane, std::uint64_t nanos, Task task) override {
    below_.submit_after(lane, nanos, kept(std::move(task)));
  }
  bool run_one() override { return below_.run_one(); }
  bool run_next() override { return below_.run_next(); }

  std::size_t tasks() const { return tasks_.size(); }

 private:
  Task kept(Task task) {
    tasks_.push_back(std::make_shared<Task>(std::move(task)));
    return [task = tasks_.back()] { (*task)(); };
  }

  Executor& below_;
  std::vector<std::shared_ptr<Task>> tasks_;
};

class KeepingEnv final : public Env {
 public:
  FileSystem& fs() override { return world_.fs(); }
  Clock& clock() override { return world_.clock(); }
  Executor& executor() override { return executor_; }
  std::uint64_t entropy() override { return world_.entropy(); }
  std::uint64_t memory_bytes() override { return world_.memory_bytes(); }

  std::size_t tasks() const { return executor_.tasks(); }

 private:
  SimEnv world_;
  KeepingExecutor executor_{world_.executor()};
};

// A store may be closed, and the runtime go, before a thread has thrown away the task that it ran.
// The task must hold nothing then: tables give their memory back to the budget of the runtime.
TEST(SchedulerTest, TasksThatHaveRunHoldNothing) {
  KeepingEnv env;
  auto runtime = Runtime::create({.env = &env, .memory_bytes = 1 << 20}).value();
  Options options = test::tiny_options(env);
  options.env = nullptr;
  options.memory_bytes = 0;
  options.runtime = runtime;
  {
    Db db = Db::open("/store", options).value();
    for (int round = 0; round < 6; ++round) {
      ASSERT_TRUE(db.put("a", std::to_string(round)).ok());
      ASSERT_TRUE(db.put("b", std::to_string(round)).ok());
      ASSERT_TRUE(db.flush().ok());
      ASSERT_TRUE(db.wait_idle().ok());
    }
    ASSERT_GT(db.stats().value().compactions, 0U);
    ASSERT_TRUE(db.close().ok());
  }
  EXPECT_GT(env.tasks(), 6U);
  EXPECT_EQ(runtime->state().budget.used(MemoryUse::kTable), 0U);
  EXPECT_EQ(runtime->state().budget.used(MemoryUse::kMemtable), 0U);
  EXPECT_EQ(runtime.use_count(), 2) << "this test and its options";
}

// Nobody asks for it: a second after the last write level 0 goes down, and not while writes go on.
TEST(SchedulerTest, AStoreThatNobodyWritesToEmptiesLevelZero) {
  SimEnv world;
  Options options = test::tiny_options(world);
  options.level0_tables = 12;
  Db db = Db::open("/store", options).value();
  const auto level0_tables = [&] { return db.stats()->levels[0].tables; };
  for (int round = 0; round < 3; ++round) {
    for (const char* key : {"a", "m", "z"}) {
      ASSERT_TRUE(db.put(key, std::to_string(round), {.durability = Durability::kOs}).ok());
    }
    ASSERT_TRUE(db.flush().ok());
  }
  world.sim_executor().run_all();
  EXPECT_GT(level0_tables(), 1U);
  ASSERT_TRUE(world.sim_executor().advance_to_next_timer());
  ASSERT_TRUE(db.put("m", "again", {.durability = Durability::kOs}).ok());
  world.sim_executor().run_all();
  EXPECT_GT(level0_tables(), 1U) << "somebody has written meanwhile";
  ASSERT_TRUE(world.sim_executor().advance_to_next_timer());
  world.sim_executor().run_all();
  EXPECT_EQ(level0_tables(), 0U);
  EXPECT_FALSE(world.sim_executor().advance_to_next_timer()) << "an idle store waits for nothing";
}

class WalkedTest : public ::testing::Test {
 protected:
  WalkedTest() {
    Options options = test::tiny_options(world_);
    options.level0_tables = 12;
    options.listener = listener_;
    db_ = Db::open(test::kStoreDir, options).value();
  }
  /// Tables that meet each other, so that none of them can move down but the first.
  void add_tables(int count) {
    for (int i = 0; i < count; ++i) {
      for (const char* key : {"a", "m", "z"}) ASSERT_TRUE(db_.put(key, "v").ok());
      ASSERT_TRUE(db_.flush().ok());
      world_.sim_executor().run_all();
    }
  }
  void walk(int times) {
    for (int i = 0; i < times; ++i) {
      Cursor cursor = db_.cursor().value();
      cursor.seek("m");
      ASSERT_TRUE(cursor.valid());
    }
    world_.sim_executor().run_all();
  }
  std::uint64_t level0_tables() { return db_.stats()->levels[0].tables; }

  struct Reasons final : EventListener {
    void on_compaction(const CompactionEvent& event) override { last = event.reason; }
    std::string last;
  };

  SimEnv world_;
  std::shared_ptr<Reasons> listener_ = std::make_shared<Reasons>();
  Db db_;
};

// Walks look into every table of level 0: many of them make its merge worth while.
TEST_F(WalkedTest, LevelZeroGoesDownOnceWalksHavePaidForIt) {
  add_tables(6);
  ASSERT_EQ(level0_tables(), 5U) << "the first has moved down";
  walk(50);
  EXPECT_EQ(level0_tables(), 5U);
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(db_.get("m").ok());
  world_.sim_executor().run_all();
  EXPECT_EQ(level0_tables(), 5U) << "gets have filters";
  walk(300);
  EXPECT_EQ(level0_tables(), 0U);
  EXPECT_EQ(listener_->last, "walked");
}

TEST_F(WalkedTest, AFewTablesAreNotWorthIt) {
  add_tables(4);
  ASSERT_EQ(level0_tables(), 3U);
  walk(20'000);
  EXPECT_EQ(level0_tables(), 3U);
}

TEST(WalkDebtTest, IsPaidTableByTableUntilAMergeSettlesIt) {
  Counters counters;
  WalkDebt debt(counters);
  EXPECT_EQ(debt.paid_bytes(), 0U);
  int asked = 0;
  for (int walk = 0; walk < 1000; ++walk) asked += debt.add(7) ? 1 : 0;
  EXPECT_EQ(debt.paid_bytes(), 7000 * WalkDebt::kBytesPerTable);
  EXPECT_EQ(asked, 6) << "once in 1024 tables";
  debt.settle();
  EXPECT_EQ(debt.paid_bytes(), 0U);
  debt.add(3);
  EXPECT_EQ(debt.paid_bytes(), 3 * WalkDebt::kBytesPerTable);
}

}  // namespace
}  // namespace nacre::engine
