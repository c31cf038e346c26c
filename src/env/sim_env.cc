#include "env/sim_env.h"

#include <utility>

#include "base/hash.h"

namespace nacre {

SimEnv::SimEnv(SimOptions options)
    : SimEnv(options, std::make_unique<SimDisk>(), SimClock::kFirstWallMicros) {}

SimEnv::SimEnv(SimOptions options, std::unique_ptr<SimDisk> disk, std::uint64_t wall_micros)
    : options_(options),
      disk_(std::move(disk)),
      clock_(wall_micros),
      executor_(clock_, options.order_seed),
      entropy_(mix_seed(options.seed, 0)) {}

std::uint64_t SimEnv::entropy() {
  const std::lock_guard guard(entropy_mutex_);
  return entropy_.next();
}

std::unique_ptr<SimEnv> SimEnv::crash_image(CrashProfile profile, std::uint64_t seed) const {
  SimOptions options = options_;
  options.seed = mix_seed(options_.seed, seed + 1);
  return std::unique_ptr<SimEnv>(
      new SimEnv(options, disk_->crash_image(profile, seed), clock_.wall_micros()));
}

}  // namespace nacre
