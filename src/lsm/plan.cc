#include "lsm/plan.h"

#include "base/text.h"

namespace nacre {

std::string_view plan_kind_name(PlanKind kind) {
  switch (kind) {
    case PlanKind::kMove:
      return "move";
    case PlanKind::kMerge:
      return "merge";
    case PlanKind::kDrop:
      return "drop";
  }
  return "unknown";
}

std::string_view plan_reason_name(PlanReason reason) {
  switch (reason) {
    case PlanReason::kL0Full:
      return "l0 full";
    case PlanReason::kL0Backlog:
      return "l0 backlog";
    case PlanReason::kLevelFull:
      return "level full";
    case PlanReason::kDrain:
      return "drain";
    case PlanReason::kFreeMove:
      return "free move";
    case PlanReason::kTombstones:
      return "tombstones";
    case PlanReason::kOldDeletes:
      return "old deletes";
    case PlanReason::kWalked:
      return "walked";
    case PlanReason::kIdle:
      return "idle";
    case PlanReason::kManual:
      return "manual";
  }
  return "unknown";
}

std::uint64_t Plan::input_bytes() const {
  std::uint64_t bytes = 0;
  for (const PlanInput& input : inputs) {
    for (const TablePtr& table : input.tables) bytes += table->meta.bytes;
  }
  return bytes;
}

std::vector<std::span<const TablePtr>> Plan::runs() const {
  std::vector<std::span<const TablePtr>> runs;
  for (const PlanInput& input : inputs) {
    if (input.level > 0) {
      runs.emplace_back(input.tables);
    } else {
      for (const TablePtr& table : input.tables) runs.emplace_back(&table, 1);
    }
  }
  return runs;
}

std::vector<FileNumber> Plan::input_numbers() const {
  std::vector<FileNumber> numbers;
  for (const PlanInput& input : inputs) {
    for (const TablePtr& table : input.tables) numbers.push_back(table->meta.number);
  }
  return numbers;
}

std::string render(const Plan& plan) {
  std::string text(plan_kind_name(plan.kind));
  const char* separator = " L";
  for (const PlanInput& input : plan.inputs) {
    text += separator + std::to_string(input.level);
    for (const TablePtr& table : input.tables)
      text += " " + std::to_string(raw(table->meta.number));
    separator = " + L";
  }
  if (plan.kind != PlanKind::kDrop) text += " -> L" + std::to_string(plan.output_level);
  text += " [" + escape(plan.smallest) + ".." + escape(plan.largest) + "] ";
  text += human_bytes(plan.input_bytes()) + ", " + std::string(plan_reason_name(plan.reason));
  if (plan.bottommost) text += ", bottommost";
  if (!plan.grandparents.empty()) {
    text += ", grandparents";
    for (const TablePtr& table : plan.grandparents) {
      text += " " + std::to_string(raw(table->meta.number));
    }
  }
  return text;
}

}  // namespace nacre
