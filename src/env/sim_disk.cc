#include "env/sim_disk.h"

#include <cerrno>
#include <utility>

#include "base/try.h"
#include "env/sim_file.h"

namespace nacre {
namespace {

// Calls visit(path, file) for every file below `dir`, in the order of the names.
template <typename Visit>
void each_file(const SimDir& dir, const std::string& path, Visit&& visit) {
  for (const auto& [name, entry] : dir.current) {
    const std::string below = path + "/" + name;
    if (entry.dir != nullptr) {
      each_file(*entry.dir, below, visit);
    } else {
      visit(below, *entry.file);
    }
  }
}

// The file's size as the quota sees it, after a change from outside.
void charge_again(SimState& state, SimFile& file) {
  const std::uint64_t bytes = file.current.size() + file.buffer.size();
  state.used = state.used - file.charged + bytes;
  file.charged = bytes;
}

}  // namespace

SimDisk::SimDisk(SimState state) : core_(std::make_shared<SimCore>(std::move(state))) {}

Result<std::unique_ptr<RandomAccessFile>> SimDisk::open(const std::string& path, ReadMode) {
  auto file = NACRE_TRY(
      core_->access([&](const SimState& state) { return sim_find_file(state, "open", path); }));
  return make_sim_reader(core_, std::move(file));
}

Result<std::unique_ptr<WritableFile>> SimDisk::create(const std::string& path) {
  auto file = NACRE_TRY(
      core_->mutate([&](SimState& state) { return sim_create_file(state, "create", path); }));
  return make_sim_writer(core_, std::move(file), path);
}

Result<std::unique_ptr<LogFile>> SimDisk::create_log(const std::string& path, LogMode,
                                                     std::uint64_t capacity) {
  if (capacity == 0) return Status::invalid("create log " + path + ": a log of no bytes");
  auto file = NACRE_TRY(
      core_->mutate([&](SimState& state) { return sim_create_file(state, "create log", path); }));
  return make_sim_log(core_, std::move(file), path, capacity);
}

Result<std::vector<std::string>> SimDisk::list(const std::string& dir) {
  return core_->access([&](const SimState& state) -> Result<std::vector<std::string>> {
    const auto found = NACRE_TRY(sim_find_dir(state, "list", dir));
    std::vector<std::string> names;
    for (const auto& [name, entry] : found->current) names.push_back(name);
    return names;
  });
}

Result<PathKind> SimDisk::kind(const std::string& path) {
  return core_->access([&](const SimState& state) -> Result<PathKind> {
    const Result<SimEntry> entry = sim_find(state, "stat", path);
    if (entry.ok()) return entry->dir != nullptr ? PathKind::kDirectory : PathKind::kFile;
    if (entry.error().code() == Code::kNotFound) return PathKind::kNothing;
    return entry.error();
  });
}

Status SimDisk::create_dir(const std::string& path) {
  return core_->mutate([&](SimState& state) { return sim_create_dir(state, path); });
}

Status SimDisk::remove_dir(const std::string& path) {
  return core_->mutate([&](SimState& state) { return sim_remove_dir(state, path); });
}

Status SimDisk::remove(const std::string& path) {
  return core_->mutate([&](SimState& state) { return sim_remove(state, path); });
}

Status SimDisk::rename(const std::string& from, const std::string& to) {
  return core_->mutate([&](SimState& state) { return sim_rename(state, from, to); });
}

Status SimDisk::sync_dir(const std::string& dir) {
  return core_->mutate([&](SimState& state) -> Status {
    const auto found = NACRE_TRY(sim_find_dir(state, "sync directory", dir));
    if (!state.lying_sync) sim_sync_dir(state, *found);
    return Status();
  });
}

// Three steps, each announced: a crash may come between any two.
Status SimDisk::secure(const std::string& path, std::uint64_t from, std::uint64_t length) {
  const auto file = NACRE_TRY(
      core_->access([&](const SimState& state) { return sim_find_file(state, "secure", path); }));
  const std::uint64_t size = core_->access([&](const SimState&) { return file->current.size(); });
  if (length > size || from > length) {
    return Status::invalid("secure " + path + ": past the end of the file");
  }
  core_->mutate([&](SimState& state) {
    sim_write(state, file, from, file->current.bytes().substr(from, length - from));
  });
  core_->mutate([&](SimState& state) {
    if (length < file->current.size()) sim_resize(state, file, length);
    charge_again(state, *file);
  });
  core_->mutate([&](SimState& state) {
    if (!state.lying_sync) sim_sync_file(state, *file);
  });
  return Status();
}

Result<std::unique_ptr<FileLock>> SimDisk::lock(const std::string& path) {
  const bool missing = core_->access([&](const SimState& state) {
    const Result<SimEntry> entry = sim_find(state, "lock", path);
    return !entry.ok() && entry.error().code() == Code::kNotFound;
  });
  if (missing) {
    // When another thread creates it in between, this fails and the lock below decides.
    core_->mutate([&](SimState& state) { return sim_create_file(state, "lock", path).status(); })
        .ignore();
  }
  Result<std::shared_ptr<SimFile>> taken =
      core_->access([&](SimState& state) -> Result<std::shared_ptr<SimFile>> {
        auto found = NACRE_TRY(sim_find_file(state, "lock", path));
        if (found->locked)
          return Status(Code::kLocked, "lock " + path + ": held by another handle");
        found->locked = true;
        return found;
      });
  if (!taken.ok()) return taken.error();
  return make_sim_lock(core_, std::move(taken).value());
}

Result<std::uint64_t> SimDisk::free_bytes(const std::string& dir) {
  return core_->access([&](const SimState& state) -> Result<std::uint64_t> {
    NACRE_TRY(sim_find_dir(state, "free space", dir));
    return state.used < state.capacity ? state.capacity - state.used : 0;
  });
}

std::unique_ptr<SimDisk> SimDisk::crash_image(CrashProfile profile, std::uint64_t seed) const {
  return std::unique_ptr<SimDisk>(new SimDisk(
      core_->access([&](const SimState& state) { return crash_state(state, profile, seed); })));
}

void SimDisk::set_lying_sync(bool lies) {
  core_->access([&](SimState& state) { state.lying_sync = lies; });
}

void SimDisk::set_capacity(std::uint64_t bytes) {
  core_->access([&](SimState& state) { state.capacity = bytes; });
}

Status SimDisk::forget_unsynced(const std::string& path) {
  return core_->mutate([&](SimState& state) -> Status {
    sim_forget_unsynced(state, NACRE_TRY(sim_find_file(state, "forget", path)));
    return Status();
  });
}

std::vector<std::string> SimDisk::files() const {
  std::vector<std::string> paths;
  core_->access([&](const SimState& state) {
    each_file(*state.root, "",
              [&](const std::string& path, const SimFile&) { paths.push_back(path); });
  });
  return paths;
}

Result<std::string> SimDisk::read_file(const std::string& path) const {
  return core_->access([&](const SimState& state) -> Result<std::string> {
    const auto file = NACRE_TRY(sim_find_file(state, "read", path));
    return file->current.bytes();
  });
}

Status SimDisk::overwrite(const std::string& path, std::uint64_t offset, std::string_view bytes) {
  return core_->access([&](SimState& state) -> Status {
    const auto file = NACRE_TRY(sim_find_file(state, "overwrite", path));
    file->current.write(offset, bytes);
    file->durable.write(offset, bytes);
    charge_again(state, *file);
    return Status();
  });
}

Status SimDisk::truncate(const std::string& path, std::uint64_t size) {
  return core_->access([&](SimState& state) -> Status {
    const auto file = NACRE_TRY(sim_find_file(state, "truncate", path));
    file->current.resize(size);
    file->durable.resize(size);
    charge_again(state, *file);
    return Status();
  });
}

Status SimDisk::write_file(const std::string& path, std::string_view bytes) {
  return core_->access([&](SimState& state) -> Status {
    const SimPlace place = NACRE_TRY(sim_place(state, "write", path));
    if (!sim_lookup(place).exists()) {
      NACRE_TRY(sim_create_file(state, "write", path));
      sim_sync_dir(state, *place.dir);
    }
    const auto file = NACRE_TRY(sim_find_file(state, "write", path));
    file->current.resize(0);
    file->current.write(0, bytes);
    file->durable = file->current;
    file->unsynced.clear();
    charge_again(state, *file);
    return Status();
  });
}

std::string SimDisk::describe() const {
  std::string text;
  core_->access([&](const SimState& state) {
    each_file(*state.root, "", [&](const std::string& path, const SimFile& file) {
      text += path + " size " + std::to_string(file.current.size()) + " durable " +
              std::to_string(file.durable.size()) + " unsynced " +
              std::to_string(file.unsynced.size()) + (file.locked ? " locked\n" : "\n");
    });
    for (const SimNameOp& op : state.unsynced_names) {
      text += "unsynced name: ";
      text += op.from.dir == nullptr ? "create " + op.to.name
              : op.to.dir == nullptr ? "remove " + op.from.name
                                     : "rename " + op.from.name + " -> " + op.to.name;
      text += '\n';
    }
  });
  return text;
}

}  // namespace nacre
