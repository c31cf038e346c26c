// check.h - stop rather than go on wrong.
//
// NACRE_CHECK   our own invariant; always on; aborts with the place and the words. Never for bytes
//               that came from disk: those are a Status.
// NACRE_DCHECK  an invariant that is dear to test; on when NACRE_INVARIANTS is defined (every test
//               build), gone from the build that users run.
#pragma once

namespace nacre {

[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace nacre

#define NACRE_CHECK(condition)                               \
  do {                                                       \
    if (!(condition)) [[unlikely]]                           \
      ::nacre::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

#ifdef NACRE_INVARIANTS
#define NACRE_DCHECK(condition) NACRE_CHECK(condition)
#else
#define NACRE_DCHECK(condition) \
  do {                          \
    if (false) {                \
      (void)(condition);        \
    }                           \
  } while (false)
#endif
