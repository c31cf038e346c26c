// sim_crash_bytes.h - what a power cut leaves of one file. Part of sim_crash.
#pragma once

#include <cstdint>

#include "env/sim_crash.h"
#include "env/sim_state.h"

namespace nacre {

/// How one power cut goes, as far as files are concerned.
struct SimPowerCut {
  CrashProfile profile = CrashProfile::kLoseUnsynced;
  std::uint64_t seed = 0;
  std::uint64_t last_seq = 0;     ///< kPrefix: the last operation that is there.
  std::uint64_t oldest_kept = 0;  ///< kNewestOnly: the id of the oldest file that is kept.
};

SimContent sim_content_after(const SimState& state, const SimFile& file, const SimPowerCut& cut);

}  // namespace nacre
