#include "nacre/status.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace nacre {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kIo:
      return "io";
    case Code::kNoSpace:
      return "no space";
    case Code::kCorruption:
      return "corruption";
    case Code::kInvalid:
      return "invalid";
    case Code::kNotFound:
      return "not found";
    case Code::kLocked:
      return "locked";
    case Code::kReadOnly:
      return "read only";
    case Code::kClosed:
      return "closed";
    case Code::kUnsupported:
      return "unsupported";
  }
  return "unknown";
}

Status::Status(Code code, std::string message) {
  if (code != Code::kOk) rep_ = std::make_unique<Rep>(Rep{code, std::move(message)});
}

Status::Status(const Status& other)
    : rep_(other.rep_ == nullptr ? nullptr : std::make_unique<Rep>(*other.rep_)) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) *this = Status(other);
  return *this;
}

Status Status::corruption_at(std::string_view file, std::uint64_t offset, std::string_view what) {
  std::string message(file);
  message += ": offset ";
  message += std::to_string(offset);
  message += ": ";
  message += what;
  return Status(Code::kCorruption, std::move(message));
}

Status Status::from_errno(std::string_view operation, std::string_view path, int error_number) {
  Code code = Code::kIo;
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) {
    code = Code::kNoSpace;
  } else if (error_number == ENOENT) {
    code = Code::kNotFound;
  }
  std::string message(operation);
  message += ' ';
  message += path;
  message += ": ";
  char text[128];
  message += strerror_r(error_number, text, sizeof text);  // the GNU form: returns the text
  return Status(code, std::move(message));
}

std::string Status::to_string() const {
  if (ok()) return "ok";
  std::string text(code_name(code()));
  text += ": ";
  text += message();
  return text;
}

Status Status::with_context(std::string_view context) && {
  if (rep_ != nullptr) rep_->message = std::string(context) + ": " + rep_->message;
  return std::move(*this);
}

}  // namespace nacre
