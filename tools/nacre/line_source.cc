#include "line_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "base/try.h"

namespace nacre::tool {

namespace {

constexpr std::size_t kReadBytes = 256 << 10;
// The longest line that can be an entry: every byte written as \xHH, and some words of JSON.
constexpr std::size_t kLineBytesMax = 6 * (kKeyBytesMax + kValueBytesMax) + 4096;

}  // namespace

Result<LineSource> LineSource::open(const std::string& path) {
  if (path == "-") return LineSource(0, "standard input");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Status::from_errno("open", path, errno);
  return LineSource(fd, path);
}

LineSource::LineSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
  struct stat about = {};
  if (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    total_ = static_cast<std::uint64_t>(about.st_size);
  }
}

LineSource::LineSource(LineSource&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      stop_fd_(other.stop_fd_),
      name_(std::move(other.name_)),
      total_(other.total_),
      before_waiting_(std::move(other.before_waiting_)),
      buffer_(std::move(other.buffer_)),
      at_(other.at_),
      seen_(other.seen_),
      stopped_(other.stopped_),
      line_(other.line_),
      bytes_(other.bytes_) {}

LineSource::~LineSource() {
  if (fd_ > 2) ::close(fd_);
}

Status LineSource::error(std::string_view what) const {
  return Status::invalid(name_ + ": line " + std::to_string(line_) + ": " + std::string(what));
}

std::optional<std::string_view> LineSource::take(std::size_t length, std::size_t separator) {
  const std::string_view line(buffer_.data() + at_, length);
  at_ += length + separator;
  seen_ = at_;
  ++line_;
  bytes_ += length + separator;
  return line;
}

Result<std::optional<std::string_view>> LineSource::next() {
  for (;;) {
    const std::size_t newline = buffer_.find('\n', seen_);
    if (newline != std::string::npos) return take(newline - at_, 1);
    seen_ = buffer_.size();
    const Fill filled = NACRE_TRY(fill());
    if (filled == Fill::kMore) continue;
    if (stopped_ || at_ == buffer_.size()) return std::optional<std::string_view>();
    return take(buffer_.size() - at_, 0);
  }
}

Result<LineSource::Fill> LineSource::fill() {
  NACRE_TRY(wait());
  if (stopped_) return Fill::kEnd;
  buffer_.erase(0, at_);
  seen_ -= at_;
  at_ = 0;
  const std::size_t had = buffer_.size();
  if (had > kLineBytesMax) {
    ++line_;
    return error("is longer than any entry can be: is the input in another format?");
  }
  buffer_.resize(had + std::max(kReadBytes, had));  // doubling: long lines stay linear
  ssize_t got = -1;
  do {
    got = ::read(fd_, buffer_.data() + had, buffer_.size() - had);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(had + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got < 0) return Status::from_errno("read", name_, errno);
  return got == 0 ? Fill::kEnd : Fill::kMore;
}

Status LineSource::wait() {
  pollfd files[2] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};  // poll() skips a negative fd
  int ready = ::poll(files, 2, 0);
  if (ready == 0 && before_waiting_) NACRE_TRY(before_waiting_());
  while (ready == 0 || (ready < 0 && errno == EINTR)) ready = ::poll(files, 2, -1);
  if (ready < 0) return Status::from_errno("wait for", name_, errno);
  stopped_ = stopped_ || files[1].revents != 0;
  return {};
}

}  // namespace nacre::tool
