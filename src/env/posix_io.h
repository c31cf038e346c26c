// posix_io.h - an open file descriptor, and the system calls on it that must be looped.
//
// A signal may interrupt a call and a call may do less than it was asked to; neither reaches the
// callers of this file. The functions return 0 or an errno, because only the caller knows the words
// for its Status.
//
// THREADS    Fd is a value of one thread; the functions may be called from any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "nacre/result.h"

namespace nacre {

/// Owns one descriptor; closes it at the end.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { static_cast<void>(close()); }

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  /// Closes now. Returns 0 or the errno: some file systems report a failed write only here.
  int close();
  int release();

 private:
  int fd_ = -1;
};

/// open(2) with O_CLOEXEC and mode 0600. `operation` is the verb of the error message.
Result<Fd> open_fd(const std::string& path, int flags, std::string_view operation);

/// Opens a file of a store: the last part of the path may be no symbolic link, and what it names
/// must be a regular file. A pipe or a device planted in a store is refused, not waited for.
Result<Fd> open_regular(const std::string& path, int flags, std::string_view operation);

/// One read from a file: `want` bytes at `offset` go to `to`, `got` of them are there so far.
struct RawRead {
  std::uint64_t offset;
  char* to;
  std::size_t want;
  std::size_t got;
  int error;
};

/// Goes on with a read until it has what it wants, the file ends, or it fails. `unit` is 1, or the
/// block size of direct I/O: such a read can stop inside a block only at the end of the file.
void finish_read(int fd, RawRead& read, std::size_t unit);

/// Writes all bytes at `offset`.
int write_all(int fd, std::string_view bytes, std::uint64_t offset);

/// Writes zeros over [from, to), in pieces of at most `piece_max` and 64 KiB: a file system locks
/// the file during each, and writers may wait for it.
int write_zeros(int fd, std::uint64_t from, std::uint64_t to, std::size_t piece_max);

/// Puts the bytes of a file, and its size, on stable storage.
int sync_data(int fd);

/// Puts the names in an open directory on stable storage.
int sync_dir_fd(int fd);

/// Cuts or extends a file.
int resize_file(int fd, std::uint64_t size);

/// Bytes of a page of this machine's memory, and that many rounded to.
std::uint64_t page_bytes();
constexpr std::uint64_t round_down(std::uint64_t value, std::uint64_t unit) {
  return value / unit * unit;
}
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return round_down(value + unit - 1, unit);
}

}  // namespace nacre
