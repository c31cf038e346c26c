#include "env/sim_crash.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/random.h"
#include "env/sim_crash_bytes.h"

namespace nacre {
namespace {

/// After a power cut: the chosen names, and of each file what the profile leaves.
class PowerCut {
 public:
  PowerCut(const SimState& state, CrashProfile profile, std::uint64_t seed)
      : state_(state), random_(seed) {
    cut_.profile = profile;
    cut_.seed = random_.next();
    if (profile == CrashProfile::kPrefix) cut_.last_seq = choose_last_seq();
    if (profile == CrashProfile::kNewestOnly) cut_.oldest_kept = choose_oldest_kept();
    apply_names();
  }

  SimState result() {
    SimState after;
    after.next_seq = state_.next_seq;
    after.next_id = state_.next_id;
    after.capacity = state_.capacity;
    after.lying_sync = state_.lying_sync;
    after.removed = state_.removed;
    after.root = build(*state_.root, after.used);
    return after;
  }

 private:
  std::vector<std::shared_ptr<SimFile>> unsynced_files() const {
    std::vector<std::shared_ptr<SimFile>> files;
    for (const auto& [id, weak] : state_.unsynced_files) {
      if (auto file = weak.lock(); file != nullptr) files.push_back(std::move(file));
    }
    return files;
  }

  // Somewhere among the unsynced operations, or before them all.
  std::uint64_t choose_last_seq() {
    std::vector<std::uint64_t> seqs = {0};
    for (const SimNameOp& op : state_.unsynced_names) seqs.push_back(op.seq);
    for (const auto& file : unsynced_files()) {
      for (const SimDataOp& op : file->unsynced) seqs.push_back(op.seq);
    }
    std::sort(seqs.begin(), seqs.end());
    return seqs[random_.below(seqs.size())];
  }

  // With two files or more, at least one is lost and at least one kept.
  std::uint64_t choose_oldest_kept() {
    const auto files = unsynced_files();
    if (files.size() < 2) return 0;
    return files[1 + random_.below(files.size() - 1)]->id;
  }

  std::vector<bool> choose_names() {
    const std::vector<SimNameOp>& ops = state_.unsynced_names;
    std::vector<bool> chosen(ops.size(), cut_.profile != CrashProfile::kLoseUnsynced);
    if (cut_.profile == CrashProfile::kPrefix) {
      for (std::size_t i = 0; i < ops.size(); ++i) chosen[i] = ops[i].seq <= cut_.last_seq;
    } else if (cut_.profile == CrashProfile::kSectors || cut_.profile == CrashProfile::kGarbage) {
      const std::uint64_t quarters = 1 + random_.below(3);  // few, half or most of them
      for (std::size_t i = 0; i < ops.size(); ++i) chosen[i] = random_.below(4) < quarters;
    } else if (cut_.profile == CrashProfile::kNewestOnly && random_.one_in(2)) {
      for (std::size_t i = 0; i < ops.size(); ++i) {
        const SimEntry& entry = ops[i].entry;
        chosen[i] =
            entry.dir != nullptr || (entry.file != nullptr && entry.file->id >= cut_.oldest_kept);
      }
    }
    sim_close_choice(ops, chosen);
    return chosen;
  }

  SimNames& changed(const SimDir& dir) {
    return changed_.try_emplace(&dir, dir.durable).first->second;
  }

  void apply_names() {
    const std::vector<bool> chosen = choose_names();
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (!chosen[i]) continue;
      const SimNameOp& op = state_.unsynced_names[i];
      if (op.from.dir != nullptr) changed(*op.from.dir).erase(op.from.name);
      if (op.to.dir != nullptr) changed(*op.to.dir)[op.to.name] = op.entry;
    }
  }

  std::shared_ptr<SimDir> build(const SimDir& dir, std::uint64_t& used) {
    auto built = std::make_shared<SimDir>();
    const auto found = changed_.find(&dir);
    for (const auto& [name, entry] : found == changed_.end() ? dir.durable : found->second) {
      SimEntry copy;
      if (entry.dir != nullptr) {
        copy.dir = build(*entry.dir, used);
      } else {
        copy.file = build_file(*entry.file);
        used += copy.file->charged;
      }
      built->durable.emplace_hint(built->durable.end(), name, std::move(copy));
    }
    built->current = built->durable;
    return built;
  }

  std::shared_ptr<SimFile> build_file(const SimFile& file) const {
    auto built = std::make_shared<SimFile>();
    built->id = file.id;
    built->durable = sim_content_after(state_, file, cut_);
    built->current = built->durable;
    built->charged = built->durable.size();
    return built;
  }

  const SimState& state_;
  Random random_;
  SimPowerCut cut_;
  std::unordered_map<const SimDir*, SimNames> changed_;
};

/// After the death of the process: everything as it was but for what only the process held.
class ProcessDeath {
 public:
  explicit ProcessDeath(const SimState& state) : state_(state) {}

  SimState result() {
    SimState after = state_;
    after.root = copy_dir(state_.root);
    after.unsynced_files.clear();
    for (SimNameOp& op : after.unsynced_names) {
      op.from.dir = copy_dir(op.from.dir);
      op.to.dir = copy_dir(op.to.dir);
      op.entry = copy_entry(op.entry);
    }
    after.used = 0;
    for (const auto& [old, file] : files_) {
      after.used += file->charged;
      if (!file->unsynced.empty()) after.unsynced_files[file->id] = file;
    }
    return after;
  }

 private:
  std::shared_ptr<SimFile> copy_file(const std::shared_ptr<SimFile>& file) {
    if (file == nullptr) return nullptr;
    std::shared_ptr<SimFile>& copy = files_[file.get()];
    if (copy != nullptr) return copy;
    copy = std::make_shared<SimFile>();
    copy->id = file->id;
    copy->durable = file->durable;
    copy->current = file->current;
    copy->unsynced = file->unsynced;
    copy->linked = file->linked;
    copy->charged = file->linked ? file->current.size() : 0;
    return copy;
  }

  std::shared_ptr<SimDir> copy_dir(const std::shared_ptr<SimDir>& dir) {
    if (dir == nullptr) return nullptr;
    std::shared_ptr<SimDir>& slot = dirs_[dir.get()];
    if (slot != nullptr) return slot;
    const auto copy = std::make_shared<SimDir>();
    slot = copy;  // before going down; `slot` may move while more are added
    for (const auto& [name, entry] : dir->durable) copy->durable[name] = copy_entry(entry);
    for (const auto& [name, entry] : dir->current) copy->current[name] = copy_entry(entry);
    return copy;
  }

  SimEntry copy_entry(const SimEntry& entry) {
    return SimEntry{copy_file(entry.file), copy_dir(entry.dir)};
  }

  const SimState& state_;
  std::unordered_map<const SimFile*, std::shared_ptr<SimFile>> files_;
  std::unordered_map<const SimDir*, std::shared_ptr<SimDir>> dirs_;
};

}  // namespace

std::string_view crash_profile_name(CrashProfile profile) {
  switch (profile) {
    case CrashProfile::kProcess:
      return "process";
    case CrashProfile::kLoseUnsynced:
      return "lose-unsynced";
    case CrashProfile::kPrefix:
      return "prefix";
    case CrashProfile::kSectors:
      return "sectors";
    case CrashProfile::kGarbage:
      return "garbage";
    case CrashProfile::kZeroLength:
      return "zero-length";
    case CrashProfile::kNewestOnly:
      return "newest-only";
    case CrashProfile::kTornSector:
      return "torn-sector";
  }
  return "unknown";
}

SimState crash_state(const SimState& state, CrashProfile profile, std::uint64_t seed) {
  if (profile == CrashProfile::kProcess) return ProcessDeath(state).result();
  return PowerCut(state, profile, seed).result();
}

}  // namespace nacre
