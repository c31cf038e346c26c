// table_files.h - from what the manifest says of tables to tables.
//
// THREADS    any.
#pragma once

#include <atomic>

#include "engine/context.h"
#include "lsm/version.h"

namespace nacre::engine {

/// Opens the file of a table. Nothing is read of it before Table::load(); but it is there, and as
/// long as it should be, or it is refused as corrupt.
Result<TablePtr> open_table(Context& context, TableMeta meta);

/// Loads one table after the other, those first that most gets ask first, so that no read has to
/// wait for it later. Ends early once `cancelled` is set, and passes over tables that somebody has
/// removed. One that can't be loaded is told to the listener, and left to whoever asks for it.
void load_tables(const Context& context, const std::vector<std::weak_ptr<const Table>>& tables,
                 const std::atomic<bool>& cancelled);

}  // namespace nacre::engine
