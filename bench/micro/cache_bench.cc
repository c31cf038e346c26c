// cache_bench.cc - what a hit, a pin and a miss cost without any disk, and what the epochs cost.
#include <memory>
#include <random>

#include "base/epoch.h"
#include "cache/block_slots.h"
#include "micro/kernel.h"

namespace nacre {
namespace {

constexpr std::size_t kBlockBytes = 4096;

struct World {
  explicit World(std::uint64_t limit, std::uint32_t count)
      : budget(limit + (std::uint64_t{count} * sizeof(Slot))),
        cache(std::make_shared<BlockCache>(budget, pool)),
        slots(cache, count) {}
  void insert(std::uint32_t i) {
    FrameBuffer buffer = cache->allocate(kBlockBytes);
    buffer.data()[0] = static_cast<char>(i);
    slots.insert(i, std::move(buffer));
  }

  PagePool pool;
  MemoryBudget budget;
  std::shared_ptr<BlockCache> cache;
  BlockSlots slots;
};

void guard(benchmark::State& state) {
  for (auto _ : state) {
    const EpochGuard held;
    benchmark::ClobberMemory();
  }
  one_is(state, "an epoch entered and left");
}

void retire(benchmark::State& state) {
  for (auto _ : state) {
    epoch_retire(&state, [](void*) {});
  }
  one_is(state, "an object retired, and its share of freeing it");
}

/// A guard, a find of a random block among `blocks`, and one byte of it.
void hit(benchmark::State& state, std::uint32_t blocks) {
  static std::unique_ptr<World> world;
  if (state.thread_index() == 0) {
    world = std::make_unique<World>(1 << 30, blocks);
    for (std::uint32_t i = 0; i < blocks; ++i) world->insert(i);
  }
  std::minstd_rand random(static_cast<unsigned>(state.thread_index()) + 1);
  std::uint64_t sum = 0;
  for (auto _ : state) {
    const EpochGuard held;
    const char* data = world->slots.find(static_cast<std::uint32_t>(random() % blocks));
    sum += static_cast<unsigned char>(*data);
  }
  benchmark::DoNotOptimize(sum);
  if (state.thread_index() == 0) world.reset();
  one_is(state, "a guard, a slot of " + std::to_string(blocks) + ", a byte of its block");
}

void pin(benchmark::State& state, std::uint32_t blocks) {
  World world(1 << 30, blocks);
  for (std::uint32_t i = 0; i < blocks; ++i) world.insert(i);
  std::minstd_rand random(1);
  for (auto _ : state) {
    const BlockPin held = world.slots.pin(static_cast<std::uint32_t>(random() % blocks));
    benchmark::DoNotOptimize(held.data());
  }
  one_is(state, "a block of " + std::to_string(blocks) + " held by count and let go");
}

/// Every insert makes room first: what a miss costs besides the read.
void miss(benchmark::State& state) {
  constexpr std::uint32_t kBlocks = 160'000;
  static std::unique_ptr<World> world;
  if (state.thread_index() == 0) world = std::make_unique<World>(64 << 20, kBlocks);
  std::minstd_rand random(static_cast<unsigned>(state.thread_index()) + 1);
  for (auto _ : state) {
    const auto i = static_cast<std::uint32_t>(random() % kBlocks);
    {
      const EpochGuard held;
      if (world->slots.find(i) != nullptr) continue;
    }
    world->insert(i);
  }
  if (state.thread_index() == 0) world.reset();
  one_is(state, "a block inserted where another must go, no read");
}

void register_all() {
  kernel("cache/epoch_guard", guard)->Threads(1)->Threads(2)->UseRealTime();
  kernel("cache/epoch_retire", retire)->Threads(1)->Threads(2)->UseRealTime();
  for (const std::uint32_t blocks : {64u, 16'000u, 160'000u}) {
    const std::string count = "/" + std::to_string(blocks);
    kernel("cache/hit" + count, [blocks](benchmark::State& state) { hit(state, blocks); })
        ->Threads(1)
        ->Threads(2)
        ->UseRealTime();
    kernel("cache/pin" + count, [blocks](benchmark::State& state) { pin(state, blocks); });
  }
  kernel("cache/miss", miss)->Threads(1)->Threads(2)->Threads(8)->UseRealTime();
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
