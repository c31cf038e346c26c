// The names of a simulated disk: paths, directories and the operations on them.
#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/try.h"
#include "env/sim_state.h"

namespace nacre {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kRemovedKept = 4;

std::vector<std::string_view> words_of(std::string_view path) {
  std::vector<std::string_view> words;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view word = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (word == "..") {
      if (!words.empty()) words.pop_back();
    } else if (!word.empty() && word != ".") {
      words.push_back(word);
    }
  }
  return words;
}

// Follows `words` from the root; the errno of the step that fails, or 0.
int walk(const SimState& state, std::span<const std::string_view> words, SimEntry& entry) {
  entry = SimEntry{nullptr, state.root};
  for (const std::string_view word : words) {
    if (entry.dir == nullptr) return ENOTDIR;
    if (word.size() > kNameBytesMax) return ENAMETOOLONG;
    const auto found = entry.dir->current.find(word);
    if (found == entry.dir->current.end()) return ENOENT;
    entry = SimEntry(found->second);
  }
  return 0;
}

Status failed(std::string_view operation, std::string_view path, int error) {
  return Status::from_errno(operation, path, error);
}

// Leaves `op` as unsynced, and does it to the current names.
void apply_current(SimState& state, SimNameOp op) {
  if (op.from.dir != nullptr) op.from.dir->current.erase(op.from.name);
  if (op.to.dir != nullptr) op.to.dir->current[op.to.name] = op.entry;
  op.seq = state.next_seq++;
  state.unsynced_names.push_back(std::move(op));
}

void unlink_file(SimState& state, SimFile& file) {
  state.used -= file.charged;
  file.charged = 0;
  file.linked = false;
  if (file.current.size() == 0) return;
  state.removed.push_back(file.current);
  if (state.removed.size() > kRemovedKept) state.removed.pop_front();
}

// True when `below` is `dir` or lies in it.
bool is_inside(const std::shared_ptr<SimDir>& below, const SimDir& dir) {
  if (below.get() == &dir) return true;
  return std::any_of(dir.current.begin(), dir.current.end(), [&](const auto& named) {
    return named.second.dir != nullptr && is_inside(below, *named.second.dir);
  });
}

// The errno that forbids renaming `entry` to `to`, or 0.
int refuse_rename(const SimEntry& entry, const SimPlace& to) {
  const SimEntry target = sim_lookup(to);
  if (entry.dir == nullptr) return target.dir != nullptr ? EISDIR : 0;
  if (is_inside(to.dir, *entry.dir)) return EINVAL;
  if (target.file != nullptr) return ENOTDIR;
  return target.dir != nullptr && !target.dir->current.empty() ? ENOTEMPTY : 0;
}

}  // namespace

Result<SimEntry> sim_find(const SimState& state, std::string_view operation,
                          std::string_view path) {
  SimEntry entry;
  const int error = walk(state, words_of(path), entry);
  if (error != 0) return failed(operation, path, error);
  return entry;
}

Result<std::shared_ptr<SimFile>> sim_find_file(const SimState& state, std::string_view operation,
                                               std::string_view path) {
  SimEntry entry = NACRE_TRY(sim_find(state, operation, path));
  if (entry.file == nullptr) return failed(operation, path, EISDIR);
  return std::move(entry.file);
}

Result<std::shared_ptr<SimDir>> sim_find_dir(const SimState& state, std::string_view operation,
                                             std::string_view path) {
  SimEntry entry = NACRE_TRY(sim_find(state, operation, path));
  if (entry.dir == nullptr) return failed(operation, path, ENOTDIR);
  return std::move(entry.dir);
}

Result<SimPlace> sim_place(const SimState& state, std::string_view operation,
                           std::string_view path) {
  const std::vector<std::string_view> words = words_of(path);
  if (words.empty()) return failed(operation, path, EBUSY);  // the root itself
  SimEntry parent;
  const int error = walk(state, std::span(words).first(words.size() - 1), parent);
  if (error != 0) return failed(operation, path, error);
  if (parent.dir == nullptr) return failed(operation, path, ENOTDIR);
  if (words.back().size() > kNameBytesMax) return failed(operation, path, ENAMETOOLONG);
  return SimPlace{std::move(parent.dir), std::string(words.back())};
}

SimEntry sim_lookup(const SimPlace& place) {
  const auto found = place.dir->current.find(place.name);
  return found == place.dir->current.end() ? SimEntry() : found->second;
}

Result<std::shared_ptr<SimFile>> sim_create_file(SimState& state, std::string_view operation,
                                                 std::string_view path) {
  SimPlace place = NACRE_TRY(sim_place(state, operation, path));
  if (sim_lookup(place).exists()) return failed(operation, path, EEXIST);
  if (state.used >= state.capacity) return failed(operation, path, ENOSPC);
  auto file = std::make_shared<SimFile>();
  file->id = state.next_id++;
  apply_current(state, SimNameOp{.to = std::move(place), .entry = SimEntry{file, nullptr}});
  return file;
}

Status sim_create_dir(SimState& state, std::string_view path) {
  const std::string_view operation = "create directory";
  SimPlace place = NACRE_TRY(sim_place(state, operation, path));
  if (sim_lookup(place).exists()) return failed(operation, path, EEXIST);
  if (state.used >= state.capacity) return failed(operation, path, ENOSPC);
  const SimEntry entry{nullptr, std::make_shared<SimDir>()};
  apply_current(state, SimNameOp{.to = std::move(place), .entry = entry});
  return Status();
}

Status sim_remove(SimState& state, std::string_view path) {
  SimPlace place = NACRE_TRY(sim_place(state, "remove", path));
  const SimEntry entry = sim_lookup(place);
  if (!entry.exists()) return failed("remove", path, ENOENT);
  if (entry.file == nullptr) return failed("remove", path, EISDIR);
  unlink_file(state, *entry.file);
  apply_current(state, SimNameOp{.from = std::move(place)});
  return Status();
}

Status sim_remove_dir(SimState& state, std::string_view path) {
  const std::string_view operation = "remove directory";
  SimPlace place = NACRE_TRY(sim_place(state, operation, path));
  const SimEntry entry = sim_lookup(place);
  if (!entry.exists()) return failed(operation, path, ENOENT);
  if (entry.dir == nullptr) return failed(operation, path, ENOTDIR);
  if (!entry.dir->current.empty()) return failed(operation, path, ENOTEMPTY);
  apply_current(state, SimNameOp{.from = std::move(place)});
  return Status();
}

Status sim_rename(SimState& state, std::string_view from, std::string_view to) {
  const std::string both = std::string(from) + " -> " + std::string(to);
  SimPlace source = NACRE_TRY(sim_place(state, "rename", from));
  SimPlace target = NACRE_TRY(sim_place(state, "rename", to));
  const SimEntry entry = sim_lookup(source);
  if (!entry.exists()) return failed("rename", both, ENOENT);
  const SimEntry replaced = sim_lookup(target);
  if (replaced == entry) return Status();
  const int error = refuse_rename(entry, target);
  if (error != 0) return failed("rename", both, error);
  if (replaced.file != nullptr) unlink_file(state, *replaced.file);
  apply_current(state,
                SimNameOp{.from = std::move(source), .to = std::move(target), .entry = entry});
  return Status();
}

void sim_close_choice(const std::vector<SimNameOp>& ops, std::vector<bool>& chosen) {
  std::set<std::pair<const SimDir*, std::string_view>> needed;
  for (std::size_t i = ops.size(); i-- > 0;) {
    const std::pair<const SimDir*, std::string_view> from(ops[i].from.dir.get(), ops[i].from.name);
    const std::pair<const SimDir*, std::string_view> to(ops[i].to.dir.get(), ops[i].to.name);
    if (!chosen[i]) chosen[i] = needed.contains(from) || needed.contains(to);
    if (!chosen[i]) continue;
    if (from.first != nullptr) needed.insert(from);
    if (to.first != nullptr) needed.insert(to);
  }
}

void sim_sync_dir(SimState& state, const SimDir& dir) {
  std::vector<SimNameOp>& ops = state.unsynced_names;
  std::vector<bool> chosen(ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    chosen[i] = ops[i].from.dir.get() == &dir || ops[i].to.dir.get() == &dir;
  }
  sim_close_choice(ops, chosen);
  std::vector<SimNameOp> left;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    SimNameOp& op = ops[i];
    if (!chosen[i]) {
      left.push_back(std::move(op));
      continue;
    }
    if (op.from.dir != nullptr) op.from.dir->durable.erase(op.from.name);
    if (op.to.dir != nullptr) op.to.dir->durable[op.to.name] = op.entry;
  }
  ops = std::move(left);
}

}  // namespace nacre
