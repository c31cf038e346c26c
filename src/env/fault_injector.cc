#include "env/fault_injector.h"

#include "base/check.h"
#include "base/hash.h"

namespace nacre {

std::string_view fault_op_name(FaultOp op) {
  static constexpr std::array<std::string_view, kFaultOps> kNames = {
      "open",
      "read",
      "create",
      "append",
      "sync",
      "close",
      "create log",
      "prepare",
      "log write",
      "log sync",
      "seal",
      "list",
      "stat",
      "create directory",
      "remove directory",
      "remove",
      "rename",
      "sync directory",
      "lock",
      "free space",
  };
  return kNames[static_cast<std::size_t>(op)];
}

void FaultInjector::arm(FaultPlan plan) {
  NACRE_CHECK(plan.effect != FaultEffect::kDropped || drop_);
  NACRE_CHECK(plan.nth >= 1);
  const std::lock_guard guard(mutex_);
  plan_ = std::move(plan);
  matches_ = 0;
  hits_ = 0;
  hit_.clear();
}

void FaultInjector::disarm() {
  const std::lock_guard guard(mutex_);
  plan_.reset();
}

std::uint64_t FaultInjector::hits() const {
  const std::lock_guard guard(mutex_);
  return hits_;
}

std::string FaultInjector::hit() const {
  const std::lock_guard guard(mutex_);
  return hit_;
}

std::uint64_t FaultInjector::count(FaultOp op) const {
  const std::lock_guard guard(mutex_);
  return counts_[static_cast<std::size_t>(op)];
}

std::optional<FaultPlan> FaultInjector::strike(FaultOp op, const std::string& path) {
  const std::lock_guard guard(mutex_);
  ++counts_[static_cast<std::size_t>(op)];
  if (!plan_.has_value() || !plan_->ops.contains(op)) return std::nullopt;
  if (path.find(plan_->path_contains) == std::string::npos) return std::nullopt;
  ++matches_;
  if (plan_->sticky ? matches_ < plan_->nth : matches_ != plan_->nth) return std::nullopt;
  if (++hits_ == 1) {
    hit_ =
        std::string(fault_op_name(op)) + " " + path + " (match " + std::to_string(matches_) + ")";
  }
  FaultPlan fault = *plan_;
  fault.seed = mix_seed(plan_->seed, matches_);
  return fault;
}

Status FaultInjector::fail(const FaultPlan& fault, FaultOp op, const std::string& path) const {
  const bool syncs = op == FaultOp::kSync || op == FaultOp::kLogSync || op == FaultOp::kSeal;
  if (fault.effect == FaultEffect::kDropped && syncs) drop_(path);
  return Status::from_errno(fault_op_name(op), path, fault.error_number);
}

}  // namespace nacre
