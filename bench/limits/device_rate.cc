// device_rate.cc - keeps a fixed number of direct reads or writes in flight.
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#ifdef NACRE_URING
#include <liburing.h>
#endif

#include "common/process.h"
#include "limits/limits.h"

namespace nacre::bench {

namespace {

/// Where the next operation goes: from front to back and again, or anywhere.
class Offsets {
 public:
  explicit Offsets(const DeviceWork& work) : work_(work), blocks_(work.file_bytes / work.block) {}
  std::uint64_t next() {
    const std::uint64_t i = work_.random ? random_() % blocks_ : turn_++ % blocks_;
    return i * work_.block;
  }

 private:
  const DeviceWork& work_;
  const std::uint64_t blocks_;
  std::uint64_t turn_ = 0;
  std::mt19937_64 random_{1};
};

using Buffer = std::unique_ptr<char, decltype(&std::free)>;
Buffer make_buffer(std::uint64_t bytes) {
  return {static_cast<char*>(std::aligned_alloc(4096, bytes)), &std::free};
}

double rate_of_one(const DeviceWork& work, double seconds) {
  Offsets offsets(work);
  const Buffer buffer = make_buffer(work.block);
  const auto wanted = static_cast<ssize_t>(work.block);
  bool failed = false;
  const double nanos = nanos_each(seconds, 1, [&] {
    const auto at = static_cast<off_t>(offsets.next());
    const ssize_t got = work.write ? pwrite(work.file, buffer.get(), work.block, at)
                                   : pread(work.file, buffer.get(), work.block, at);
    failed |= got != wanted;
  });
  return failed ? 0 : 1e9 / nanos;
}

#ifdef NACRE_URING

class Ring {
 public:
  Ring(const DeviceWork& work, unsigned depth) : work_(work), offsets_(work) {
    made_ = io_uring_queue_init(depth, &ring_, 0) == 0;
    ok_ = made_;
    for (unsigned i = 0; i < depth; ++i) buffers_.push_back(make_buffer(work.block));
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    if (made_) io_uring_queue_exit(&ring_);
  }

  double rate(double seconds) {
    if (!ok_) return 0;
    for (std::uint64_t i = 0; i < buffers_.size(); ++i) queue(i);
    const double start = wall_seconds();
    std::uint64_t done = 0;
    double elapsed = 0;
    while (elapsed < seconds) {
      if (io_uring_submit_and_wait(&ring_, 1) < 0) return 0;
      done += reap(true);
      elapsed = wall_seconds() - start;
    }
    const double rate = static_cast<double>(done) / elapsed;
    // What is still under way must come back before its buffer goes.
    while (in_flight_ > 0) {
      if (io_uring_submit_and_wait(&ring_, 1) < 0) break;
      reap(false);
    }
    return ok_ ? rate : 0;
  }

 private:
  void queue(std::uint64_t i) {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    const auto bytes = static_cast<unsigned>(work_.block);
    if (work_.write) {
      io_uring_prep_write(entry, work_.file, buffers_[i].get(), bytes, offsets_.next());
    } else {
      io_uring_prep_read(entry, work_.file, buffers_[i].get(), bytes, offsets_.next());
    }
    io_uring_sqe_set_data64(entry, i);
    ++in_flight_;
  }
  std::uint64_t reap(bool again) {
    std::uint64_t done = 0;
    io_uring_cqe* result = nullptr;
    while (in_flight_ > 0 && io_uring_peek_cqe(&ring_, &result) == 0) {
      ok_ = ok_ && result->res == static_cast<int>(work_.block);
      const std::uint64_t i = io_uring_cqe_get_data64(result);
      io_uring_cqe_seen(&ring_, result);
      --in_flight_;
      ++done;
      if (again) queue(i);
    }
    return done;
  }

  const DeviceWork& work_;
  Offsets offsets_;
  std::vector<Buffer> buffers_;
  io_uring ring_{};
  bool made_ = false;
  bool ok_ = false;  // made, and no operation has failed
  std::uint64_t in_flight_ = 0;
};

double rate_of_many(const DeviceWork& work, double seconds) {
  return Ring(work, work.depth).rate(seconds);
}

#else

double rate_of_many(const DeviceWork&, double) { return 0; }

#endif

}  // namespace

double device_rate(const DeviceWork& work, double seconds) {
  return work.depth == 1 ? rate_of_one(work, seconds) : rate_of_many(work, seconds);
}

}  // namespace nacre::bench
