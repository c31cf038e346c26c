// growth.h - one store that grows, measured at each step of 1, 2, 5, 10, ... million entries.
//
// A row of the result:
//   {"engine", "entries",
//    "fill_us", "fill_cpu_us": one put since the last step; its processor time with that of
//                              background work, until all of it was done
//    "settle_s": until no background work was due
//    "hit_us", "miss_us": a get in random order, of a key that is there, that is not
//    "seek10_us": a cursor, a seek and ten entries
//    "first_scan_us", "scan_us": an entry of a scan over 5 million at most; the same again
//    "hit_cpu_us", ...: processor time of the same
//    "read_per_hit", "read_per_miss": bytes from the device for one of them
//    "peak_mib": resident memory at the worst moment since the last step
//    "disk_mib", "disk_per_byte": size on disk, by bytes of keys and values
//    "write_amplification": bytes written since the beginning, by bytes of keys and values
//    "close_ms", "open_ms", "first_get_ms": a clean close, the next open, the first get after it}
#pragma once

#include <cstdint>
#include <string>

#include "common/machine.h"

namespace nacre::bench {

struct GrowthSettings {
  std::string dir;
  std::uint64_t max = 100'000'000;
  std::uint64_t memory_mib = 2048;
  std::uint64_t memtable_mib = 64;
  std::size_t value_bytes = 100;
  std::uint64_t reads = 500'000;
};

/// The most entries that there are keys for.
std::uint64_t growth_max();

/// An array of rows. To be called in a process that does nothing else.
Json grow(const std::string& engine, const GrowthSettings& settings);

}  // namespace nacre::bench
