// posix_uring.h - many reads of one file at once, through io_uring.
//
// A few rings are made when they are first needed and lent to one batch at a time. Whether the
// system allows io_uring is found out by asking for the first ring: containers often forbid it.
// Built without liburing there is never a ring.
//
// THREADS    any.
// OWNS       up to kRingsMax rings, each a descriptor and a few pages.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/guarded.h"
#include "env/posix_io.h"

namespace nacre {

class ReadRings {
 public:
  /// With `enabled` false there is never a ring.
  explicit ReadRings(bool enabled);
  ~ReadRings();
  ReadRings(const ReadRings&) = delete;
  ReadRings& operator=(const ReadRings&) = delete;

  /// Starts all reads at once and waits for them. Best effort: what failed, fell short or was never
  /// started is for finish_read() to complete. False when there was no ring and nothing was done.
  bool read(int fd, std::span<RawRead> reads);

  /// False once the system has said that it has no io_uring for us.
  bool allowed() const { return allowed_.load(std::memory_order_relaxed); }

 private:
  struct Ring;
  struct Pool {
    std::vector<std::unique_ptr<Ring>> idle;
    int lent = 0;
  };
  static constexpr std::size_t kRingsMax = 8;

  std::unique_ptr<Ring> borrow();

  std::atomic<bool> allowed_;
  Guarded<Pool> pool_;
};

}  // namespace nacre
