#include "env/posix_fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/try.h"
#include "env/posix_io.h"
#include "env/posix_lock.h"
#include "env/posix_log_file.h"
#include "env/posix_random_access_file.h"
#include "env/posix_writable_file.h"

namespace nacre {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

Status status_of(int result, std::string_view operation, const std::string& path) {
  return result == 0 ? Status() : Status::from_errno(operation, path, errno);
}

}  // namespace

Result<std::unique_ptr<RandomAccessFile>> PosixFileSystem::open(const std::string& path,
                                                                ReadMode mode) {
  return PosixRandomAccessFile::open(path, mode, rings_);
}

Result<std::unique_ptr<WritableFile>> PosixFileSystem::create(const std::string& path) {
  return PosixWritableFile::create(path);
}

Result<std::unique_ptr<LogFile>> PosixFileSystem::create_log(const std::string& path, LogMode mode,
                                                             std::uint64_t capacity) {
  return PosixLogFile::create(path, mode, capacity);
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& dir) {
  Fd fd = NACRE_TRY(open_fd(dir, O_RDONLY | O_DIRECTORY, "list"));
  const std::unique_ptr<DIR, CloseDir> stream(::fdopendir(fd.get()));
  if (stream == nullptr) return Status::from_errno("list", dir, errno);
  fd.release();  // the stream's own now
  std::vector<std::string> names;
  while (true) {
    errno = 0;  // the only way to tell the end from a failure
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    std::string name(entry->d_name);
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) return Status::from_errno("list", dir, errno);
  return names;
}

Result<PathKind> PosixFileSystem::kind(const std::string& path) {
  struct stat about;
  if (::lstat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return PathKind::kNothing;
    return Status::from_errno("stat", path, errno);
  }
  if (S_ISREG(about.st_mode)) return PathKind::kFile;
  const bool link = S_ISLNK(about.st_mode);
  if (link && ::stat(path.c_str(), &about) != 0) return PathKind::kOther;
  return S_ISDIR(about.st_mode) ? PathKind::kDirectory : PathKind::kOther;
}

Status PosixFileSystem::create_dir(const std::string& path) {
  return status_of(::mkdir(path.c_str(), 0700), "create directory", path);
}

Status PosixFileSystem::remove_dir(const std::string& path) {
  return status_of(::rmdir(path.c_str()), "remove directory", path);
}

Status PosixFileSystem::remove(const std::string& path) {
  return status_of(::unlink(path.c_str()), "remove", path);
}

Status PosixFileSystem::rename(const std::string& from, const std::string& to) {
  return status_of(::rename(from.c_str(), to.c_str()), "rename to " + to + " from", from);
}

Status PosixFileSystem::sync_dir(const std::string& dir) {
  const Fd fd = NACRE_TRY(open_fd(dir, O_RDONLY | O_DIRECTORY, "sync directory"));
  const int error = sync_dir_fd(fd.get());
  return error == 0 ? Status() : Status::from_errno("sync directory", dir, error);
}

Status PosixFileSystem::secure(const std::string& path, std::uint64_t from, std::uint64_t length) {
  const Fd fd = NACRE_TRY(open_regular(path, O_RDWR, "secure"));
  struct stat about;
  if (::fstat(fd.get(), &about) != 0) return Status::from_errno("stat", path, errno);
  if (from > length || length > static_cast<std::uint64_t>(about.st_size)) {
    return Status::invalid("secure " + path + ": past the end of the file");
  }
  constexpr std::uint64_t kPiece = 1 << 20;
  std::string bytes(std::min(kPiece, length - from), '\0');
  for (std::uint64_t at = from; at < length;) {
    RawRead read{.offset = at,
                 .to = bytes.data(),
                 .want = std::min<std::uint64_t>(bytes.size(), length - at),
                 .got = 0,
                 .error = 0};
    finish_read(fd.get(), read, 1);
    if (read.error == 0 && read.got == 0) read.error = EIO;  // somebody else has cut it
    if (read.error != 0) return Status::from_errno("read", path, read.error);
    const int error = write_all(fd.get(), std::string_view(bytes.data(), read.got), at);
    if (error != 0) return Status::from_errno("write", path, error);
    at += read.got;
  }
  const bool longer = static_cast<std::uint64_t>(about.st_size) > length;
  int error = longer ? resize_file(fd.get(), length) : 0;
  if (error == 0) error = sync_data(fd.get());
  return error == 0 ? Status() : Status::from_errno("secure", path, error);
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::lock(const std::string& path) {
  return lock_file(path);
}

Result<std::uint64_t> PosixFileSystem::free_bytes(const std::string& dir) {
  struct statvfs about;
  int result = ::statvfs(dir.c_str(), &about);
  while (result != 0 && errno == EINTR) result = ::statvfs(dir.c_str(), &about);
  if (result != 0) return Status::from_errno("stat file system of", dir, errno);
  return static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
}

}  // namespace nacre
