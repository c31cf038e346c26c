#include "engine/compaction.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "base/try.h"
#include "engine/level_cursor.h"
#include "engine/merge_parts.h"
#include "engine/parallel.h"
#include "engine/table_output.h"
#include "key/merging_cursor.h"
#include "lsm/retention.h"
#include "lsm/splitter.h"

namespace nacre::engine {

namespace {

/// How many entries pass between two looks at `cancelled`.
constexpr std::uint64_t kCancelInterval = 1024;

std::unique_ptr<EntryCursor> input_cursor(const Plan& plan) {
  std::vector<std::unique_ptr<EntryCursor>> cursors;
  for (const std::span<const TablePtr> run : plan.runs()) {
    cursors.push_back(run.size() == 1 ? make_table_cursor(*run.front(), CursorUse::kCompaction)
                                      : make_level_cursor(run, CursorUse::kCompaction));
  }
  return make_merging_cursor(std::move(cursors));
}

std::vector<Splitter::Grandparent> grandparents_of(const Plan& plan) {
  std::vector<Splitter::Grandparent> ranges;
  for (const TablePtr& table : plan.grandparents) {
    ranges.push_back({table->meta.smallest, table->meta.largest, table->meta.bytes});
  }
  return ranges;
}

/// The output side of a merge: where tables begin and end.
class Outputs {
 public:
  Outputs(Context& context, FileNumbers& numbers, const Plan& plan)
      : context_(context),
        numbers_(numbers),
        plan_(plan),
        splitter_(context.settings.table_bytes, grandparents_of(plan)) {}
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;
  /// Tables that were not taken are in no edit: their files go.
  ~Outputs() {
    for (const TablePtr& table : tables_) {
      context_.reaper.remove(FileType::kTable, table->meta.number);
    }
  }

  Status add(const Entry& entry) {
    const std::uint64_t bytes = current_ == nullptr ? 0 : current_->bytes();
    if (splitter_.before(entry.key, bytes) != SplitReason::kNone && current_ != nullptr) {
      NACRE_TRY(finish_table());
    }
    if (current_ == nullptr) {
      current_ = NACRE_TRY(
          TableOutput::create(context_, numbers_.take(),
                              plan_.bottommost ? OutputKind::kLastLevel : OutputKind::kMerge));
    }
    return current_->add(entry);
  }
  Status finish() {
    if (current_ != nullptr) NACRE_TRY(finish_table());
    return {};
  }
  std::vector<TablePtr> take() { return std::exchange(tables_, {}); }

 private:
  Status finish_table() {
    tables_.push_back(NACRE_TRY(current_->finish()));
    current_.reset();
    return {};
  }

  Context& context_;
  FileNumbers& numbers_;
  const Plan& plan_;
  Splitter splitter_;
  std::unique_ptr<TableOutput> current_;
  std::vector<TablePtr> tables_;
};

Edit removal_edit(const Plan& plan) {
  Edit edit;
  edit.reason = plan_reason_name(plan.reason);
  for (const PlanInput& input : plan.inputs) {
    for (const TablePtr& table : input.tables) {
      edit.removed.push_back({.level = input.level, .number = table->meta.number});
    }
  }
  return edit;
}

CompactionEvent event_of(const Plan& plan) {
  CompactionEvent event;
  event.reason = plan_reason_name(plan.reason);
  event.input_level = plan.input_level;
  event.output_level = plan.output_level;
  event.moved = plan.kind == PlanKind::kMove;
  for (const PlanInput& input : plan.inputs) {
    for (const TablePtr& table : input.tables) {
      ++event.tables_in;
      event.entries_in += table->meta.entries;
      if (!event.moved) event.bytes_read += table->meta.bytes;
    }
  }
  return event;
}

/// What the parts of one merge share.
struct Merge {
  Context& context;
  const Version& version;
  const Plan& plan;
  const std::vector<Seq> snapshots;
  const std::vector<std::string> cuts;  // see merge_parts.h
  const std::atomic<bool>& cancelled;
  std::atomic<bool> failed{false};  // a part did: the others need not go on
};

/// Merges the keys of part `part`.
Status merge_part(const Merge& merge, std::size_t part, Outputs& outputs) {
  const Plan& plan = merge.plan;
  // A merge within level 0 leaves older tables of that level beside its output.
  const bool within_level0 = plan.output_level == 0;
  Retention retention(merge.snapshots, [&](std::string_view key) {
    return within_level0 ||
           (!plan.bottommost && merge.version.may_exist_below(plan.output_level, key));
  });
  const std::string* const end = part < merge.cuts.size() ? &merge.cuts[part] : nullptr;
  const auto cursor = input_cursor(plan);
  std::uint64_t seen = 0;
  part == 0 ? cursor->first() : cursor->seek(merge.cuts[part - 1], kNewestTrailer);
  for (; cursor->valid(); cursor->next()) {
    if (++seen % kCancelInterval == 0) {
      if (merge.failed.load(std::memory_order_relaxed)) return {};
      if (merge.cancelled.load(std::memory_order_relaxed)) {
        return Status::closed("the store closes");
      }
    }
    Entry entry = cursor->entry();
    if (end != nullptr && entry.key >= *end) break;
    switch (retention.decide(entry)) {
      case Verdict::kDrop:
        continue;
      case Verdict::kKeepZeroed:
        entry.trailer = make_trailer(0, kind_of(entry.trailer));
        break;
      case Verdict::kKeep:
        break;
    }
    NACRE_TRY(outputs.add(entry));
  }
  NACRE_TRY(Status(cursor->status()));
  return outputs.finish();
}

Status load_inputs(const Plan& plan) {
  for (const PlanInput& input : plan.inputs) {
    for (const TablePtr& table : input.tables) NACRE_TRY(table->load());
  }
  return {};
}

/// What the inputs of one part keep in memory at a time.
std::uint64_t input_buffers(const Plan& plan, std::uint64_t budget) {
  const std::uint64_t piece = table_io_bytes(budget);
  std::uint64_t bytes = 0;
  for (const std::span<const TablePtr> run : plan.runs()) {
    std::uint64_t largest = 0;
    for (const TablePtr& table : run) {
      largest = std::max(largest, std::min(piece, table->meta.bytes));
    }
    bytes += largest;
  }
  return bytes;
}

/// What an output gathers until its table is finished, hashes for the filter most of all.
std::uint64_t output_buffers(const Settings& settings) { return settings.table_bytes / 4; }

/// How many parts are worth while: each of some tables, and the buffers of all in a small part of
/// the budget.
std::size_t parts_of(const Context& context, const Plan& plan) {
  if (plan.output_level == 0) return 1;
  const Settings& settings = context.settings;
  const std::uint64_t by_size = plan.input_bytes() / (2 * settings.table_bytes);
  const std::uint64_t budget = context.runtime->budget.limit();
  const std::uint64_t by_memory =
      budget / 8 / (input_buffers(plan, budget) + output_buffers(settings));
  return std::clamp<std::uint64_t>(std::min(by_size, by_memory), 1,
                                   settings.options.background_threads);
}

/// The new tables, in key order.
Result<std::vector<TablePtr>> merge_in_parts(Merge& merge, FileNumbers& numbers) {
  struct Part {
    Part(const Merge& whole, FileNumbers& file_numbers)
        : outputs(whole.context, file_numbers, whole.plan) {}
    Outputs outputs;
    Status status;
  };
  std::vector<std::unique_ptr<Part>> parts;
  for (std::size_t i = 0; i <= merge.cuts.size(); ++i) {
    parts.push_back(std::make_unique<Part>(merge, numbers));
  }
  run_parallel(merge.context.executor(), parts.size() - 1, parts.size(), [&](std::size_t i) {
    parts[i]->status = merge_part(merge, i, parts[i]->outputs);
    if (!parts[i]->status.ok()) merge.failed.store(true, std::memory_order_relaxed);
  });
  for (const auto& part : parts) NACRE_TRY(std::move(part->status));
  std::vector<TablePtr> tables;
  for (const auto& part : parts) {
    for (TablePtr& table : part->outputs.take()) tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace

Result<CompactionResult> run_compaction(Context& context, FileNumbers& numbers,
                                        const Version& version, const Plan& plan,
                                        const std::atomic<bool>& cancelled) {
  const std::uint64_t start = context.clock().monotonic_nanos();
  CompactionResult result{removal_edit(plan), {}, {}, event_of(plan)};
  if (plan.kind == PlanKind::kMove) {
    for (const PlanInput& input : plan.inputs) {
      for (const TablePtr& table : input.tables) {
        result.edit.added.push_back({.level = plan.output_level, .meta = table->meta});
      }
    }
    result.event.tables_out = result.event.tables_in;
  } else if (plan.kind == PlanKind::kMerge) {
    NACRE_TRY(load_inputs(plan));
    Merge merge{context,
                version,
                plan,
                context.snapshots.list(context.visible),
                cut_keys(plan, parts_of(context, plan)),
                cancelled};
    result.added = NACRE_TRY(merge_in_parts(merge, numbers));
    result.cold = blocks_gone_cold(plan, result.added);
    std::uint64_t entries_out = 0;
    for (const TablePtr& table : result.added) {
      result.edit.added.push_back({.level = plan.output_level, .meta = table->meta});
      result.event.bytes_written += table->meta.bytes;
      entries_out += table->meta.entries;
    }
    result.event.tables_out = result.added.size();
    result.event.entries_dropped = result.event.entries_in - entries_out;
  }
  result.event.micros = (context.clock().monotonic_nanos() - start) / 1000;
  return result;
}

}  // namespace nacre::engine
