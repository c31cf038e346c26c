// kernel.cc - what it costs to hand a small record to the kernel.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "common/process.h"
#include "limits/limits.h"

namespace nacre::bench {

namespace {

constexpr std::uint64_t kRecord = 128;
constexpr std::uint64_t kFile = 32 << 20;
constexpr std::uint64_t kPage = 4096;

/// A file of kFile bytes of zeros that are really there, removed at the end.
class FilledFile {
 public:
  explicit FilledFile(const std::string& path) : path_(path) {
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    // A page at a time: the kernel keeps what is written at once in one large page, and a fault in
    // one place would then serve many stores.
    const std::string zeros(kPage, '\0');
    for (std::uint64_t at = 0; ok() && at < kFile; at += zeros.size()) {
      if (write(file_, zeros.data(), zeros.size()) != static_cast<ssize_t>(zeros.size())) spoil();
    }
    if (ok() && fsync(file_) != 0) spoil();
  }
  FilledFile(const FilledFile&) = delete;
  FilledFile& operator=(const FilledFile&) = delete;
  ~FilledFile() {
    spoil();
    unlink(path_.c_str());
  }
  bool ok() const { return file_ >= 0; }
  int get() const { return file_; }

 private:
  void spoil() {
    if (file_ >= 0) close(file_);
    file_ = -1;
  }
  const std::string path_;
  int file_ = -1;
};

enum class Pages {
  kPresent,  // in the cache and in the page table, writable
  kWritten,  // in the cache, clean: the first store to each takes a fault
  kHoles,    // nowhere: the first store to each takes a fault that finds a page and a place for it
};

/// The time of a store of a record into the mapped file, one after the other from front to back.
/// Sums only the stores: making and undoing the mapping is not what is asked.
double mapped_stores(const FilledFile& file, Pages pages, double seconds) {
  const std::string record(kRecord, 'r');
  double spent = 0;
  std::uint64_t done = 0;
  while (spent < seconds) {
    if (pages == Pages::kHoles && ftruncate(file.get(), 0) != 0) return 0;
    if (ftruncate(file.get(), kFile) != 0 || fsync(file.get()) != 0) return 0;
    void* mapped = mmap(nullptr, kFile, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (mapped == MAP_FAILED) return 0;
    char* data = static_cast<char*>(mapped);
    if (pages == Pages::kPresent) {
      for (std::uint64_t at = 0; at < kFile; at += kPage) data[at] = 0;
    }
    const double start = wall_seconds();
    for (std::uint64_t at = 0; at < kFile; at += kRecord) {
      std::memcpy(data + at, record.data(), kRecord);
    }
    spent += wall_seconds() - start;
    done += kFile / kRecord;
    munmap(mapped, kFile);
  }
  return spent / static_cast<double>(done) * 1e9;
}

double write_calls(const FilledFile& file, double seconds) {
  constexpr std::uint64_t kCalls = 1024;
  const std::string record(kRecord, 'r');
  std::uint64_t at = kFile;  // behind the end: as a log grows
  bool failed = false;
  const double nanos = nanos_each(seconds, kCalls, [&] {
    if (at >= 2 * kFile) at = kFile;
    lseek(file.get(), static_cast<off_t>(at), SEEK_SET);
    for (std::uint64_t i = 0; i < kCalls; ++i, at += kRecord) {
      failed |= write(file.get(), record.data(), kRecord) != static_cast<ssize_t>(kRecord);
    }
  });
  return failed ? 0 : nanos;
}

}  // namespace

void kernel_limits(const LimitSettings& settings, const LimitSink& sink) {
  const FilledFile file(settings.dir + "/nacre_limits.kernel");
  if (!file.ok()) return sink({"write(2) and mapped stores", 0, "", "no file could be made"});
  sink({"write(2), 128 bytes", write_calls(file, settings.seconds), "ns", "one call, no sync"});
  sink({"mapped store, page present", mapped_stores(file, Pages::kPresent, settings.seconds), "ns",
        "128 bytes into a shared mapping of a file, its pages touched before"});
  sink({"mapped store, page faulted in", mapped_stores(file, Pages::kWritten, settings.seconds),
        "ns", "the same, 32 stores to a page; the first finds it in the page cache"});
  sink({"mapped store, page made", mapped_stores(file, Pages::kHoles, settings.seconds), "ns",
        "the same in a file of holes: the first must get a page and a place for it"});
}

}  // namespace nacre::bench
