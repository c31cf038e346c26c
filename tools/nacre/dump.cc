// `nacre dump`: every entry as text that `nacre load` reads.
#include "base/try.h"
#include "commands.h"
#include "output.h"
#include "pair_text.h"
#include "progress.h"

namespace nacre::tool {

namespace {

Status dump(const DumpArgs& args) {
  const Range range = NACRE_TRY(range_from(args.range, args.key_format));
  const Db db = NACRE_TRY(open_for_reading(args.store));
  Output out = args.output == "-" ? Output() : NACRE_TRY(Output::to_file(args.output));
  Progress progress("dumping");
  std::uint64_t bytes = 0;
  Scan entries = db.scan(range);
  for (const KeyValue entry : entries) {
    const std::string line = args.kind == TextKind::kJsonLines
                                 ? pair_json(entry, args.key_format, args.value_format)
                                 : pair_tsv(entry, args.key_format, args.value_format);
    out.line(line);
    bytes += line.size() + 1;
    progress.update(bytes, {});
    if (!out.ok()) break;
  }
  NACRE_TRY(Status(entries.status()));
  return out.flush();
}

}  // namespace

int run_dump(const DumpArgs& args) {
  const Status done = dump(args);
  return done.ok() ? kDone : fail("dump", done);
}

}  // namespace nacre::tool
