// raw_file.h - a file, for ways to keep data that are a page of code: whatever fails ends the
// program.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "compare/store.h"

namespace nacre::bench {

class RawFile {
 public:
  RawFile(const std::string& path, int flags) : path_(path) {
    file_ = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    need(file_ >= 0, "open");
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile() { ::close(file_); }

  int get() const { return file_; }
  std::uint64_t size() const {
    struct stat info {};
    need(::fstat(file_, &info) == 0, "stat");
    return static_cast<std::uint64_t>(info.st_size);
  }
  /// One system call, at the end of a file opened with O_APPEND or where the last one ended.
  void write(std::string_view bytes) const {
    need(::write(file_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
  }
  void read(std::uint64_t at, char* out, std::size_t bytes) const {
    const ssize_t got = ::pread(file_, out, bytes, static_cast<off_t>(at));
    need(got == static_cast<ssize_t>(bytes), "read");
  }
  void sync() const { need(::fdatasync(file_) == 0, "fdatasync"); }
  void need(bool ok, const char* what) const {
    if (!ok) fail(path_ + ": " + what + ": " + std::strerror(errno));
  }

 private:
  const std::string path_;
  int file_;
};

}  // namespace nacre::bench
