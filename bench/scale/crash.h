// crash.h - how long Nacre takes to open after its process was killed with much in the wal.
//
// A child writes with memtables so large that nothing is flushed, until the wal has the wanted
// length; it says so and goes on writing, and is killed with SIGKILL in the middle. Then the store
// is opened with ordinary options, in another process of its own: the time counts reading the wal
// and all else that an open does; what was read is flushed later. Every entry that the child
// reported as put must be there.
#pragma once

#include <cstdint>

#include "common/machine.h"
#include "scale/growth.h"

namespace nacre::bench {

/// {"wal_mib", "open_s", "open_s_per_gib", "open_cpu_s", "entries", "memory_mib", "memtable_mib",
///  "peak_mib"}
Json kill_and_open(const GrowthSettings& settings, std::uint64_t wal_bytes);

}  // namespace nacre::bench
