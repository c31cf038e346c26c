// poison.h - tells AddressSanitizer which bytes of our own pools may be touched.
//
// Memory that a pool holds but nobody owns is poisoned, so that a stray access is reported as it
// would be for malloc. Without the sanitizer both calls vanish.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NACRE_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define NACRE_ASAN 1
#endif

#ifdef NACRE_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace nacre {

inline void poison([[maybe_unused]] void* from, [[maybe_unused]] std::size_t bytes) {
#ifdef NACRE_ASAN
  ASAN_POISON_MEMORY_REGION(from, bytes);
#endif
}
inline void unpoison([[maybe_unused]] void* from, [[maybe_unused]] std::size_t bytes) {
#ifdef NACRE_ASAN
  ASAN_UNPOISON_MEMORY_REGION(from, bytes);
#endif
}

}  // namespace nacre
