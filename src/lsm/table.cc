#include "lsm/table.h"

#include "base/check.h"
#include "base/try.h"

namespace nacre {

Table::Table(TableMeta described, std::shared_ptr<const RandomAccessFile> file,
             TableReaderOptions options)
    : meta(std::move(described)) {
  state_.lock()->unloaded.emplace(Unloaded{std::move(file), std::move(options)});
}

Result<const TableReader*> Table::load() const {
  if (const TableReader* loaded = reader()) return loaded;
  auto state = state_.lock();
  if (const TableReader* loaded = reader()) return loaded;
  NACRE_CHECK(state->unloaded.has_value());
  std::shared_ptr<const TableReader> loaded =
      NACRE_TRY(TableReader::open(state->unloaded->file, state->unloaded->options));
  NACRE_TRY(check(*loaded));
  state->unloaded.reset();
  state->owner = std::move(loaded);
  reader_.store(state->owner.get(), std::memory_order_release);
  return state->owner.get();
}

Status Table::check(const TableReader& reader) const {
  const TableProperties& properties = reader.properties();
  if (properties.entries == meta.entries && properties.smallest == meta.smallest &&
      properties.largest == meta.largest) {
    return {};
  }
  return Status::corruption(reader.name() + ": not the table that the manifest describes");
}

}  // namespace nacre
