// vector_path.h - which vector instructions a search may use on this machine.
//
// Code for each path is compiled into every build and chosen while running, once per object. Tests
// ask for each path that the machine has.
#pragma once

#include <cstdint>

namespace nacre {

enum class VectorPath : std::uint8_t { kPortable, kAvx2, kAvx512 };

inline bool has_path(VectorPath path) {
#if defined(__x86_64__)
  if (path == VectorPath::kAvx512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("popcnt");
  }
  if (path == VectorPath::kAvx2) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
  }
#endif
  return path == VectorPath::kPortable;
}

inline VectorPath best_path() {
  if (has_path(VectorPath::kAvx512)) return VectorPath::kAvx512;
  return has_path(VectorPath::kAvx2) ? VectorPath::kAvx2 : VectorPath::kPortable;
}

}  // namespace nacre
