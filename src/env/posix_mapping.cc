#include "env/posix_mapping.h"

#include <sys/mman.h>

#include <cerrno>

#if defined(__linux__)
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#include "env/posix_io.h"

namespace nacre {
namespace {

// A store to a mapping reports no error: it kills the process. So only file systems qualify that
// overwrite in place, where a page once written needs no new space; those that copy on write or
// ask a server may run out of it at any store. A file system not named here costs speed only.
bool overwrites_in_place(int fd) {
#if defined(__linux__)
  struct statfs about;
  if (::fstatfs(fd, &about) != 0) return false;
  switch (static_cast<std::uint64_t>(about.f_type)) {
    case EXT4_SUPER_MAGIC:  // ext2 and ext3 have the same number
    case XFS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
      return true;
    default:
      return false;
  }
#else
  static_cast<void>(fd);
  return false;
#endif
}

}  // namespace

std::unique_ptr<LogMapping> LogMapping::create(int fd, std::uint64_t bytes) {
  if (!overwrites_in_place(fd)) return nullptr;
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return nullptr;
  return std::make_unique<LogMapping>(static_cast<char*>(base), bytes);
}

LogMapping::~LogMapping() { ::munmap(base_, bytes_); }

int LogMapping::populate(std::uint64_t from, std::uint64_t to) {
  int error = populate_by_advice(from, to);
  if (error == EINVAL) {  // an older kernel
    populate_by_touch(from, to);
    error = 0;
  }
  if (error == 0) {
    // Keeps a store from waiting for a page that memory pressure took away. Small limits on locked
    // memory are common; without the lock everything still works.
    static_cast<void>(::mlock(base_ + from, to - from));
  }
  return error;
}

int LogMapping::populate_by_advice(std::uint64_t from, std::uint64_t to) {
  while (::madvise(base_ + from, to - from, MADV_POPULATE_WRITE) != 0) {
    if (errno != EINTR && errno != EAGAIN) return errno;
  }
  return 0;
}

void LogMapping::populate_by_touch(std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t at = from; at < to; at += page_bytes()) {
    *static_cast<volatile char*>(base_ + at) = 0;
  }
}

void LogMapping::release(std::uint64_t from, std::uint64_t to) {
  // The addresses stay reserved, so that a write that comes too late still goes to this file and
  // not into memory that somebody else was given since.
  static_cast<void>(::munlock(base_ + from, to - from));
  static_cast<void>(::madvise(base_ + from, to - from, MADV_DONTNEED));
}

}  // namespace nacre
