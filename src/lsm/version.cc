#include "lsm/version.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/try.h"
#include "lsm/edit.h"
#include "lsm/file_name.h"

namespace nacre {

namespace {

/// What becomes of the levels that an edit touches, and what it takes away.
struct Change {
  std::array<std::optional<std::vector<TablePtr>>, kLevelCount> levels;
  std::unordered_map<FileNumber, TablePtr> removed;

  std::vector<TablePtr>& touch(const Version& old, int level) {
    if (!levels[level].has_value()) {
      const std::span<const TablePtr> tables = old.level(level);
      levels[level].emplace(tables.begin(), tables.end());
    }
    return *levels[level];
  }
};

Status check_level(int level, FileNumber number) {
  if (level >= 0 && level < kLevelCount) return Status();
  return Status::corruption(table_name(number) + ": no level " + std::to_string(level));
}

Status take_removed(const Version& old, const Edit& edit, Change& change) {
  for (const RemovedTable& gone : edit.removed) {
    if (raw(gone.number) == 0) return Status::corruption("an edit removes a table without number");
    NACRE_TRY(check_level(gone.level, gone.number));
    TablePtr table = old.with_number(gone.level, gone.number);
    if (table == nullptr || change.removed.contains(gone.number)) {
      return Status::corruption(table_name(gone.number) + " is removed from level " +
                                std::to_string(gone.level) + ", where it is not");
    }
    change.touch(old, gone.level);
    change.removed.emplace(gone.number, std::move(table));
  }
  for (auto& tables : change.levels) {
    if (!tables.has_value()) continue;
    std::erase_if(*tables, [&](const TablePtr& table) {
      return change.removed.contains(table->meta.number);
    });
  }
  return Status();
}

/// The open table for `meta`: one that this edit took from another level, or what the resolver
/// says, or just the metadata when there is no resolver.
Result<TablePtr> table_for(const TableMeta& meta, const Change& change,
                           const Version::Resolver& resolver) {
  const auto moved = change.removed.find(meta.number);
  if (moved != change.removed.end() && moved->second->meta == meta) return moved->second;
  if (!resolver) return std::make_shared<const Table>(meta);
  TablePtr table = resolver(meta.number);
  if (table == nullptr) return Status::invalid(table_name(meta.number) + " is not open");
  if (table->meta != meta) {
    return Status::invalid(table_name(meta.number) + " is open as another table than is added");
  }
  return table;
}

Status put_added(const Version& old, const Edit& edit, const Version::Resolver& resolver,
                 Change& change) {
  for (const AddedTable& added : edit.added) {
    if (const Status status = check_table_meta(added.meta); !status.ok()) {
      return Status::corruption(std::string(status.message()));
    }
    NACRE_TRY(check_level(added.level, added.meta.number));
    TablePtr table = NACRE_TRY(table_for(added.meta, change, resolver));
    change.touch(old, added.level).push_back(std::move(table));
  }
  return Status();
}

/// V2 across levels, for what an edit added; Level::make() has found what is twice in one level.
Status check_once(const Version& version, const Edit& edit) {
  for (const AddedTable& added : edit.added) {
    for (int level = 0; level < kLevelCount; ++level) {
      if (level == added.level) continue;
      if (version.with_number(level, added.meta.number) == nullptr) continue;
      return Status::corruption(table_name(added.meta.number) + " is in levels " +
                                std::to_string(std::min(level, added.level)) + " and " +
                                std::to_string(std::max(level, added.level)));
    }
  }
  return Status();
}

}  // namespace

Version::Version() {
  const auto none = std::make_shared<const Level>();
  levels_.fill(none);
}

std::uint64_t Version::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& level : levels_) sum += level->bytes();
  return sum;
}

std::size_t Version::table_count() const {
  std::size_t sum = 0;
  for (const auto& level : levels_) sum += level->tables().size();
  return sum;
}

Seq Version::max_seq() const {
  Seq max = 0;
  for (const auto& level : levels_) max = std::max(max, level->max_seq());
  return max;
}

std::vector<TablePtr> Version::overlapping(int level, std::string_view lower,
                                           std::string_view upper) const {
  std::vector<TablePtr> found;
  const std::span<const TablePtr> tables = this->level(level);
  for (std::size_t i = level == 0 ? 0 : seek(level, lower); i < tables.size(); ++i) {
    const TableMeta& meta = tables[i]->meta;
    if (meta.largest >= lower && meta.smallest <= upper) {
      found.push_back(tables[i]);
    } else if (level > 0) {
      break;  // the tables lie in key order: this one begins past `upper`, and so do all after it
    }
  }
  return found;
}

bool Version::may_exist_below(int level, std::string_view key) const {
  for (int deeper = level + 1; deeper < kLevelCount; ++deeper) {
    if (find(deeper, key) != nullptr) return true;
  }
  return false;
}

Result<VersionPtr> Version::next(const Edit& edit, const Resolver& resolver) const {
  Change change;
  NACRE_TRY(take_removed(*this, edit, change));
  NACRE_TRY(put_added(*this, edit, resolver, change));
  auto next = std::make_shared<Version>(*this);
  for (int level = 0; level < kLevelCount; ++level) {
    if (!change.levels[level].has_value()) continue;
    next->levels_[level] = NACRE_TRY(Level::make(level, std::move(*change.levels[level])));
  }
  NACRE_TRY(check_once(*next, edit));
  return VersionPtr(std::move(next));
}

Edit Version::snapshot() const {
  Edit edit;
  for (int level = 0; level < kLevelCount; ++level) {
    for (const TablePtr& table : this->level(level)) edit.added.push_back({level, table->meta});
  }
  return edit;
}

std::string Version::render() const {
  std::string text;
  for (int level = 0; level < kLevelCount; ++level) {
    if (table_count(level) == 0) continue;
    text += "L" + std::to_string(level);
    for (const TablePtr& table : this->level(level)) text += " " + nacre::render(table->meta);
    text += "\n";
  }
  return text.empty() ? "empty\n" : text;
}

}  // namespace nacre
