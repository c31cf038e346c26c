// table_cursor.h - a walk over one table, in both directions.
//
// The cursor stands on a row of a block that its source gave it. There are two sources: one takes
// blocks from the cache and holds a pin of the current one, so that it never reads inside an epoch
// and what it stands on can't go away; the other reads large pieces of the file for itself and
// leaves the cache alone (compaction).
//
// THREADS    one at a time.
// LIFETIME   holds the table.
// COST       a move within a block: the key is put together in a buffer (the prefix once for each
//            block), trailer and value are looked up; no allocation. Forward and back cost the
//            same.
#pragma once

#include <memory>

#include "key/entry_cursor.h"
#include "table/table_reader.h"

namespace nacre {

std::unique_ptr<EntryCursor> make_table_cursor(std::shared_ptr<const TableReader> table,
                                               CursorUse use);

}  // namespace nacre
