// wal_render.h - a segment as text, for tests and the tool: the header, a line a record, the stop.
//
//   segment 7 after segment 6 of 4096 bytes
//   64: seq 42, 5 bytes
//   96: seq 43, 1200 bytes, synced to 96
//   end at 1320
#pragma once

#include <string>

#include "nacre/result.h"
#include "wal/wal_reader.h"

namespace nacre {

/// Reads the rest of `reader`. An error is a failed read of the file.
Result<std::string> render_wal(WalReader& reader);

}  // namespace nacre
