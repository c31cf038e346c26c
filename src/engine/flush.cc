#include "engine/flush.h"

#include "base/try.h"
#include "engine/table_output.h"
#include "lsm/retention.h"

namespace nacre::engine {

Result<TablePtr> flush_memtable(Context& context, FileNumbers& numbers,
                                const LiveMemtable& memtable) {
  if (memtable.table.empty()) return TablePtr();
  auto output = NACRE_TRY(TableOutput::create(context, numbers.take(), OutputKind::kFlush));
  Retention retention(context.snapshots.list(context.visible),
                      [](std::string_view) { return true; });  // older tables may hold any key
  const auto cursor = memtable.table.cursor();
  for (cursor->first(); cursor->valid(); cursor->next()) {
    if (retention.decide(cursor->entry()) == Verdict::kDrop) continue;
    NACRE_TRY(output->add(cursor->entry()));
  }
  NACRE_TRY(Status(cursor->status()));
  return output->finish();
}

}  // namespace nacre::engine
