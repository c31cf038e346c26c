// flush.h - a frozen memtable becomes a table of level 0.
//
// Of each key only the versions that some snapshot can still see are written; deletes stay, since
// older tables may hold what they hide.
//
// THREADS    any; holds no lock.
#pragma once

#include "engine/context.h"
#include "engine/file_numbers.h"
#include "engine/view.h"

namespace nacre::engine {

/// The table, synced and open, or null when the memtable was empty. The memtable is not written to
/// any more.
Result<TablePtr> flush_memtable(Context& context, FileNumbers& numbers,
                                const LiveMemtable& memtable);

}  // namespace nacre::engine
