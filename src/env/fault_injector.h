// fault_injector.h - counts operations, and says when the armed one has come.
//
// THREADS    any.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "env/fault_plan.h"
#include "nacre/result.h"

namespace nacre {

class FaultInjector {
 public:
  /// `drop` forgets the unsynced bytes of a file, for FaultEffect::kDropped. May be empty.
  explicit FaultInjector(std::function<void(const std::string& path)> drop)
      : drop_(std::move(drop)) {}

  void arm(FaultPlan plan);
  void disarm();
  /// How often the plan that was armed last has struck.
  std::uint64_t hits() const;
  /// The first operation that it struck, as "log sync /db/000003.wal (match 2)"; else empty.
  std::string hit() const;
  /// Operations of this kind so far, failed or not, whatever their path.
  std::uint64_t count(FaultOp op) const;

  /// Counts an operation. The plan, when it strikes this one.
  std::optional<FaultPlan> strike(FaultOp op, const std::string& path);

  /// Does `call` (a Status or a Result) with the fault that is due, if one is.
  template <typename Call>
  auto run(FaultOp op, const std::string& path, Call&& call) -> decltype(call()) {
    const std::optional<FaultPlan> fault = strike(op, path);
    if (!fault.has_value()) return call();
    if (fault->effect == FaultEffect::kDone) {
      auto result = call();
      if (!result.ok()) return result;
    }
    return fail(*fault, op, path);
  }

 private:
  Status fail(const FaultPlan& fault, FaultOp op, const std::string& path) const;

  const std::function<void(const std::string&)> drop_;
  mutable std::mutex mutex_;
  std::optional<FaultPlan> plan_;
  std::uint64_t matches_ = 0;
  std::uint64_t hits_ = 0;
  std::string hit_;
  std::array<std::uint64_t, kFaultOps> counts_{};
};

}  // namespace nacre
