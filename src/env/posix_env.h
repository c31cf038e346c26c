// posix_env.h - the operating system as a world for stores.
//
// THREADS    any.
// LIFETIME   must outlive every store opened in it, and every file. Env::posix() is never
// destroyed.
#pragma once

#include <memory>

#include "env/posix_clock.h"
#include "env/posix_executor.h"
#include "env/posix_fs.h"
#include "nacre/env.h"

namespace nacre {

class PosixEnv : public Env {
 public:
  explicit PosixEnv(int compaction_threads) : executor_(compaction_threads) {}

  FileSystem& fs() override { return fs_; }
  Clock& clock() override { return clock_; }
  Executor& executor() override { return executor_; }
  std::uint64_t entropy() override;
  std::uint64_t memory_bytes() override;

 private:
  PosixFileSystem fs_;
  PosixClock clock_;
  PosixExecutor executor_;  // first to go: its tasks use the rest
};

/// A world with threads of its own: one for the log, one for flushes, and at least one for
/// compactions.
std::unique_ptr<Env> make_posix_env(int compaction_threads);

}  // namespace nacre
