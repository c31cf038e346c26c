// line_source.h - the lines of a file or a pipe, read so that a program behind the pipe is never
// kept waiting and Ctrl-C is heard at once.
//
// THREADS  one thread at a time.
// MEMORY   256 KiB, or the longest line.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "nacre/result.h"

namespace nacre::tool {

class LineSource {
 public:
  /// The file at `path`; "-" is standard input.
  static Result<LineSource> open(const std::string& path);
  /// Reads from `fd`, which it closes unless it is a standard one. `name` is for messages.
  LineSource(int fd, std::string name);
  LineSource(LineSource&& other) noexcept;
  LineSource& operator=(LineSource&&) = delete;
  ~LineSource();

  /// Called when the next line has not come yet, before waiting for it. Its error ends the reading.
  void before_waiting(std::function<Status()> call) { before_waiting_ = std::move(call); }
  /// Ends the reading as soon as this file descriptor has something to read.
  void stop_when_readable(int fd) { stop_fd_ = fd; }

  /// The next line without its newline, valid until the next call; nothing at the end of the input
  /// or when stopped. The last line needs no newline, but a line that a stop cut is not shown.
  Result<std::optional<std::string_view>> next();

  bool stopped() const { return stopped_; }
  const std::string& name() const { return name_; }
  /// Number of the line that next() returned last, from 1.
  std::uint64_t line() const { return line_; }
  /// Bytes of all lines returned.
  std::uint64_t bytes() const { return bytes_; }
  /// Of a regular file; unknown for a pipe.
  std::optional<std::uint64_t> total_bytes() const { return total_; }
  /// "<name>: line <line>: <what>".
  Status error(std::string_view what) const;

 private:
  enum class Fill : std::uint8_t { kMore, kEnd };
  Result<Fill> fill();
  Status wait();
  std::optional<std::string_view> take(std::size_t length, std::size_t separator);

  int fd_;
  int stop_fd_ = -1;
  std::string name_;
  std::optional<std::uint64_t> total_;
  std::function<Status()> before_waiting_;
  std::string buffer_;
  std::size_t at_ = 0;    // the next line begins here in the buffer
  std::size_t seen_ = 0;  // no newline in [at_, seen_)
  bool stopped_ = false;
  std::uint64_t line_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace nacre::tool
