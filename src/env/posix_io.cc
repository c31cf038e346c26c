#include "env/posix_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace nacre {
namespace {

// The largest piece of one call: some systems refuse lengths that don't fit an int.
constexpr std::size_t kPieceBytesMax = std::size_t{1} << 30;

// Calls until no signal interrupts; -1 with errno on failure.
template <typename Call>
auto uninterrupted(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    static_cast<void>(close());
    fd_ = other.release();
  }
  return *this;
}

int Fd::close() {
  const int fd = release();
  if (fd < 0) return 0;
  // An interrupted close has closed: calling again could close a descriptor of another thread.
  return ::close(fd) == 0 || errno == EINTR ? 0 : errno;
}

int Fd::release() { return std::exchange(fd_, -1); }

Result<Fd> open_fd(const std::string& path, int flags, std::string_view operation) {
  const int fd = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0600); });
  if (fd < 0) return Status::from_errno(operation, path, errno);
  return Fd(fd);
}

Result<Fd> open_regular(const std::string& path, int flags, std::string_view operation) {
  // O_NONBLOCK only for the open itself: a pipe without a writer would block it for ever.
  Result<Fd> fd = open_fd(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, operation);
  if (!fd.ok()) return fd;
  struct stat about;
  if (::fstat(fd->get(), &about) != 0) return Status::from_errno(operation, path, errno);
  if (!S_ISREG(about.st_mode)) {
    return Status(Code::kIo, std::string(operation) + " " + path + ": not a regular file");
  }
  const int kept = ::fcntl(fd->get(), F_GETFL);
  if (kept < 0 || ::fcntl(fd->get(), F_SETFL, kept & ~O_NONBLOCK) != 0) {
    return Status::from_errno(operation, path, errno);
  }
  return fd;
}

void finish_read(int fd, RawRead& read, std::size_t unit) {
  while (read.got < read.want && read.got % unit == 0) {
    const std::size_t piece = std::min(read.want - read.got, kPieceBytesMax);
    const auto count = uninterrupted([&] {
      return ::pread(fd, read.to + read.got, piece, static_cast<off_t>(read.offset + read.got));
    });
    if (count < 0) {
      read.error = errno;
      return;
    }
    if (count == 0) return;
    read.got += static_cast<std::size_t>(count);
  }
}

int write_all(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const std::size_t piece = std::min(bytes.size(), kPieceBytesMax);
    const auto count = uninterrupted(
        [&] { return ::pwrite(fd, bytes.data(), piece, static_cast<off_t>(offset)); });
    if (count < 0) return errno;
    if (count == 0) return EIO;  // the system promises this never happens; don't loop on it
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return 0;
}

int write_zeros(int fd, std::uint64_t from, std::uint64_t to, std::size_t piece_max) {
  // Not const, so that the zeros take no room in the program file.
  static char zeros[64 << 10];
  while (from < to) {
    const std::size_t piece = std::min<std::uint64_t>(to - from, std::min(piece_max, sizeof zeros));
    if (const int error = write_all(fd, {zeros, piece}, from); error != 0) return error;
    from += piece;
  }
  return 0;
}

int sync_data(int fd) {
#if defined(__APPLE__)
  // fsync() there leaves the bytes in the cache of the drive. File systems without F_FULLFSYNC
  // offer nothing better; after a true failure a second call could lie.
  if (uninterrupted([&] { return ::fcntl(fd, F_FULLFSYNC); }) == 0) return 0;
  if (errno != ENOTSUP && errno != EINVAL && errno != ENOTTY) return errno;
  return uninterrupted([&] { return ::fsync(fd); }) == 0 ? 0 : errno;
#else
  return uninterrupted([&] { return ::fdatasync(fd); }) == 0 ? 0 : errno;
#endif
}

int sync_dir_fd(int fd) {
  return uninterrupted([&] { return ::fsync(fd); }) == 0 ? 0 : errno;
}

int resize_file(int fd, std::uint64_t size) {
  return uninterrupted([&] { return ::ftruncate(fd, static_cast<off_t>(size)); }) == 0 ? 0 : errno;
}

std::uint64_t page_bytes() {
  static const auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace nacre
