#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <random>
#include <thread>

#include "cache/cache_world.h"

namespace nacre {
namespace {

using test::block_is;
using test::CacheWorld;

constexpr std::uint64_t kLimit = 6 << 20;
constexpr unsigned kThreads = 8;
constexpr std::size_t kPinsPerThread = 8;
constexpr std::uint32_t kBlocks = 4000;
constexpr std::size_t kBlockBytesMax = 70'000;

/// The size is a function of the number, as it is in a table's index.
std::size_t size_of(std::uint32_t number) {
  const std::uint64_t dice = mix_seed(7, number);
  if (dice % 100 == 0) return 33'000 + dice % 37'000;
  if (dice % 10 == 0) return 16 + dice % 30'000;
  return 3800 + dice % 600;
}

class Stress {
 public:
  void run(int steps) {
    std::vector<std::thread> threads;
    for (unsigned seed = 1; seed <= kThreads; ++seed) {
      threads.emplace_back([this, seed, steps] { work(seed, steps); });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(broken_, 0);
    EXPECT_EQ(over_limit_, 0) << "highest sum " << highest_;
    EXPECT_GT(world_->cache->stats().evictions, 0u);
    table_.reset();
    epoch_drain();
    EXPECT_EQ(world_->budget.used(), 0u);
    world_.reset();
  }

 private:
  struct Held {
    BlockPin pin;
    std::uint32_t table;
    std::uint32_t number;
  };

  void check(bool good) {
    if (!good) broken_.fetch_add(1);
  }

  void check_budget() {
    // What may be beyond the limit: the overdraft, and what the threads hold at this moment.
    constexpr std::uint64_t kHeld = kThreads * (kPinsPerThread + 1) * kBlockBytesMax;
    const std::uint64_t used = world_->budget.used();
    if (used > kLimit + BlockCache::kOverdraftBytes + kHeld) over_limit_.fetch_add(1);
    std::uint64_t highest = highest_;
    while (used > highest && !highest_.compare_exchange_weak(highest, used)) {
    }
  }

  BlockPin read(BlockSlots& slots, std::uint32_t table, std::uint32_t number) {
    if (BlockPin pin = slots.pin(number)) return pin;
    FrameBuffer buffer = world_->cache->allocate(size_of(number));
    test::fill_block(buffer.data(), buffer.size(), table, number);
    return slots.insert(number, std::move(buffer));
  }

  void work(unsigned seed, int steps) {
    std::minstd_rand random(seed);
    std::vector<Held> held(kPinsPerThread);
    std::optional<BlockSlots> own;  // a table that comes and goes
    std::uint32_t own_table = seed * 1000;
    for (int step = 0; step < steps; ++step) {
      if (random() % 64 == 0) own.emplace(world_->cache, kBlocks);
      const bool in_own = own.has_value() && random() % 4 == 0;
      BlockSlots& slots = in_own ? *own : *table_;
      const std::uint32_t table = in_own ? own_table : 0;
      // Half of the reads go to a tenth of the blocks.
      const std::uint32_t number =
          static_cast<std::uint32_t>(random() % (random() % 2 == 0 ? kBlocks / 10 : kBlocks));
      const std::size_t size = size_of(number);
      if (random() % 2 == 0) {
        const EpochGuard guard;
        const char* data = slots.find(number);
        if (data != nullptr) check(block_is(data, size, table, number));
      } else {
        Held& place = held[random() % kPinsPerThread];
        if (place.pin)
          check(block_is(place.pin.data(), place.pin.size(), place.table, place.number));
        place = {read(slots, table, number), table, number};
        check(place.pin.size() == size && block_is(place.pin.data(), size, table, number));
      }
      if (random() % 256 == 0) world_->cache->evict(random() % (4 << 20));
      if (random() % 256 == 0) {
        world_->budget.charge(MemoryUse::kMemtable, 1 << 16);
        world_->budget.release(MemoryUse::kMemtable, 1 << 16);
      }
      check_budget();
    }
  }

  std::optional<CacheWorld> world_{kLimit};
  std::optional<BlockSlots> table_{std::in_place, world_->cache, kBlocks};
  std::atomic<int> broken_{0};
  std::atomic<int> over_limit_{0};
  std::atomic<std::uint64_t> highest_{0};
};

TEST(CacheStress, EightThreadsReadPinAndEvict) { Stress().run(6000); }

/// Threads race to insert the same block: all of them get the same bytes.
TEST(CacheStress, OneInsertWins) {
  CacheWorld world(8 << 20);
  for (int round = 0; round < 200; ++round) {
    BlockSlots slots(world.cache, 1);
    std::vector<BlockPin> pins(4);
    std::vector<std::thread> threads;
    for (BlockPin& pin : pins) {
      threads.emplace_back([&] { pin = world.insert(slots, 0, 4096); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const BlockPin& pin : pins) {
      ASSERT_EQ(pin.data(), pins[0].data());
      ASSERT_TRUE(block_is(pin.data(), 4096, 0, 0));
    }
  }
  EXPECT_EQ(world.cache->stats().insertions, 200u);
}

/// Pins that end on other threads while the cache and everything else goes.
TEST(CacheStress, PinsEndWhileTheCacheGoes) {
  for (int round = 0; round < 100; ++round) {
    std::optional<CacheWorld> world(std::in_place, 8 << 20);
    std::optional<BlockSlots> slots(std::in_place, world->cache, 4);
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < 4; ++i) {
      BlockPin pin = world->insert(*slots, i, i % 2 == 0 ? 4096 : 40'000);
      threads.emplace_back([i, pin = std::move(pin)]() mutable {
        EXPECT_TRUE(block_is(pin.data(), pin.size(), 0, i));
        pin.reset();
      });
    }
    slots.reset();
    world.reset();
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace nacre
