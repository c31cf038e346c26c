// output.h - writing to standard output (or a file) so that a full disk is not taken for success,
// and what a terminal may be shown.
//
// THREADS  one thread at a time.
#pragma once

#include <string>
#include <string_view>

#include "nacre/result.h"

namespace nacre::tool {

/// Collects bytes and writes them in large pieces. An error is kept and told by flush().
class Output {
 public:
  /// Standard output.
  Output() = default;
  /// Creates or empties the file at `path`.
  static Result<Output> to_file(const std::string& path);

  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  /// Closes a file of its own; call flush() first, what is still collected is lost.
  ~Output();

  void write(std::string_view bytes) {
    buffer_ += bytes;
    if (buffer_.size() >= kPieceBytes) flush().ignore();  // kept in status_, told by the last one
  }
  void line(std::string_view text) {
    write(text);
    write("\n");
  }
  /// False once a write has failed: what follows is work for nothing.
  bool ok() const { return status_.ok(); }
  /// Hands everything to the system. The first error of this output, if there was any.
  Status flush();

 private:
  static constexpr std::size_t kPieceBytes = 64 << 10;

  std::string buffer_;
  std::string name_ = "standard output";
  int fd_ = 1;
  Status status_;
};

bool is_terminal(int fd);

/// Colours for people: none when standard output is not a terminal, or NO_COLOR or TERM=dumb is
/// set (https://no-color.org).
class Paint {
 public:
  static Paint for_standard_output();
  explicit Paint(bool on) : on_(on) {}

  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string faint(std::string_view text) const { return wrap("2", text); }
  std::string red(std::string_view text) const { return wrap("31", text); }
  std::string green(std::string_view text) const { return wrap("32", text); }
  std::string cyan(std::string_view text) const { return wrap("36", text); }

 private:
  std::string wrap(std::string_view code, std::string_view text) const;
  bool on_;
};

/// "1,234,567".
std::string with_commas(std::uint64_t number);
/// "1 table", "2,000 tables".
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);

}  // namespace nacre::tool
