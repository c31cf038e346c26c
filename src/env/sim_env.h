// sim_env.h - a whole world in memory: disk, clock, executor and entropy, all made from one seed.
//
//   SimEnv world;
//   world.disk().on_mutation([&] { recover_and_check(world.crash_image(profile, seed)); });
//   run_workload(world);
//
// THREADS    any. With one thread everything that happens is a function of the seed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "base/random.h"
#include "env/sim_clock.h"
#include "env/sim_disk.h"
#include "env/sim_executor.h"
#include "nacre/env.h"

namespace nacre {

struct SimOptions {
  std::uint64_t seed = 1;                   ///< Of entropy().
  std::optional<std::uint64_t> order_seed;  ///< Of the executor: none is strict lane order.
};

class SimEnv final : public Env {
 public:
  explicit SimEnv(SimOptions options = {});

  FileSystem& fs() override { return *disk_; }
  Clock& clock() override { return clock_; }
  Executor& executor() override { return executor_; }
  std::uint64_t entropy() override;
  std::uint64_t memory_bytes() override { return std::uint64_t{1} << 30; }

  SimDisk& disk() { return *disk_; }
  const SimDisk& disk() const { return *disk_; }
  SimClock& sim_clock() { return clock_; }
  SimExecutor& sim_executor() { return executor_; }

  /// The world after a crash: its disk is the crash image of this one, the wall clock goes on, the
  /// monotonic one starts anew, no task waits and entropy differs. This world goes on unharmed.
  std::unique_ptr<SimEnv> crash_image(CrashProfile profile, std::uint64_t seed) const;
  std::unique_ptr<SimEnv> clone() const { return crash_image(CrashProfile::kProcess, 0); }

 private:
  SimEnv(SimOptions options, std::unique_ptr<SimDisk> disk, std::uint64_t wall_micros);

  SimOptions options_;
  std::unique_ptr<SimDisk> disk_;
  mutable SimClock clock_;  // reading it changes nothing, but Clock has no const methods
  SimExecutor executor_;
  std::mutex entropy_mutex_;
  Random entropy_;
};

}  // namespace nacre
