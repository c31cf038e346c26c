#include "engine/table_files.h"

#include "base/try.h"
#include "lsm/file_name.h"

namespace nacre::engine {

Result<TablePtr> open_table(Context& context, TableMeta meta) {
  const std::string path = context.path(table_name(meta.number));
  auto file = context.fs().open(path, context.settings.read_mode);
  if (!file.ok()) {
    if (file.error().code() != Code::kNotFound) return std::move(file).error();
    return Status::corruption(path + ": the manifest names this table, but the file is missing");
  }
  if ((*file)->size() != meta.bytes) {
    return Status::corruption(path + ": has " + std::to_string((*file)->size()) +
                              " bytes, but the manifest says " + std::to_string(meta.bytes));
  }
  const FileNumber number = meta.number;
  return std::make_shared<const Table>(std::move(meta), std::move(*file),
                                       TableReaderOptions{.name = path,
                                                          .salt = context.salt,
                                                          .number = number,
                                                          .cache = context.runtime->cache,
                                                          .budget = context.runtime->budget});
}

void load_tables(const Context& context, const std::vector<std::weak_ptr<const Table>>& tables,
                 const std::atomic<bool>& cancelled) {
  for (const std::weak_ptr<const Table>& each : tables) {
    if (cancelled.load(std::memory_order_relaxed)) return;
    const TablePtr table = each.lock();
    if (table == nullptr) continue;
    const Status status = table->load().status();
    if (status.ok()) continue;
    context.notify([&](EventListener& listener) { listener.on_error("open", status); });
  }
}

}  // namespace nacre::engine
