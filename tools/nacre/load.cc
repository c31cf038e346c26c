// `nacre load`: text in, entries out, a batch at a time.
#include <fmt/format.h>

#include <cstdio>

#include "base/try.h"
#include "commands.h"
#include "interrupt.h"
#include "nacre/batch.h"
#include "output.h"
#include "progress.h"

namespace nacre::tool {

namespace {

constexpr std::uint64_t kBatchBytes = 1 << 20;

TextKind kind_of(const LoadArgs& args) {
  if (args.kind.has_value()) return *args.kind;
  const std::string_view name = args.file;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson") || name.ends_with(".json")) {
    return TextKind::kJsonLines;
  }
  return TextKind::kTsv;
}

/// Gathers entries and writes them a batch at a time. With --ack it then prints their keys.
class BatchWriter {
 public:
  BatchWriter(Db& db, const LoadArgs& args, std::string key_prefix)
      : db_(db), args_(args), key_prefix_(std::move(key_prefix)) {}

  Status add(Entry& entry, std::uint64_t line) {
    entry.key.insert(0, key_prefix_);
    // A batch has room for one entry of any legal size, not for that on top of others.
    if (batch_.user_bytes() + entry.key.size() + entry.value.size() > kBatchBytes) {
      NACRE_TRY(write());
    }
    NACRE_TRY(batch_.put(entry.key, entry.value));
    if (args_.ack) acked_ += encode(args_.settings.key_format, entry.key) + "\n";
    line_ = line;
    return batch_.count() >= args_.batch ? write() : Status();
  }

  Status write() {
    if (batch_.empty()) return {};
    NACRE_TRY(db_.write(batch_));
    entries_ += batch_.count();
    written_line_ = line_;
    batch_.clear();
    if (!args_.ack) return {};
    out_.write(acked_);
    acked_.clear();
    return out_.flush();
  }

  std::uint64_t entries() const { return entries_; }
  /// Line of the input where the last entry that was written ends.
  std::uint64_t line() const { return written_line_; }

 private:
  Db& db_;
  const LoadArgs& args_;
  const std::string key_prefix_;
  Batch batch_;
  Output out_;
  std::string acked_;
  std::uint64_t entries_ = 0;
  std::uint64_t line_ = 0;
  std::uint64_t written_line_ = 0;
};

Status copy(LineSource& source, EntryReader& reader, const Interrupt& interrupt,
            BatchWriter& writer, Progress& progress) {
  Entry entry;
  while (!interrupt.happened()) {
    const bool more = NACRE_TRY(reader.next(entry));
    if (!more) break;
    NACRE_TRY(writer.add(entry, source.line()));
    progress.update(source.bytes(), source.total_bytes());
  }
  return {};
}

struct Loaded {
  std::uint64_t entries = 0;
  std::uint64_t line = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;
  bool interrupted = false;
  Status trouble;  // of the input: the store holds everything before it
};

Result<Loaded> load(const LoadArgs& args) {
  const std::string prefix = NACRE_TRY(decode(args.settings.key_format, args.key_prefix));
  LineSource source = NACRE_TRY(LineSource::open(args.file));
  StoreArgs store = args.store;
  if (store.durability.empty()) store.durability = "os";  // one sync at the end does for all
  Db db = NACRE_TRY(open_for_writing(store, IfMissing::kCreate));

  const Interrupt interrupt;
  const auto reader = make_reader(kind_of(args), source, args.settings);
  BatchWriter writer(db, args, prefix);
  source.stop_when_readable(interrupt.fd());
  source.before_waiting([&writer] { return writer.write(); });
  Loaded loaded;
  Progress progress("loading");
  loaded.trouble = copy(source, *reader, interrupt, writer, progress);
  loaded.interrupted = interrupt.happened();
  NACRE_TRY(writer.write());
  NACRE_TRY(db.sync());
  loaded.seconds = progress.seconds();
  NACRE_TRY(db.close());
  loaded.entries = writer.entries();
  loaded.line = writer.line();
  loaded.bytes = source.bytes();
  return loaded;
}

}  // namespace

int run_load(const LoadArgs& args) {
  const Result<Loaded> result = load(args);
  if (!result.ok()) return fail("load", result.error());
  const Loaded& loaded = *result;
  const std::string so_far = fmt::format("{} up to line {} of the input are in the store",
                                         counted(loaded.entries, "entry", "entries"), loaded.line);
  if (!loaded.trouble.ok()) {
    const int code = fail("load", loaded.trouble);
    fmt::print(stderr, "  -> {}\n", so_far);
    return code == kUsage ? kFailed : code;  // the input is wrong, not the command line
  }
  if (loaded.interrupted) {
    fmt::print(stderr, "nacre: load: interrupted; {}\n", so_far);
    return kFailed;
  }
  if (is_terminal(2)) {
    fmt::print(stderr, "{}\n",
               progress_text("loaded", loaded.bytes, {}, loaded.seconds) + "  " +
                   counted(loaded.entries, "entry", "entries"));
  }
  return kDone;
}

}  // namespace nacre::tool
