// The commands that touch single entries and ranges: put, get, delete, scan, count, compact, and
// the one that removes everything: destroy.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "base/text.h"
#include "base/try.h"
#include "commands.h"
#include "output.h"
#include "pair_text.h"

namespace nacre::tool {

namespace {

Result<std::string> whole_file(const std::string& path) {
  std::FILE* const file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return Status::from_errno("open", path, errno);
  std::string bytes;
  char piece[64 << 10];
  for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, file)) > 0;) {
    bytes.append(piece, got);
  }
  const int error = std::ferror(file) != 0 ? errno : 0;
  if (file != stdin) std::fclose(file);
  if (error != 0) return Status::from_errno("read", path, error);
  return bytes;
}

Status put(const PutArgs& args) {
  const std::string key = NACRE_TRY(decode(args.key_format, args.key));
  const std::string value = args.value.has_value()
                                ? NACRE_TRY(decode(args.value_format, *args.value))
                                : NACRE_TRY(whole_file(args.value_file));
  Db db = NACRE_TRY(open_for_writing(args.store, IfMissing::kCreate));
  NACRE_TRY(db.put(key, value));
  return db.close();
}

Status remove(const DeleteArgs& args) {
  const std::string key = NACRE_TRY(decode(args.key_format, args.key));
  Db db = NACRE_TRY(open_for_writing(args.store, IfMissing::kFail));
  NACRE_TRY(db.remove(key));
  return db.close();
}

/// False when the key is not there.
Result<bool> get(const GetArgs& args) {
  const std::string key = NACRE_TRY(decode(args.key_format, args.key));
  const Db db = NACRE_TRY(open_for_reading(args.store));
  const auto value = NACRE_TRY(db.get(key));
  if (!value.has_value()) return false;
  Output out;
  if (args.format == Report::kJson) {
    out.line(pair_json({key, value->view()}, args.key_format, args.value_format));
  } else {
    out.write(encode(args.value_format, value->view()));
    if (args.value_format != ByteFormat::kRaw) out.write("\n");
  }
  NACRE_TRY(out.flush());
  return true;
}

Status scan(const ScanArgs& args) {
  const Range range = NACRE_TRY(range_from(args.range, args.key_format));
  const Db db = NACRE_TRY(open_for_reading(args.store));
  Output out;
  std::uint64_t left = args.limit.value_or(~std::uint64_t{0});
  Scan entries = db.scan({.range = range, .reverse = args.reverse});
  for (auto it = entries.begin(); left > 0 && it != entries.end(); --left) {
    const KeyValue entry = *it;
    if (args.keys_only) {
      out.line(args.format == Report::kJson ? key_json(entry.key, args.key_format)
                                            : encode(args.key_format, entry.key));
    } else {
      out.line(args.format == Report::kJson ? pair_json(entry, args.key_format, args.value_format)
                                            : pair_tsv(entry, args.key_format, args.value_format));
    }
    if (left > 1) ++it;  // not past the limit: the next entry may be far away
  }
  NACRE_TRY(Status(entries.status()));
  return out.flush();
}

Status count(const CountArgs& args) {
  const Range range = NACRE_TRY(range_from(args.range, args.key_format));
  const Db db = NACRE_TRY(open_for_reading(args.store));
  std::uint64_t entries = 0;
  std::uint64_t key_bytes = 0;
  std::uint64_t value_bytes = 0;
  Scan all = db.scan(range);
  for (const auto [key, value] : all) {
    ++entries;
    key_bytes += key.size();
    value_bytes += value.size();
  }
  NACRE_TRY(Status(all.status()));
  Output out;
  if (args.format == Report::kJson) {
    out.line(fmt::format(R"({{"entries": {}, "key_bytes": {}, "value_bytes": {}}})", entries,
                         key_bytes, value_bytes));
  } else {
    out.line(std::to_string(entries));
  }
  return out.flush();
}

bool answered_yes() {
  char line[16] = {};
  if (std::fgets(line, sizeof line, stdin) == nullptr) return false;
  const std::string_view answer = line;
  return answer == "y\n" || answer == "Y\n" || answer == "yes\n";
}

struct TreeSize {
  std::uint64_t tables = 0;
  std::uint64_t bytes = 0;
};

Result<TreeSize> tree_size(const Db& db) {
  const Stats stats = NACRE_TRY(db.stats());
  TreeSize size;
  for (const LevelStats& level : stats.levels) {
    size.tables += level.tables;
    size.bytes += level.bytes;
  }
  return size;
}

Status compact(const CompactArgs& args) {
  const Range range = NACRE_TRY(range_from(args.range, args.key_format));
  Db db = NACRE_TRY(open_for_writing(args.store, IfMissing::kFail));
  NACRE_TRY(db.flush());
  const TreeSize before = NACRE_TRY(tree_size(db));
  NACRE_TRY(db.compact(range));
  const TreeSize after = NACRE_TRY(tree_size(db));
  NACRE_TRY(db.close());
  Output out;
  out.line(fmt::format("{} in {}, before {} in {}", human_bytes(after.bytes),
                       counted(after.tables, "table", "tables"), human_bytes(before.bytes),
                       counted(before.tables, "table", "tables")));
  return out.flush();
}

}  // namespace

int run_put(const PutArgs& args) {
  if (!args.value.has_value() && args.value_file.empty()) {
    return usage_error("put", "VALUE or --value-file is needed");
  }
  const Status done = put(args);
  return done.ok() ? kDone : fail("put", done);
}

int run_get(const GetArgs& args) {
  const Result<bool> found = get(args);
  if (!found.ok()) return fail("get", found.error());
  if (*found) return kDone;
  fmt::print(stderr, "nacre: get: no key {} in {}\n", args.key, args.store.dir);
  return kKeyMissing;
}

int run_delete(const DeleteArgs& args) {
  const Status done = remove(args);
  return done.ok() ? kDone : fail("delete", done);
}

int run_scan(const ScanArgs& args) {
  const Status done = scan(args);
  return done.ok() ? kDone : fail("scan", done);
}

int run_count(const CountArgs& args) {
  const Status done = count(args);
  return done.ok() ? kDone : fail("count", done);
}

int run_compact(const CompactArgs& args) {
  const Status done = compact(args);
  return done.ok() ? kDone : fail("compact", done);
}

int run_destroy(const DestroyArgs& args) {
  if (!args.yes) {
    if (!is_terminal(0)) {
      return usage_error("destroy", "nobody is there to be asked: say --yes to remove the store");
    }
    fmt::print(stderr, "Remove the store at {} with all its data? [y/N] ", args.store.dir);
    if (!answered_yes()) {
      fmt::print(stderr, "nacre: destroy: nothing was removed\n");
      return kFailed;
    }
  }
  const Result<Options> options = options_from(args.store);
  if (!options.ok()) return fail("destroy", options.error());
  const Status done = Db::destroy(args.store.dir, *options);
  return done.ok() ? kDone : fail("destroy", done);
}

}  // namespace nacre::tool
