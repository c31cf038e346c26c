// Spans of dead keys: as text (tests/data/engine/dead_spans.txt), in random walks against a map,
// and with threads that put keys where others jump.
//
//   note LOWER UPPER at=SEQ last=SEQ    a walk at the seq saw nothing live there
//   cut KEY                             a put
//   ask KEY at=SEQ                      where a walk may go on, forward and backward

#include "engine/dead_spans.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "engine/engine.h"
#include "env/sim_env.h"
#include "harness/datadriven.h"
#include "harness/stores.h"
#include "nacre/db.h"

namespace nacre::engine {
namespace {

using test::Command;

std::string ask(DeadSpans& spans, const std::string& key, Seq seq) {
  const auto span = spans.find(key, seq);
  return span.has_value() ? "from " + escape(span->lower) + " to " + escape(span->upper)
                          : "unknown";
}

TEST(DeadSpansTest, Script) {
  DeadSpans spans;
  test::run_datadriven("engine/dead_spans.txt", [&](const Command& command) -> std::string {
    if (command.name == "note") {
      spans.note(command.words.at(0), command.words.at(1), std::stoull(command.arg("at")),
                 std::stoull(command.arg("last")));
      return spans.render();
    }
    if (command.name == "cut") {
      spans.cut(command.words.at(0));
      return spans.render();
    }
    if (command.name == "ask") {
      return ask(spans, command.words.at(0), std::stoull(command.arg("at")));
    }
    return "unknown command";
  });
}

TEST(DeadSpansTest, KeepsTheNewestFew) {
  DeadSpans spans;
  for (int i = 100; i < 200; ++i) {
    spans.note("k" + std::to_string(i), "k" + std::to_string(i) + "x", 1, 1);
    spans.note("k" + std::to_string(i), "k" + std::to_string(i) + "x", 2, 2);
  }
  EXPECT_TRUE(spans.find("k199", 2).has_value());
  EXPECT_FALSE(spans.find("k100", 2).has_value());
}

TEST(DeadSpansTest, AreForgottenWhenNobodyUsesThem) {
  DeadSpans spans;
  spans.note("a", "m", 1, 1);
  spans.note("a", "m", 2, 2);
  for (int i = 0; i < 900'000; ++i) spans.cut("z");
  EXPECT_TRUE(spans.find("b", 2).has_value());  // counts as use
  for (int i = 0; i < 900'000; ++i) spans.cut("z");
  EXPECT_TRUE(spans.any());
  for (int i = 0; i < 200'000; ++i) spans.cut("z");
  EXPECT_FALSE(spans.any());
}

std::string key_of(std::uint64_t n) { return std::to_string(1000 + n); }

/// Memtables that hold everything: nothing but the spans gets rid of deletes.
void roomy(Options& options) {
  options.memory_bytes = 64 << 20;
  options.memtable_bytes = 8 << 20;
}

/// What a cursor shows next to what a map has: a step to either side of every place.
void compare_walks(const Db& db, const std::map<std::string, std::string>& expected,
                   const Snapshot* snapshot, Random& random) {
  Cursor cursor = db.cursor({.range = {}, .snapshot = snapshot}).value();
  const std::string target = key_of(random.below(600));
  cursor.seek(target);
  auto at = expected.lower_bound(target);
  for (int steps = 0; steps < 3 && at != expected.end(); ++steps, ++at, cursor.next()) {
    ASSERT_TRUE(cursor.valid()) << "misses " << at->first;
    ASSERT_EQ(cursor.key(), at->first);
    ASSERT_EQ(cursor.value(), at->second);
  }
  if (at == expected.end()) {
    ASSERT_FALSE(cursor.valid());
  }
  cursor.seek_for_prev(target);
  auto back = expected.upper_bound(target);
  for (int steps = 0; steps < 3 && back != expected.begin(); ++steps, cursor.prev()) {
    --back;
    ASSERT_TRUE(cursor.valid()) << "misses " << back->first;
    ASSERT_EQ(cursor.key(), back->first);
    ASSERT_EQ(cursor.value(), back->second);
  }
  if (back == expected.begin()) {
    ASSERT_FALSE(cursor.valid());
  }
}

// 600 keys of which long stretches are deleted all the time.
// The third store is flushed and compacted all the time.
TEST(DeadSpansTest, WalksOverDeletedStretchesAgreeWithAMap) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    SimEnv world;
    Options options = test::tiny_options(world);
    if (seed != 3) roomy(options);
    Db db = Db::open("/store", options).value();
    std::map<std::string, std::string> now;
    std::map<std::string, std::string> then;
    std::optional<Snapshot> snapshot;
    for (int round = 0; round < (seed == 3 ? 500 : 3000); ++round) {
      if (random.one_in(8)) {
        const std::uint64_t from = random.below(600);
        for (std::uint64_t i = from; i < from + 40 + random.below(100); ++i) {
          ASSERT_TRUE(db.remove(key_of(i), {.durability = Durability::kOs}).ok());
          now.erase(key_of(i));
        }
      } else if (random.one_in(3)) {
        const std::string key = key_of(random.below(600));
        now[key] = std::to_string(round);
        ASSERT_TRUE(db.put(key, now[key], {.durability = Durability::kOs}).ok());
      } else if (random.one_in(50)) {
        snapshot = db.snapshot().value();
        then = now;
      } else if (random.one_in(100)) {
        ASSERT_TRUE(db.flush().ok());
      }
      compare_walks(db, now, nullptr, random);
      if (snapshot.has_value()) compare_walks(db, then, &*snapshot, random);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

// Each thread owns every fourth key of a stretch that is nearly always dead; what it has put it
// must see at once, whatever the other threads have proven meanwhile.
TEST(DeadSpansThreadsTest, APutIsSeenWhereOthersJump) {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kKeys = 400;
  SimEnv world;
  Options options = test::tiny_options(world);
  roomy(options);
  Db db = Db::open("/store", options).value();
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(db.put(key_of(i), "old", {.durability = Durability::kOs}).ok());
  }
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(db.remove(key_of(i), {.durability = Durability::kOs}).ok());
  }
  std::atomic<int> missed{0};
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Random random(thread);
      for (int round = 0; round < 400; ++round) {
        const std::string key = key_of(random.below(kKeys / kThreads) * kThreads + thread);
        if (!db.put(key, "new", {.durability = Durability::kOs}).ok()) missed.fetch_add(1);
        Cursor cursor = db.cursor().value();
        for (cursor.first(); cursor.valid() && cursor.key() < key; cursor.next()) {
        }
        if (!cursor.valid() || cursor.key() != key) missed.fetch_add(1);
        for (cursor.last(); cursor.valid() && cursor.key() > key; cursor.prev()) {
        }
        if (!cursor.valid() || cursor.key() != key) missed.fetch_add(1);
        if (!db.remove(key, {.durability = Durability::kOs}).ok()) missed.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(missed.load(), 0);
}

// A queue whose dead head grows for ever: walks leave word of it, and the next ones use that.
TEST(DeadSpansTest, TheDeadHeadOfAQueueIsKnown) {
  SimEnv world;
  Options options = test::tiny_options(world);
  roomy(options);
  const auto engine = Engine::open("/store", options).value();
  const WriteOptions os{.durability = Durability::kOs};
  constexpr std::uint64_t kRounds = 20'000;
  const auto job = [](std::uint64_t i) { return "q" + std::to_string(1'000'000 + i); };
  for (std::uint64_t i = 0; i < kRounds; ++i) {
    ASSERT_TRUE(engine->put(job(i), "job", os).ok());
    Cursor head = engine->cursor({.range = Range::prefix("q"), .snapshot = nullptr}).value();
    head.first();
    ASSERT_TRUE(head.valid());
    ASSERT_EQ(head.key(), job(i));
    ASSERT_TRUE(engine->remove(head.key(), os).ok());
  }
  // One span from the first job to nearly the last: each walk passes a few deletes only.
  const auto known = engine->dead_spans().find(job(0), kSeqMax);
  ASSERT_TRUE(known.has_value()) << engine->dead_spans().render();
  EXPECT_EQ(known->lower, job(0));
  EXPECT_GE(known->upper, job(kRounds - 2 * DeadSpans::kNoteAfter - DeadSpans::kAskAfter));
}

}  // namespace
}  // namespace nacre::engine
