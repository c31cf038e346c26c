// status.h - the outcome of an operation: success, or one error that says what failed and where.
//
// THREADS    a Status is a value; share it between threads like an int.
// COST       success is a null pointer: no allocation, one compare to test.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "nacre/export.h"

namespace nacre {

/// The kind of failure. A program branches on this; a person reads `Status::message()`.
enum class Code : std::uint8_t {
  kOk,
  kIo,           ///< The operating system refused a read, write, sync or other file operation.
  kNoSpace,      ///< The disk or the quota is full. Nothing of the operation was applied.
  kCorruption,   ///< Bytes on disk are not what was written. The message names file and offset.
  kInvalid,      ///< The caller passed something outside the documented limits.
  kNotFound,     ///< A named file or directory does not exist. (A missing key is not an error.)
  kLocked,       ///< Another handle, in this process or another, has the store open.
  kReadOnly,     ///< The store was opened read-only, or an earlier failure made it so.
  kClosed,       ///< The handle was closed, moved from, or never opened.
  kUnsupported,  ///< The store was written by a newer Nacre, or by something else.
};

/// The stable lower-case name of a code, as printed in messages and JSON ("corruption").
NACRE_API std::string_view code_name(Code code);

/// Success or one error. Must be looked at: the class is [[nodiscard]].
class [[nodiscard]] NACRE_API Status {
 public:
  /// Success.
  Status() noexcept = default;
  Status(Code code, std::string message);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  static Status corruption(std::string message) {
    return Status(Code::kCorruption, std::move(message));
  }
  /// Corruption at a place: "<file>: offset <offset>: <what>".
  static Status corruption_at(std::string_view file, std::uint64_t offset, std::string_view what);
  static Status invalid(std::string message) { return Status(Code::kInvalid, std::move(message)); }
  static Status closed(std::string message) { return Status(Code::kClosed, std::move(message)); }
  static Status unsupported(std::string message) {
    return Status(Code::kUnsupported, std::move(message));
  }
  /// A failed system call: "<operation> <path>: <strerror>". Full disk and missing file get their
  /// own codes (kNoSpace, kNotFound); everything else is kIo.
  static Status from_errno(std::string_view operation, std::string_view path, int error_number);

  bool ok() const noexcept { return rep_ == nullptr; }
  Code code() const noexcept { return rep_ == nullptr ? Code::kOk : rep_->code; }
  /// The message without the code; empty on success. Valid while this Status lives.
  std::string_view message() const noexcept {
    return rep_ == nullptr ? std::string_view() : std::string_view(rep_->message);
  }
  /// "ok", or "<code>: <message>".
  std::string to_string() const;
  /// The same error with `context` and ": " put before its message. Success stays success.
  Status with_context(std::string_view context) &&;
  /// For the rare place where a failure changes nothing, said aloud so that it can be searched for.
  void ignore() const noexcept {}

 private:
  struct Rep {
    Code code;
    std::string message;
  };
  std::unique_ptr<Rep> rep_;  // null is success
};

}  // namespace nacre
