// process.h - what a process costs, and a process of its own for each thing that is measured.
//
//   const ProcessUse before = process_use();
//   ... work ...
//   const ProcessUse used = process_use() - before;     // wall, processor, device
//
//   MemoryLimit limit(512);                             // MiB, page cache included
//   if (!limit.works()) refuse(limit.why_not());
//   ChildResult child = run_apart([] { return Json{...}; }, &limit);
//
// THREADS  the readers: any number; MemoryLimit and run_apart(): one at a time, before other
//          threads are started.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/machine.h"

namespace nacre::bench {

/// Seconds on a clock that only goes forward.
double wall_seconds();
/// User and system time of the whole process, background threads included.
double cpu_seconds();

/// What the process has used since it began; the difference of two is what lies between them.
struct ProcessUse {
  double wall = 0;           // seconds
  double cpu = 0;            // seconds
  double bytes_read = 0;     // fetched from the device for this process
  double bytes_written = 0;  // handed to the device, or made dirty in a mapping, by this process

  ProcessUse operator-(const ProcessUse& other) const {
    return {wall - other.wall, cpu - other.cpu, bytes_read - other.bytes_read,
            bytes_written - other.bytes_written};
  }
  ProcessUse& operator+=(const ProcessUse& other);
};
ProcessUse process_use();

/// Resident bytes now and at the worst moment since the start, mapped files included.
std::uint64_t memory_bytes();
std::uint64_t peak_memory_bytes();

/// What the files of a directory take on the device: holes cost nothing.
std::uint64_t directory_bytes(const std::string& dir);

/// Writes everything that the system still holds back, so that one work does not pay for another.
void settle_device();

/// A bound on the memory of a process, the page cache that it causes included: a control group
/// below that of this process (version 1, or beside it: version 2). Lasts as long as the object.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t mib);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  bool works() const { return !group_.empty(); }
  /// Why there is no limit: what was tried and how it failed.
  const std::string& why_not() const { return why_not_; }
  /// "control group v1", "control group v2".
  const std::string& kind() const { return kind_; }
  std::uint64_t mib() const { return mib_; }
  /// Puts the calling process under the limit. Returns whether that worked.
  bool enter() const;
  /// The most that the processes under it ever held, page cache included. 0: not told.
  std::uint64_t peak_bytes() const;

 private:
  bool try_group(const std::string& group, const std::string& limit_file);

  const std::uint64_t mib_;
  std::string group_;  // its folder
  std::string kind_;
  std::string why_not_;
};

struct ChildResult {
  bool ok = false;
  std::string error;  // "ended by signal 9", "exit status 1", ...
  Json json;          // what the child returned, when ok
};

/// Runs `body` in a child process, under `limit` when there is one, and returns what it returned.
ChildResult run_apart(const std::function<Json()>& body, const MemoryLimit* limit = nullptr);

}  // namespace nacre::bench
