// level_cursor.h - the disjoint tables of one run, end to end as one cursor.
//
// Opens the cursor of a table only when a move reaches it.
//
// THREADS    one at a time.
// LIFETIME   `tables` must stay alive: the caller holds their version.
#pragma once

#include <memory>
#include <span>

#include "key/entry_cursor.h"
#include "lsm/version.h"
#include "table/table_reader.h"

namespace nacre::engine {

/// The cursor of one table, which is loaded if need be. That of a table that can't be loaded has
/// failed from the beginning.
std::unique_ptr<EntryCursor> make_table_cursor(const Table& table, CursorUse use);

/// `tables` in key order.
std::unique_ptr<EntryCursor> make_level_cursor(std::span<const TablePtr> tables, CursorUse use);

}  // namespace nacre::engine
