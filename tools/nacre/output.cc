#include "output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace nacre::tool {

Result<Output> Output::to_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return Status::from_errno("create", path, errno);
  Output output;
  output.fd_ = fd;
  output.name_ = path;
  return output;
}

Output::Output(Output&& other) noexcept
    : buffer_(std::move(other.buffer_)),
      name_(std::move(other.name_)),
      fd_(std::exchange(other.fd_, -1)),
      status_(std::move(other.status_)) {}

Output::~Output() {
  if (fd_ > 2) ::close(fd_);
}

Status Output::flush() {
  std::string_view rest = buffer_;
  while (status_.ok() && !rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      status_ = Status::from_errno("write to", name_, errno);
    }
  }
  buffer_.clear();
  return status_;
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

Paint Paint::for_standard_output() {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  const bool refused = no_color != nullptr && *no_color != '\0';
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return Paint(is_terminal(1) && !refused && !dumb);
}

std::string Paint::wrap(std::string_view code, std::string_view text) const {
  if (!on_) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return with_commas(number) + " " + std::string(number == 1 ? one : many);
}

}  // namespace nacre::tool
