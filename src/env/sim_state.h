// sim_state.h - what a simulated disk holds: what is on stable storage, what only the page cache
// has, and the unsynced operations that lead from the first to the second.
//
//   file       durable content + unsynced writes, zero fills and resizes, in order  = current
//   content directory  durable names   + unsynced name operations of the disk, in order     =
//   current names
//
// A name is a directory and a word in it. An operation on names takes away one name (remove), adds
// one (create) or does both at once (rename), and is applied to stable storage whole or not at all.
//
// THREADS    plain data; SimCore holds the lock.
// INVARIANT  replaying all unsynced operations on the durable side gives the current side, except
//            for bytes that a failed sync threw away (sim_forget_unsynced).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env/sim_content.h"
#include "nacre/result.h"

namespace nacre {

struct SimDir;
struct SimState;

struct SimDataOp {
  enum class Kind : std::uint8_t { kWrite, kZeros, kResize };
  std::uint64_t seq = 0;  ///< The place among all operations of the disk.
  Kind kind = Kind::kWrite;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;                  ///< Of a resize: the new size.
  std::shared_ptr<const std::string> bytes;  ///< Of a write.
};

struct SimFile {
  std::uint64_t id = 0;  ///< Grows in the order of creation.
  SimContent durable;
  SimContent current;
  std::vector<SimDataOp> unsynced;
  std::string buffer;         ///< Of the process that writes: a crash of it loses this.
  std::uint64_t charged = 0;  ///< Bytes of the quota that it holds.
  bool linked = true;         ///< Has a current name.
  bool locked = false;
};

/// What a name stands for: a file or a directory; nothing when both are null.
struct SimEntry {
  std::shared_ptr<SimFile> file;
  std::shared_ptr<SimDir> dir;
  bool exists() const { return file != nullptr || dir != nullptr; }
  bool operator==(const SimEntry&) const = default;
};

using SimNames = std::map<std::string, SimEntry, std::less<>>;

struct SimDir {
  SimNames durable;
  SimNames current;
};

struct SimPlace {
  std::shared_ptr<SimDir> dir;
  std::string name;
};

struct SimNameOp {
  std::uint64_t seq = 0;
  SimPlace from = {};   ///< The name that goes; its dir is null for a create.
  SimPlace to = {};     ///< The name that comes; its dir is null for a remove.
  SimEntry entry = {};  ///< What `to` stands for.
};

struct SimState {
  std::shared_ptr<SimDir> root = std::make_shared<SimDir>();
  std::vector<SimNameOp> unsynced_names;
  /// Files that may have unsynced operations, by id.
  std::map<std::uint64_t, std::weak_ptr<SimFile>> unsynced_files;
  /// The last files that were removed: what new blocks may hold before they are written.
  std::deque<SimContent> removed;
  std::uint64_t next_seq = 1;
  std::uint64_t next_id = 1;
  std::uint64_t capacity = std::uint64_t{1} << 50;
  std::uint64_t used = 0;
  bool lying_sync = false;
};

// Paths. A path starts at the root whether or not it has a leading slash; ".." is resolved by words
// alone, as there are no links. `operation` is for the error message.
Result<SimEntry> sim_find(const SimState& state, std::string_view operation, std::string_view path);
Result<std::shared_ptr<SimFile>> sim_find_file(const SimState& state, std::string_view operation,
                                               std::string_view path);
Result<std::shared_ptr<SimDir>> sim_find_dir(const SimState& state, std::string_view operation,
                                             std::string_view path);
/// The directory of `path`, which must exist, and the last word, which need not.
Result<SimPlace> sim_place(const SimState& state, std::string_view operation,
                           std::string_view path);
SimEntry sim_lookup(const SimPlace& place);

// Names. They change the current side and leave an unsynced operation behind.
Result<std::shared_ptr<SimFile>> sim_create_file(SimState& state, std::string_view operation,
                                                 std::string_view path);
Status sim_create_dir(SimState& state, std::string_view path);
Status sim_remove(SimState& state, std::string_view path);
Status sim_remove_dir(SimState& state, std::string_view path);
Status sim_rename(SimState& state, std::string_view from, std::string_view to);
/// Makes every operation on names of `dir` durable, with the earlier operations that they rest on.
void sim_sync_dir(SimState& state, const SimDir& dir);
/// Adds to a choice of name operations the earlier ones that it rests on: those on the same names.
/// Without them a rename could lose its file, or an old name come back later.
void sim_close_choice(const std::vector<SimNameOp>& ops, std::vector<bool>& chosen);

// Files.
/// Takes `bytes` from the quota: kNoSpace, and nothing taken, when there is less.
Status sim_charge(SimState& state, SimFile& file, std::uint64_t bytes, std::string_view operation,
                  std::string_view path);
void sim_write(SimState& state, const std::shared_ptr<SimFile>& file, std::uint64_t offset,
               std::string_view bytes);
void sim_write_zeros(SimState& state, const std::shared_ptr<SimFile>& file, std::uint64_t offset,
                     std::uint64_t length);
void sim_resize(SimState& state, const std::shared_ptr<SimFile>& file, std::uint64_t size);
/// Moves the buffer of the writing process to the page cache.
void sim_flush_buffer(SimState& state, const std::shared_ptr<SimFile>& file);
/// Loses the buffer, and gives its bytes back to the quota.
void sim_drop_buffer(SimState& state, SimFile& file);
void sim_sync_file(SimState& state, SimFile& file);
/// What Linux does when a sync fails: the pages keep the new bytes but count as clean, so that no
/// later sync writes them, and the disk keeps the old ones.
void sim_forget_unsynced(SimState& state, const std::shared_ptr<SimFile>& file);

}  // namespace nacre
