#include "env/posix_env.h"

#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "env/posix_memory.h"

namespace nacre {

std::uint64_t PosixEnv::entropy() {
  std::uint64_t bits = 0;
  // getrandom(2) under the name that other systems have too. Small requests can't be interrupted.
  NACRE_CHECK(::getentropy(&bits, sizeof bits) == 0);
  return bits;
}

std::uint64_t PosixEnv::memory_bytes() { return process_memory_bytes(); }

std::unique_ptr<Env> make_posix_env(int compaction_threads) {
  return std::make_unique<PosixEnv>(compaction_threads);
}

Env& Env::posix() {
  // Never destroyed: background work may still be running while the process exits.
  static Env* const env = new PosixEnv(2);
  return *env;
}

}  // namespace nacre
