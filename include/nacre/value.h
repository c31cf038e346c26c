// value.h - the bytes that a get found, kept alive by the object that shows them.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "nacre/export.h"

namespace nacre {

/// A value of the store. Its bytes are valid while it lives, whatever happens to the Db. A value
/// that lies in a cached block keeps that block (about 4 KiB) in memory: copy what you keep for
/// long.
///
/// THREADS  a value may be moved between threads; looking is safe from any number of them.
class NACRE_API Value {
 public:
  /// Frees or unpins what the bytes lie in.
  using Release = void (*)(void* owner);

  Value() = default;
  /// Used by the engine: `release(owner)` runs when the value goes.
  Value(std::string_view view, void* owner, Release release)
      : view_(view), owner_(owner), release_(release) {}
  Value(Value&& other) noexcept
      : view_(std::exchange(other.view_, {})),
        owner_(std::exchange(other.owner_, nullptr)),
        release_(std::exchange(other.release_, nullptr)) {}
  Value& operator=(Value&& other) noexcept {
    if (this != &other) {
      if (release_ != nullptr) release_(owner_);
      view_ = std::exchange(other.view_, {});
      owner_ = std::exchange(other.owner_, nullptr);
      release_ = std::exchange(other.release_, nullptr);
    }
    return *this;
  }
  ~Value() {
    if (release_ != nullptr) release_(owner_);
  }

  std::string_view view() const { return view_; }
  operator std::string_view() const { return view_; }  // NOLINT: a value is its bytes
  const char* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  std::string to_string() const { return std::string(view_); }
  friend bool operator==(const Value& a, std::string_view b) { return a.view_ == b; }

 private:
  std::string_view view_;
  void* owner_ = nullptr;
  Release release_ = nullptr;
};

}  // namespace nacre
