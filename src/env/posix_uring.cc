#include "env/posix_uring.h"

#ifdef NACRE_URING
#include <liburing.h>
#endif

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace nacre {

#ifdef NACRE_URING

// One ring in the hands of one thread.
struct ReadRings::Ring {
  static constexpr unsigned kDepth = 64;
  static constexpr std::size_t kPieceBytesMax = std::size_t{1} << 30;

  ~Ring() {
    if (made) io_uring_queue_exit(&uring);
  }

  // 0, or the errno of a system that refuses.
  int make() {
    const int result = io_uring_queue_init(kDepth, &uring, 0);
    made = result == 0;
    return -result;
  }

  // False when the ring is of no further use. None of the reads is under way when this returns.
  bool read(int fd, std::span<RawRead> reads) {
    std::size_t next = 0;
    unsigned queued = 0;
    while (next < reads.size() || queued + under_way > 0) {
      while (next < reads.size() && queued + under_way < kDepth) {
        io_uring_sqe* entry = io_uring_get_sqe(&uring);
        if (entry == nullptr) break;
        RawRead& read = reads[next++];
        const auto piece = static_cast<unsigned>(std::min(read.want, kPieceBytesMax));
        io_uring_prep_read(entry, fd, read.to, piece, read.offset);
        io_uring_sqe_set_data(entry, &read);
        ++queued;
      }
      const int started = io_uring_submit_and_wait(&uring, 1);
      if (started >= 0) {
        queued -= static_cast<unsigned>(started);
        under_way += static_cast<unsigned>(started);
      } else if (started != -EINTR && (started != -EAGAIN || under_way == 0)) {
        drain();
        return false;
      }
      reap();
    }
    return true;
  }

  // Takes what has completed. A failure is left to finish_read(), which meets it again.
  void reap() {
    io_uring_cqe* completion = nullptr;
    while (io_uring_peek_cqe(&uring, &completion) == 0) {
      auto* read = static_cast<RawRead*>(io_uring_cqe_get_data(completion));
      read->got = completion->res > 0 ? static_cast<std::size_t>(completion->res) : 0;
      io_uring_cqe_seen(&uring, completion);
      --under_way;
    }
  }

  // The kernel writes into the callers' memory until each read has completed: there is no leaving
  // before that.
  void drain() {
    while (under_way > 0) {
      io_uring_cqe* completion = nullptr;
      const int result = io_uring_wait_cqe(&uring, &completion);
      NACRE_CHECK(result == 0 || result == -EINTR || result == -EAGAIN);
      reap();
    }
  }

  io_uring uring;
  bool made = false;
  unsigned under_way = 0;
};

#else

struct ReadRings::Ring {
  int make() { return ENOSYS; }
  bool read(int, std::span<RawRead>) { return false; }
};

#endif

ReadRings::ReadRings(bool enabled) : allowed_(enabled) {}

ReadRings::~ReadRings() = default;

std::unique_ptr<ReadRings::Ring> ReadRings::borrow() {
  if (!allowed()) return nullptr;
  auto pool = pool_.lock();
  std::unique_ptr<Ring> ring;
  if (!pool->idle.empty()) {
    ring = std::move(pool->idle.back());
    pool->idle.pop_back();
  } else if (pool->lent < static_cast<int>(kRingsMax)) {
    ring = std::make_unique<Ring>();
    if (const int error = ring->make(); error != 0) {
      // Out of descriptors or memory may pass; everything else is a "no" for good.
      if (error != EMFILE && error != ENFILE && error != ENOMEM) {
        allowed_.store(false, std::memory_order_relaxed);
      }
      return nullptr;
    }
  }
  if (ring != nullptr) ++pool->lent;
  return ring;
}

bool ReadRings::read(int fd, std::span<RawRead> reads) {
  std::unique_ptr<Ring> ring = borrow();
  if (ring == nullptr) return false;
  const bool good = ring->read(fd, reads);
  auto pool = pool_.lock();
  --pool->lent;
  if (good) pool->idle.push_back(std::move(ring));
  return true;
}

}  // namespace nacre
