// posix_random_access_file.h - reads of a finished file, through the page cache or past it.
//
// Direct reads move whole blocks of kDirectBytes between the device and memory aligned to them. A
// request that is not shaped like that goes through a bounce buffer of its own: 100 ns of memory
// for 100 us of device.
//
//   request               |......##########....|
//   read       |----------------|---------------|     whole blocks into the bounce buffer
//
// THREADS    any.
// OWNS       the descriptor. Borrows the rings: the FileSystem outlives its files.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "env/posix_io.h"
#include "env/posix_uring.h"
#include "nacre/env.h"

namespace nacre {

class PosixRandomAccessFile : public RandomAccessFile {
 public:
  static constexpr std::size_t kDirectBytes = 4096;

  static Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path, ReadMode mode,
                                                        ReadRings& rings);

  /// With `direct`, O_DIRECT is set on the descriptor.
  PosixRandomAccessFile(Fd fd, std::string path, std::uint64_t size, ReadRings& rings, bool direct)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size), rings_(rings), direct_(direct) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override;
  void read_many(std::span<ReadRequest> requests) const override;
  std::uint64_t size() const override { return size_; }
  /// False for kBuffered, and for kDirect where the file system can't.
  bool direct() const { return direct_.load(std::memory_order_relaxed); }

 private:
  // How many of `bytes` at `offset` the file has.
  std::size_t clamp(std::uint64_t offset, std::size_t bytes) const;
  void read_buffered(std::span<ReadRequest> requests) const;
  void read_direct(std::span<ReadRequest> requests) const;
  void read_direct_slice(std::span<ReadRequest> requests) const;
  // Does the reads at once where that is possible. Leaves count or error in each.
  void run(std::span<RawRead> reads, std::size_t unit) const;
  // From here on the file is read through the page cache.
  void stop_direct() const;

  const Fd fd_;
  const std::string path_;
  const std::uint64_t size_;
  ReadRings& rings_;
  mutable std::atomic<bool> direct_;
};

}  // namespace nacre
