#include "engine/parallel.h"

#include <condition_variable>
#include <memory>

#include "base/guarded.h"

namespace nacre::engine {

namespace {

/// Outlives the call when a helper begins too late; `work` is not touched then.
struct Row {
  struct Progress {
    std::size_t next = 0;
    std::size_t running = 0;
  };
  std::size_t count = 0;
  const std::function<void(std::size_t)>* work = nullptr;
  Guarded<Progress> progress;
  std::condition_variable changed;

  void take_all() {
    auto state = progress.lock();
    while (state->next < count) {
      const std::size_t index = state->next++;
      ++state->running;
      state.unlock_while([&] { (*work)(index); });
      --state->running;
    }
    changed.notify_all();
  }
};

}  // namespace

void run_parallel(Executor& executor, std::size_t helpers, std::size_t count,
                  const std::function<void(std::size_t)>& work) {
  const auto row = std::make_shared<Row>();
  row->count = count;
  row->work = &work;
  for (std::size_t i = 0; i < helpers && i + 1 < count; ++i) {
    executor.submit(Lane::kCompaction, [row] { row->take_all(); });
  }
  row->take_all();
  auto state = row->progress.lock();
  state.wait(row->changed, executor, [&] { return state->running == 0; });
}

}  // namespace nacre::engine
