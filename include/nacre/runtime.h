// runtime.h - what stores share: one memory budget with its block cache, and one world.
//
// A process with a thousand small stores has one cache and two or three background threads, not a
// thousand of each.
#pragma once

#include <cstdint>
#include <memory>

#include "nacre/env.h"

namespace nacre {

namespace detail {
class RuntimeState;
}

/// Shared by handing the same pointer to the Options of several stores. Lives as long as any of
/// them. All methods are safe from any thread.
class NACRE_API Runtime {
 public:
  struct Settings {
    /// Null: Env::posix(). Must outlive the runtime.
    Env* env = nullptr;
    /// As Options::memory_bytes, for all stores of this runtime together.
    std::uint64_t memory_bytes = 0;
  };
  /// kInvalid when a setting is out of its limits.
  static Result<std::shared_ptr<Runtime>> create(const Settings& settings);
  /// The one that stores use which name none. Made on first use.
  static std::shared_ptr<Runtime> shared();

  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  std::uint64_t memory_limit() const;
  /// Bytes charged against the limit now.
  std::uint64_t memory_used() const;

  detail::RuntimeState& state() { return *state_; }

 private:
  explicit Runtime(std::unique_ptr<detail::RuntimeState> state);
  std::unique_ptr<detail::RuntimeState> state_;
};

}  // namespace nacre
