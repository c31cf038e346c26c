// wal_scan.h - what the bytes after the first bad place of a segment prove.
//
// A bad record can be a torn tail, which a crash leaves and nobody was promised, or damage to bytes
// that were synced, which is corruption. They look alike; later records tell them apart. A record
// carries how far the segment was synced when it was written, so a whole record after the bad place
// that says "synced to beyond it" proves that the place had been on stable storage.
//
//   64         200        B = 312                  480
//   | record   | record   | bad bytes              | record, synced_to 400 |
//                                                    400 > 312: corruption
//
// Where the next record begins can't be known after a bad one, so every multiple of 8 is tried.
// COST  linear: a place is hashed only if its header could prove something, and the bytes hashed
//       are at most kHashFactor times the bytes scanned. A file made to exceed that is left
//       undecided, and the caller must then think the worst.
#pragma once

#include <cstdint>

#include "nacre/env.h"
#include "nacre/result.h"

namespace nacre {

struct WalScanQuestion {
  std::uint64_t segment_seed = 0;
  std::uint64_t from = 0;        // the bad place, a multiple of 8
  bool any_record = false;       // any whole record at all is proof, whatever it says
  bool want_any_synced = false;  // records that say less than `from` are of interest too
};

struct WalScanAnswer {
  bool proved = false;  // a whole record at proof_at shows that `from` was synced
  std::uint64_t proof_at = 0;
  std::uint64_t synced_to = 0;  // the largest that a whole record says; 0: none says anything
  std::uint64_t data_end = 0;   // end of the last byte that is not zero; `from` when all are.
                                // Not computed when proved.
  bool undecided = false;       // places were left untried because they would cost too much
};

inline constexpr std::uint64_t kHashFactor = 8;

Result<WalScanAnswer> scan_wal_rest(const RandomAccessFile& file, const WalScanQuestion& question);

}  // namespace nacre
