// try.h - give me the value, or return the failure to my caller.
//
//   Footer footer = NACRE_TRY(Footer::decode(tail));   // reads like a value
//   NACRE_TRY(file.sync());                            // reads like a statement
//
// A GNU statement expression (g++ and clang have it). Don't nest one inside another: name the
// intermediate value instead.
#pragma once

#include <utility>

#include "nacre/result.h"
#include "nacre/status.h"

namespace nacre::detail {

inline Status take_error(Status&& status) { return std::move(status); }
template <typename T>
Status take_error(Result<T>&& result) {
  return std::move(result).error();
}
inline void take_value(Status&&) {}
template <typename T>
T take_value(Result<T>&& result) {
  return std::move(result).value();
}

}  // namespace nacre::detail

#define NACRE_TRY(...)                                            \
  __extension__({                                                 \
    auto try_result_ = (__VA_ARGS__);                             \
    if (!try_result_.ok()) [[unlikely]]                           \
      return ::nacre::detail::take_error(std::move(try_result_)); \
    ::nacre::detail::take_value(std::move(try_result_));          \
  })
