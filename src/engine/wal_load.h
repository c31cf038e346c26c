// wal_load.h - the records of wal segments, into memtables.
//
// Reads, checks and decodes, once for each byte. What the end of a segment means for those that
// follow is not judged here (wal_replay.h): so segments can be loaded side by side.
//
// THREADS    loads of different segments: any number at once.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/guarded.h"
#include "engine/context.h"
#include "engine/file_numbers.h"
#include "engine/replay_room.h"
#include "engine/view.h"
#include "mem/memtable_loader.h"
#include "wal/wal_reader.h"

namespace nacre::engine {

/// A segment file and, once it is read, what its records are.
struct WalSegment {
  FileNumber number{};
  std::unique_ptr<WalReader> reader;
  std::uint64_t records = 0;
  Seq first_seq = 0;  // of the first record, which begins here
  std::uint64_t first_offset = 0;
  Seq last_seq = 0;  // of the last operation
  /// A failed read, or a record that is whole and makes no sense.
  Status error;
};

/// What one group leaves for the next to work in; as many as groups were loaded side by side.
class LoaderMemories {
 public:
  LoaderMemory take();
  void give_back(LoaderMemory memory);

 private:
  Guarded<std::vector<LoaderMemory>> free_;
};

/// Reads the segments to their ends, or to an error, into the memtable of `group` in `room`; that
/// of a group without room for it only to see what they hold.
void load_group(Context& context, std::span<WalSegment> segments, std::size_t group,
                ReplayRoom& room, LoaderMemories& memories);

/// A segment that was judged.
struct JudgedSegment {
  FileNumber number{};
  std::uint64_t size = 0;       // of the file
  std::uint64_t end = 0;        // of what it is worth
  std::uint64_t synced_to = 0;  // of that, on stable storage beyond doubt
  Seq last_seq = 0;             // of all operations up to there
};

/// Turns them into tables of level 0, no more than a memtable at a time in memory.
Result<std::vector<TablePtr>> flush_segments(Context& context, FileNumbers& numbers,
                                             std::span<const JudgedSegment> segments);

}  // namespace nacre::engine
