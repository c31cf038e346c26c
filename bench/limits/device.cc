// device.cc - what the device under a directory can do: syncs, and reads and writes past the page
// cache.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "common/process.h"
#include "limits/limits.h"

namespace nacre::bench {

namespace {

constexpr std::uint64_t kRecord = 128;
constexpr std::uint64_t kBlock = 4096;
constexpr std::uint64_t kPiece = 1 << 20;

class TempFile {
 public:
  TempFile(const std::string& path, int flags) : path_(path) {
    file_ = open(path.c_str(), flags | O_CREAT | O_CLOEXEC, 0600);
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() {
    if (file_ >= 0) close(file_);
    unlink(path_.c_str());
  }
  int get() const { return file_; }

 private:
  const std::string path_;
  int file_;
};

/// Microseconds of a write of one record and the sync behind it.
double synced_writes(const std::string& path, bool prewritten, double seconds) {
  constexpr std::uint64_t kSpace = 1 << 20;
  const TempFile file(path, O_RDWR | O_TRUNC);
  if (file.get() < 0) return 0;
  if (prewritten) {
    const std::string zeros(kSpace, '\0');
    if (pwrite(file.get(), zeros.data(), kSpace, 0) != static_cast<ssize_t>(kSpace)) return 0;
  }
  if (fsync(file.get()) != 0) return 0;
  const std::string record(kRecord, 'r');
  std::uint64_t at = 0;
  bool failed = false;
  const double nanos = nanos_each(seconds, 1, [&] {
    const auto offset = static_cast<off_t>(prewritten ? at % kSpace : at);
    failed |= pwrite(file.get(), record.data(), kRecord, offset) != static_cast<ssize_t>(kRecord);
    failed |= fdatasync(file.get()) != 0;
    at += kRecord;
  });
  return failed ? 0 : nanos / 1e3;
}

/// Writes the file whole, past the cache, with bytes that don't compress; returns GB/s.
double write_whole(int file, std::uint64_t bytes) {
  const std::unique_ptr<char, decltype(&std::free)> piece(
      static_cast<char*>(std::aligned_alloc(kBlock, kPiece)), &std::free);
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < kPiece; i += 8) {
    *reinterpret_cast<std::uint64_t*>(piece.get() + i) = random();
  }
  const double start = wall_seconds();
  for (std::uint64_t at = 0; at < bytes; at += kPiece) {
    if (pwrite(file, piece.get(), kPiece, static_cast<off_t>(at)) != static_cast<ssize_t>(kPiece)) {
      return 0;
    }
  }
  if (fdatasync(file) != 0) return 0;
  return static_cast<double>(bytes) / (wall_seconds() - start) / 1e9;
}

void syncs(const LimitSettings& settings, const LimitSink& sink) {
  const std::string path = settings.dir + "/nacre_limits.sync";
  sink({"fdatasync after an append", synced_writes(path, false, settings.seconds), "us",
        "128 bytes at the end of a file: data and the new size"});
  sink({"fdatasync after an overwrite", synced_writes(path, true, settings.seconds), "us",
        "128 bytes of a file that was written and synced before"});
}

void rates(const LimitSettings& settings, const LimitSink& sink, int file) {
  const std::string none = "the system lets us have no io_uring";
  DeviceWork work{.file = file, .block = kPiece, .file_bytes = settings.file_bytes};
  const auto bandwidth = [&](const std::string& name, const std::string& what) {
    const double rate = device_rate(work, settings.seconds);
    sink({name, rate * static_cast<double>(work.block) / 1e9, "GB/s", rate == 0 ? none : what});
  };
  bandwidth("read, sequential, direct", "1 MiB, one at a time");
  work.depth = 4;
  bandwidth("read, sequential, direct, depth 4", "1 MiB, four at a time");
  work.random = true;
  work.block = kBlock;
  for (const unsigned depth : {1U, 4U, 32U}) {
    work.depth = depth;
    const double rate = device_rate(work, settings.seconds);
    sink({"read, random, direct, depth " + std::to_string(depth), rate, "per s",
          rate == 0 ? none : "4 KiB, " + std::to_string(depth) + " at a time"});
  }
}

}  // namespace

void device_limits(const LimitSettings& settings, const LimitSink& sink) {
  syncs(settings, sink);
  const TempFile file(settings.dir + "/nacre_limits.device", O_RDWR | O_TRUNC | O_DIRECT);
  if (file.get() < 0) return sink({"direct reads and writes", 0, "", "no O_DIRECT here"});
  const double written = write_whole(file.get(), settings.file_bytes);
  sink({"write, sequential, direct", written, "GB/s", "1 MiB, one at a time, a sync at the end"});
  if (written != 0) rates(settings, sink, file.get());
}

}  // namespace nacre::bench
