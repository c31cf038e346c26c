// result.h - a value or the Status that explains why there is none, shaped like std::expected.
//
// The member names are those of std::expected<T, Status>, so that code written against it keeps
// working the day the compiler brings the original.
//
// LIFETIME   value() of a temporary lives as long as the temporary, which a range-for of C++20 does
//            not extend: `for (auto& x : f().value())` dangles. Name the result first.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "nacre/status.h"

namespace nacre {

/// A T, or a Status that is not ok.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = Status;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Status error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: as above

  bool has_value() const noexcept { return state_.index() == 0; }
  bool ok() const noexcept { return has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value. Calling it on an error is a bug in the caller and undefined.
  T& value() & noexcept { return *std::get_if<0>(&state_); }
  const T& value() const& noexcept { return *std::get_if<0>(&state_); }
  T&& value() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  template <typename U>
  T value_or(U&& fallback) && {
    return has_value() ? std::move(*this).value() : static_cast<T>(std::forward<U>(fallback));
  }

  /// The error. Calling it on a value is a bug in the caller and undefined.
  const Status& error() const& noexcept { return *std::get_if<1>(&state_); }
  Status&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }
  /// Success or the error, as a value.
  Status status() const { return has_value() ? Status() : error(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace nacre
