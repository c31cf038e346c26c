// The commands that look at a store without changing it: stats, levels, verify.
#include <fmt/format.h>

#include "base/text.h"
#include "base/try.h"
#include "commands.h"
#include "output.h"
#include "progress.h"
#include "report_json.h"
#include "tree.h"

namespace nacre::tool {

namespace {

constexpr std::size_t kTablesShown = 20;

std::string files_text(const FileSizes& sizes, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", counted(sizes.count, one, many), human_bytes(sizes.bytes));
}

std::string recovery_text(const RecoveryInfo& recovery) {
  if (recovery.records_replayed == 0 && recovery.clean) return "nothing: all entries are in tables";
  std::string text = counted(recovery.records_replayed, "write", "writes") + " not yet in tables";
  if (recovery.bytes_dropped > 0) {
    text += fmt::format("; {} of a write that a crash cut off ({})",
                        human_bytes(recovery.bytes_dropped), recovery.detail);
  }
  return text;
}

std::string stats_text(const Tree& tree, const StoreReport& report, const Paint& paint) {
  std::string text = paint.bold(tree.dir) + "\n";
  const auto line = [&](std::string_view name, const std::string& what) {
    text += fmt::format("{:<8}  {}\n", name, what);
  };
  line("entries", fmt::format("{} in tables, {}", with_commas(tree.entries),
                              counted(tree.deletes, "of them a delete", "of them deletes")));
  line("wal", recovery_text(report.recovery));
  line("files", files_text(tree.tables, "table", "tables") + ", " +
                    files_text(tree.wals, "wal segment", "wal segments") + ", " +
                    files_text(tree.manifests, "manifest", "manifests"));
  if (tree.tables.bytes > 0) {
    line("data", fmt::format("{} of keys and values, stored as {:.2f} times that",
                             human_bytes(tree.data_bytes),
                             static_cast<double>(tree.tables.bytes) /
                                 static_cast<double>(std::max<std::uint64_t>(tree.data_bytes, 1))));
    line("space",
         fmt::format("{:.2f} times the deepest level", report.stats.space_amplification()));
  }
  line("memory",
       fmt::format("budget {}, indexes and filters {}", human_bytes(report.stats.memory_limit),
                   human_bytes(report.stats.table_memory_bytes)));
  return text + "\n" + draw_bars(tree, paint);
}

Status stats(const InspectArgs& args) {
  const Db db = NACRE_TRY(open_for_reading(args.store));
  StoreReport report;
  report.stats = NACRE_TRY(db.stats());
  report.recovery = NACRE_TRY(db.recovery_info());
  const Tree tree = NACRE_TRY(read_tree(args.store.dir));
  Output out;
  out.write(args.format == Report::kJson ? stats_json(tree, report)
                                         : stats_text(tree, report, Paint::for_standard_output()));
  return out.flush();
}

Status levels(const InspectArgs& args) {
  NACRE_TRY(options_from(args.store));  // a wrong option is told even where none matters
  const Tree tree = NACRE_TRY(read_tree(args.store.dir));
  Output out;
  if (args.format == Report::kJson) {
    out.write(levels_json(tree));
  } else {
    const Paint paint = Paint::for_standard_output();
    out.write(draw_bars(tree, paint));
    if (!tree.levels.empty()) {
      out.write("\n" + draw_tables(tree, args.all ? ~std::size_t{0} : kTablesShown, paint));
    }
  }
  return out.flush();
}

Result<VerifyReport> verify(const InspectArgs& args) {
  Result<Db> db = open_for_reading(args.store);
  if (!db.ok() && db.error().code() == Code::kCorruption) {
    // Damage where an open looks already. There is no store to go on with.
    VerifyReport report;
    report.damage.push_back({"", std::move(db).error()});
    return report;
  }
  NACRE_TRY(db.status());
  Progress progress("verifying");
  return db->verify([&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); });
}

/// Every message about damage names its file; most do so by themselves.
std::string damage_text(const Damage& damage) {
  const std::string message(damage.error.message());
  if (message.find(damage.file) != std::string::npos) return message;
  return damage.file + ": " + message;
}

std::string verify_text(const VerifyReport& report, const Paint& paint) {
  std::string text;
  for (const Damage& damage : report.damage) {
    text += paint.red("damaged") + "  " + damage_text(damage) + "\n";
  }
  if (report.files == 0) return text + "the store can't be opened: other files were not checked\n";
  text += fmt::format("{}  {}, {} checked\n",
                      report.damage.empty() ? paint.green("ok") : paint.red("not ok"),
                      counted(report.files, "file", "files"), human_bytes(report.bytes));
  return text;
}

}  // namespace

int run_stats(const InspectArgs& args) {
  const Status done = stats(args);
  return done.ok() ? kDone : fail("stats", done);
}

int run_levels(const InspectArgs& args) {
  const Status done = levels(args);
  return done.ok() ? kDone : fail("levels", done);
}

int run_verify(const InspectArgs& args) {
  const Result<VerifyReport> report = verify(args);
  if (!report.ok()) return fail("verify", report.error());
  Output out;
  out.write(args.format == Report::kJson ? verify_json(*report)
                                         : verify_text(*report, Paint::for_standard_output()));
  if (const Status written = out.flush(); !written.ok()) return fail("verify", written);
  if (report->damage.empty()) return kDone;
  int code = kDamaged;
  for (const Damage& damage : report->damage) {
    if (damage.error.code() != Code::kCorruption) code = kFailed;  // could not be read at all
  }
  fmt::print(stderr, "nacre: verify: {} damaged\n  -> bring them back from a copy of the store\n",
             counted(report->damage.size(), "file is", "files are"));
  return code;
}

}  // namespace nacre::tool
