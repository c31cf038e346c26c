// recovery.h - from the files of a store to its state, without changing one of them.
//
// Reads CURRENT and the manifest, opens the file of every table that it names, and replays the wal
// segments at and above the floor into memtables. Nothing is written, so a refusal leaves the
// directory as it was.
//
// Which segments are the wal is drawn in wal_chain.h. What may end it early, and what it means (R =
// rest of this segment and all later ones):
//
//   torn record, no proof that it was synced           crash: R is dropped and reported
//   segment shorter than its successor says, no proof  the same
//   either, with a record anywhere later that proves   corruption: refused
//     a sync of it (W1)
//   a record that is bad although it was synced        corruption: refused
//   a needed segment that is missing                   corruption: refused
//   the first one without a header, or the newest      corruption: refused. Header and first window
//     shorter than its first window                    are durable before the floor or a record is
//   a segment that begins a new chain after another    a resume that was cut short: it must be
//                                                      empty, and is dropped
//   a segment without a header that nobody follows     its creation was cut short: passed over
//   one that was made ahead and has no link, followed  not begun, or it lost its beginning: passed
//   by nobody                                          over, and reported when something is there
//   an empty one whose predecessor went on             its creation failed: passed over
//
// THREADS    one at a time, before the store is shared.
#pragma once

#include <vector>

#include "engine/context.h"
#include "engine/wal_replay.h"
#include "lsm/manifest.h"
#include "lsm/version.h"
#include "nacre/db.h"

namespace nacre::engine {

struct Recovered {
  StoreIdentity identity;
  VersionPtr version;
  nacre::Counters counters;
  /// The wal, and what of it is in memory.
  Replayed wal;
  /// No file of the store has this number or a larger one.
  FileNumber first_free{};
  /// Files of this store that nothing refers to.
  std::vector<FileName> orphans;
  /// The manifest: not needed once there is a later one. Wal segments that are no part of the wal
  /// any more: not needed once a segment follows the end of the wal.
  std::vector<FileName> replaced;
  RecoveryInfo info;
};

/// kNotFound when there is no store in the context's directory. Sets the context's salt.
Result<Recovered> recover(Context& context);

}  // namespace nacre::engine
