// pacing.h - how much a writer is slowed down, as a function of the work that piles up.
//
// The curve begins at nothing and grows smoothly, so that writers meet the speed of the background
// work long before memory runs out, and are never stopped in one step:
//
//   load = max(flush backlog, level 0 backlog, compaction debt),
//          each 0 while it is fine and 1 where it is too much
//   nanoseconds per KiB grow with the square of the load
//
// Level 0 is fine up to the number of tables that starts its compaction: from there on reads pay
// for every table more, and the compaction needs the processor.
#pragma once

#include <cstdint>

#include "engine/context.h"
#include "engine/view.h"

namespace nacre::engine {

struct Backlog {
  std::uint64_t frozen_memtables = 0;
  std::uint64_t frozen_memtables_max = 0;
  std::uint64_t level0_tables = 0;
  std::uint64_t level0_trigger = 0;
  std::uint64_t debt_bytes = 0;       // what compaction still has to rewrite
  std::uint64_t debt_bytes_soft = 0;  // a debt that is fine
};

/// That of a store whose view this is.
Backlog backlog_of(const View& view, const Settings& settings);
/// Nanoseconds that each KiB of writes should take at least; 0 when nothing piles up.
std::uint64_t pace_nanos_per_kib(const Backlog& backlog);

}  // namespace nacre::engine
