// posix_mapping.h - a log segment in the address space of the process.
//
// The whole capacity is mapped once, while the file is still empty: that reserves addresses and
// nothing else, and makes every later write a copy to base() + offset. A page may be touched only
// once the file has reached it and populate() has made it resident; before that the system answers
// with SIGBUS. What a populated page still can't escape: after a sync it is write-protected, and
// the next store to it takes a short fault.
//
// THREADS    populate() and release() one at a time each; stores to populated pages beside them.
// OWNS       the mapping. It stays good when the file is closed or grows.
#pragma once

#include <cstdint>
#include <memory>

namespace nacre {

class LogMapping {
 public:
  /// Maps [0, bytes) of the file shared and writable. Null where a mapping is not safe or the
  /// system refuses: pwrite does the same work.
  static std::unique_ptr<LogMapping> create(int fd, std::uint64_t bytes);

  LogMapping(char* base, std::uint64_t bytes) : base_(base), bytes_(bytes) {}
  ~LogMapping();
  LogMapping(const LogMapping&) = delete;
  LogMapping& operator=(const LogMapping&) = delete;

  char* base() const { return base_; }

  /// Makes the pages of [from, to) resident and writable, and locks them in memory if it may.
  /// `from` starts a page, and nobody else uses a page of the range yet. Returns 0 or an errno.
  int populate(std::uint64_t from, std::uint64_t to);
  /// The two ways to do it: by one system call (Linux 5.14), or by a store of zero to each page.
  int populate_by_advice(std::uint64_t from, std::uint64_t to);
  void populate_by_touch(std::uint64_t from, std::uint64_t to);

  /// Gives the pages of [from, to), both on page boundaries, back to the page cache. What was
  /// written stays: only this process's view of it goes.
  void release(std::uint64_t from, std::uint64_t to);

 private:
  char* const base_;
  const std::uint64_t bytes_;
};

}  // namespace nacre
