#include "env/posix_random_access_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "base/try.h"

namespace nacre {
namespace {

constexpr std::uint64_t kDirectBytes = PosixRandomAccessFile::kDirectBytes;
// The bounce buffer of one slice of a batch, unless a single request is larger.
constexpr std::uint64_t kBounceBytesMax = 4 << 20;

struct Free {
  void operator()(char* memory) const { std::free(memory); }
};
using Bounce = std::unique_ptr<char, Free>;

// The whole blocks that hold [offset, offset + bytes).
struct Blocks {
  std::uint64_t begin;
  std::uint64_t bytes;
};
Blocks blocks_of(std::uint64_t offset, std::size_t bytes) {
  const std::uint64_t begin = round_down(offset, kDirectBytes);
  return {begin, round_up(offset + bytes, kDirectBytes) - begin};
}

// O_DIRECT is set and cleared on the open descriptor. False when the file system has none.
bool set_direct(int fd, bool on) {
#if defined(O_DIRECT)
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
#elif defined(F_NOCACHE)
  return ::fcntl(fd, F_NOCACHE, on ? 1 : 0) == 0;
#else
  static_cast<void>(fd);
  return !on;
#endif
}

}  // namespace

Result<std::unique_ptr<RandomAccessFile>> PosixRandomAccessFile::open(const std::string& path,
                                                                      ReadMode mode,
                                                                      ReadRings& rings) {
  Fd fd = NACRE_TRY(open_regular(path, O_RDONLY, "open"));
  struct stat about;
  if (::fstat(fd.get(), &about) != 0) return Status::from_errno("open", path, errno);
  const bool direct = mode == ReadMode::kDirect && set_direct(fd.get(), true);
  const auto size = static_cast<std::uint64_t>(about.st_size);
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<PosixRandomAccessFile>(std::move(fd), path, size, rings, direct));
}

std::size_t PosixRandomAccessFile::clamp(std::uint64_t offset, std::size_t bytes) const {
  return offset >= size_ ? 0 : std::min<std::uint64_t>(bytes, size_ - offset);
}

Result<std::size_t> PosixRandomAccessFile::read(std::uint64_t offset, std::span<char> out) const {
  if (direct()) {
    ReadRequest request{.offset = offset, .out = out, .count = 0, .status = {}};
    read_direct({&request, 1});
    if (!request.status.ok()) return std::move(request.status);
    return request.count;
  }
  RawRead raw{offset, out.data(), clamp(offset, out.size()), 0, 0};
  finish_read(fd_.get(), raw, 1);
  if (raw.error != 0) return Status::from_errno("read", path_, raw.error);
  return raw.got;
}

void PosixRandomAccessFile::read_many(std::span<ReadRequest> requests) const {
  if (direct()) {
    read_direct(requests);
  } else {
    read_buffered(requests);
  }
}

void PosixRandomAccessFile::run(std::span<RawRead> reads, std::size_t unit) const {
  if (reads.size() > 1) {
    const bool done = rings_.read(fd_.get(), reads);
#if defined(POSIX_FADV_WILLNEED)
    // Without a ring, tell the device of all reads before waiting for the first.
    if (!done && unit == 1) {
      for (const RawRead& read : reads) {
        static_cast<void>(::posix_fadvise(fd_.get(), static_cast<off_t>(read.offset),
                                          static_cast<off_t>(read.want), POSIX_FADV_WILLNEED));
      }
    }
#else
    static_cast<void>(done);
#endif
  }
  for (RawRead& read : reads) finish_read(fd_.get(), read, unit);
}

void PosixRandomAccessFile::read_buffered(std::span<ReadRequest> requests) const {
  std::vector<RawRead> raws;
  raws.reserve(requests.size());
  for (const ReadRequest& request : requests) {
    raws.push_back(
        {request.offset, request.out.data(), clamp(request.offset, request.out.size()), 0, 0});
  }
  run(raws, 1);
  for (std::size_t i = 0; i < raws.size(); ++i) {
    requests[i].count = raws[i].error == 0 ? raws[i].got : 0;
    requests[i].status =
        raws[i].error == 0 ? Status() : Status::from_errno("read", path_, raws[i].error);
  }
}

void PosixRandomAccessFile::read_direct(std::span<ReadRequest> requests) const {
  while (!requests.empty()) {
    std::size_t taken = 0;
    std::uint64_t bytes = 0;
    for (const ReadRequest& request : requests) {
      bytes += blocks_of(request.offset % kDirectBytes, request.out.size()).bytes;
      if (taken > 0 && bytes > kBounceBytesMax) break;
      ++taken;
    }
    read_direct_slice(requests.first(taken));
    requests = requests.subspan(taken);
  }
}

void PosixRandomAccessFile::read_direct_slice(std::span<ReadRequest> requests) const {
  std::vector<RawRead> raws(requests.size());
  std::uint64_t bounce_bytes = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::size_t bytes = clamp(requests[i].offset, requests[i].out.size());
    if (bytes == 0) continue;
    const Blocks blocks = blocks_of(requests[i].offset, bytes);
    raws[i] = {blocks.begin, nullptr, blocks.bytes, 0, 0};
    char* const out = requests[i].out.data();
    const bool fits = blocks.begin == requests[i].offset && blocks.bytes == bytes &&
                      reinterpret_cast<std::uintptr_t>(out) % kDirectBytes == 0;
    if (fits) {
      raws[i].to = out;
    } else {
      bounce_bytes += blocks.bytes;
    }
  }
  const Bounce bounce(bounce_bytes == 0
                          ? nullptr
                          : static_cast<char*>(std::aligned_alloc(kDirectBytes, bounce_bytes)));
  if (bounce_bytes > 0 && bounce == nullptr) {
    for (ReadRequest& request : requests) {
      request.status = Status::from_errno("read", path_, ENOMEM);
    }
    return;
  }
  char* room = bounce.get();
  for (RawRead& raw : raws) {
    if (raw.want == 0 || raw.to != nullptr) continue;
    raw.to = room;
    room += raw.want;
  }
  run(raws, kDirectBytes);
  for (const RawRead& raw : raws) {
    if (raw.error != EINVAL) continue;
    stop_direct();
    return read_buffered(requests);
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    ReadRequest& request = requests[i];
    request.count = 0;
    request.status =
        raws[i].error == 0 ? Status() : Status::from_errno("read", path_, raws[i].error);
    const std::size_t before = request.offset % kDirectBytes;
    if (!request.status.ok() || raws[i].got <= before) continue;
    request.count = std::min(raws[i].got - before, clamp(request.offset, request.out.size()));
    if (raws[i].to != request.out.data()) {
      std::memcpy(request.out.data(), raws[i].to + before, request.count);
    }
  }
}

void PosixRandomAccessFile::stop_direct() const {
  // A device with larger blocks than ours, or a file system that takes the flag and then refuses.
  static_cast<void>(set_direct(fd_.get(), false));
  direct_.store(false, std::memory_order_relaxed);
}

}  // namespace nacre
