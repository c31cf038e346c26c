#include "env/posix_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <utility>

#include "base/guarded.h"
#include "base/try.h"
#include "env/posix_io.h"

namespace nacre {
namespace {

// Device and inode: what a file is, whatever path led to it.
using FileId = std::pair<std::uint64_t, std::uint64_t>;

FileId id_of(const struct stat& about) {
  return {static_cast<std::uint64_t>(about.st_dev), static_cast<std::uint64_t>(about.st_ino)};
}

// The locked files of this process. Never destroyed: stores may be closed late in the exit.
Guarded<std::set<FileId>>& held() {
  static auto* const table = new Guarded<std::set<FileId>>();
  return *table;
}

class PosixFileLock : public FileLock {
 public:
  PosixFileLock(Fd fd, FileId id) : fd_(std::move(fd)), id_(id) {}
  ~PosixFileLock() override {
    // In this order, and as one step for others of this process: while the table is free of the
    // file, nobody may find the system's lock still taken by us.
    auto table = held().lock();
    static_cast<void>(fd_.close());
    table->erase(id_);
  }

 private:
  Fd fd_;
  const FileId id_;
};

// 0, or an errno: EAGAIN or EACCES when another process has the lock.
int lock_fd(int fd) {
#if defined(F_OFD_SETLK)
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &whole) == 0) return 0;
  if (errno != EINVAL && errno != ENOTSUP) return errno;
#endif
  return ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

void write_owner(int fd) {
  // Only a message depends on it, so a full disk does not keep a store from opening.
  const std::string text = std::to_string(::getpid()) + "\n";
  if (resize_file(fd, 0) == 0) static_cast<void>(write_all(fd, text, 0));
}

std::string read_owner(int fd) {
  char text[20];
  RawRead read{0, text, sizeof text, 0, 0};
  finish_read(fd, read, 1);
  std::string digits;
  for (std::size_t i = 0; i < read.got && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "unknown" : digits;
}

Status locked_by(const std::string& path, std::string_view owner) {
  return Status(Code::kLocked, "lock " + path + ": held by " + std::string(owner));
}

// One attempt. Null when the file was replaced at the path while it was being locked.
Result<std::unique_ptr<FileLock>> try_lock_file(const std::string& path) {
  Fd fd = NACRE_TRY(open_regular(path, O_RDWR | O_CREAT, "lock"));
  struct stat about;
  if (::fstat(fd.get(), &about) != 0) return Status::from_errno("lock", path, errno);
  auto table = held().lock();
  if (table->contains(id_of(about))) {
    return locked_by(path, "another handle of this process");
  }
  if (const int error = lock_fd(fd.get()); error != 0) {
    if (error != EAGAIN && error != EACCES) return Status::from_errno("lock", path, error);
    return locked_by(path, "another process (pid " + read_owner(fd.get()) + ")");
  }
  struct stat named;
  const bool replaced = ::lstat(path.c_str(), &named) != 0 || id_of(named) != id_of(about);
  if (replaced) return std::unique_ptr<FileLock>();
  write_owner(fd.get());
  table->insert(id_of(about));
  return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(fd), id_of(about)));
}

}  // namespace

Result<std::unique_ptr<FileLock>> lock_file(const std::string& path) {
  constexpr int kAttemptsMax = 16;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    std::unique_ptr<FileLock> lock = NACRE_TRY(try_lock_file(path));
    if (lock != nullptr) return lock;
  }
  return locked_by(path, "somebody who keeps replacing the file");
}

}  // namespace nacre
