#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "mem/mem_world.h"
#include "mem/memtable.h"
#include "mem/model.h"

namespace nacre::test {
namespace {

constexpr int kThreads = 8;

/// Key number `i` of thread `t`. Threads interleave everywhere, so that all of them split the same
/// leaves.
std::string key_of(int t, int i) {
  const std::uint64_t mixed = mix_seed(3, static_cast<std::uint64_t>(i * kThreads + t));
  std::string key = "shared/prefix/";
  for (int byte = 0; byte < 6; ++byte) key += static_cast<char>('a' + (mixed >> (8 * byte)) % 16);
  return key + std::to_string(t) + "/" + std::to_string(i);
}

void add(Memtable& memtable, std::string_view key, Seq seq, std::string_view value) {
  memtable.add(make_trailer(seq, Kind::kPut), key, value, hash64(key, 7));
}

template <typename Body>
void run_threads(Body&& body) {
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back([&body, t] { body(t); });
  for (auto& thread : threads) thread.join();
}

TEST(MemtableThreads, EveryThreadReadsItsOwnWritesAndAllAreThereInTheEnd) {
  constexpr int kKeys = 3'000;
  MemWorld world;
  Memtable memtable(world.budget, world.pages);
  std::atomic<int> wrong{0};
  run_threads([&](int t) {
    std::mt19937_64 random(t);
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = key_of(t, i);
      add(memtable, key, static_cast<Seq>(i + 1), key);
      const std::string other = key_of(t, static_cast<int>(random() % (i + 1)));
      Entry entry;
      if (!memtable.get(other, hash64(other, 7), kSeqMax, &entry) || entry.value != other) ++wrong;
      const std::string absent = other + "?";
      if (memtable.get(absent, hash64(absent, 7), kSeqMax, &entry)) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
  Model model;
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = key_of(t, i);
      model.emplace(ModelKey{key, make_trailer(static_cast<Seq>(i + 1), Kind::kPut)}, key);
    }
  }
  const auto cursor = memtable.cursor();
  auto at = model.cbegin();
  for (cursor->first(); cursor->valid(); cursor->next(), ++at) {
    ASSERT_TRUE(stands_at(*cursor, model, at));
  }
  EXPECT_TRUE(at == model.end());
  for (cursor->last(); cursor->valid(); cursor->prev()) {
    ASSERT_TRUE(stands_at(*cursor, model, --at));
  }
  EXPECT_TRUE(at == model.begin());
}

TEST(MemtableThreads, VersionsOfHotKeysStayInOrder) {
  constexpr Seq kSeqs = 4'000;
  MemWorld world;
  Memtable memtable(world.budget, world.pages);
  std::atomic<Seq> next{1};
  const std::array<std::string, 3> keys = {"hot", "hotter", ""};
  run_threads([&](int) {
    for (Seq seq = next++; seq <= kSeqs; seq = next++) {
      add(memtable, keys[seq % keys.size()], seq, std::to_string(seq));
    }
  });
  for (Seq seq = 3; seq <= kSeqs; seq += 7) {
    for (std::size_t k = 0; k < keys.size(); ++k) {
      Entry entry;
      ASSERT_TRUE(memtable.get(keys[k], hash64(keys[k], 7), seq, &entry));
      const Seq expected = seq - (seq + keys.size() - k) % keys.size();
      EXPECT_EQ(seq_of(entry.trailer), expected);
      EXPECT_EQ(entry.value, std::to_string(expected));
    }
  }
  const auto cursor = memtable.cursor();
  Seq seen = 0;
  for (cursor->last(); cursor->valid(); cursor->prev()) ++seen;
  EXPECT_EQ(seen, kSeqs);
}

/// Counts the keys of `thread` with a number below `known`, forward or backward, and what is out of
/// order.
std::pair<int, int> walk(const Memtable& memtable, int thread, int known, bool forward) {
  const std::string mine = std::to_string(thread);
  const auto cursor = memtable.cursor();
  int found = 0;
  int wrong = 0;
  std::string last;
  bool any = false;
  for (forward ? cursor->first() : cursor->last(); cursor->valid();
       forward ? cursor->next() : cursor->prev()) {
    const std::string key(cursor->entry().key);
    if (any && (forward ? key <= last : key >= last)) ++wrong;
    any = true;
    last = key;
    const std::size_t slash = key.rfind('/');
    if (key[slash - 1] == mine[0] && std::stoi(key.substr(slash + 1)) < known) ++found;
  }
  return {found, wrong};
}

TEST(MemtableThreads, ACursorSeesAllThatWasAddedBeforeIt) {
  constexpr int kKeys = 2'000;
  MemWorld world;
  Memtable memtable(world.budget, world.pages);
  std::array<std::atomic<int>, kThreads> added{};
  std::atomic<int> wrong{0};
  run_threads([&](int t) {
    if (t < kThreads / 2) {
      for (int i = 0; i < kKeys; ++i) {
        add(memtable, key_of(t, i), static_cast<Seq>(i + 1), "v");
        added[t].store(i + 1, std::memory_order_release);
      }
      return;
    }
    const int watched = t - kThreads / 2;
    for (bool done = false, forward = t % 2 == 0; !done; forward = !forward) {
      const int known = added[watched].load(std::memory_order_acquire);
      done = known == kKeys;
      const auto [found, unordered] = walk(memtable, watched, known, forward);
      if (found != known || unordered != 0) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST(MemtableThreads, AscendingStreamsFromManyThreads) {
  constexpr int kKeys = 4'000;
  MemWorld world;
  Memtable memtable(world.budget, world.pages);
  std::atomic<int> next{0};
  run_threads([&](int) {
    for (int i = next++; i < kKeys * kThreads; i = next++) {
      add(memtable, std::to_string(10'000'000 + i), static_cast<Seq>(i + 1), "v");
    }
  });
  const auto cursor = memtable.cursor();
  int i = 0;
  for (cursor->first(); cursor->valid(); cursor->next(), ++i) {
    ASSERT_EQ(cursor->entry().key, std::to_string(10'000'000 + i));
    ASSERT_EQ(seq_of(cursor->entry().trailer), static_cast<Seq>(i + 1));
  }
  EXPECT_EQ(i, kKeys * kThreads);
}

}  // namespace
}  // namespace nacre::test
