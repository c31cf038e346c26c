#include "engine/version_set.h"

#include <algorithm>

#include "base/try.h"

namespace nacre::engine {

Status VersionSet::start(const StoreIdentity& identity, VersionPtr version,
                         const nacre::Counters& counters, FileNumber wal_floor) {
  const std::lock_guard lock(install_);
  identity_ = identity;
  counters_ = counters;
  counters_.wal_floor = wal_floor;
  NACRE_TRY(write_new_manifest(*version));
  view_.update([&](View& view) { view.version = std::move(version); });
  return {};
}

Edit VersionSet::snapshot_of(const Version& version) const {
  Edit edit = version.snapshot();
  edit.states_order = true;
  edit.next_file = numbers_.bound();
  edit.last_seq = counters_.last_seq;
  edit.wal_floor = counters_.wal_floor;
  edit.applied_index = counters_.applied_index;
  edit.reason = "snapshot";
  edit.wall_micros = context_.clock().wall_micros();
  return edit;
}

Status VersionSet::write_new_manifest(const Version& version) {
  manifest_.reset();  // never written again once another was begun
  const FileNumber number = numbers_.take();
  manifest_ = NACRE_TRY(
      Manifest::create(context_.fs(), context_.dir, number, identity_, snapshot_of(version)));
  if (const FileNumber old = std::exchange(manifest_number_, number); raw(old) != 0) {
    context_.reaper.remove(FileType::kManifest, old);
  }
  return {};
}

Status VersionSet::persist(const Edit& edit, const Version& next) {
  if (manifest_ != nullptr && !manifest_->wants_rotation()) {
    const Status status = manifest_->append(edit);
    if (status.ok()) return {};
    context_.notify([&](EventListener& listener) { listener.on_error("manifest", status); });
  }
  return write_new_manifest(next);
}

Status VersionSet::install(Edit edit, const std::vector<TablePtr>& added,
                           const std::function<void(View&)>& also) {
  const std::lock_guard lock(install_);
  const VersionPtr current = view_.pin()->version;
  for (const AddedTable& table : edit.added) {
    counters_.last_seq = std::max(counters_.last_seq, table.meta.max_seq);
  }
  edit.last_seq = counters_.last_seq;
  edit.next_file = numbers_.bound();
  edit.wall_micros = context_.clock().wall_micros();
  if (edit.wal_floor.has_value()) counters_.wal_floor = *edit.wal_floor;

  VersionPtr next = NACRE_TRY(current->next(edit, [&](FileNumber number) -> TablePtr {
    const auto found = std::find_if(added.begin(), added.end(), [&](const TablePtr& table) {
      return table->meta.number == number;
    });
    return found == added.end() ? nullptr : *found;
  }));
  NACRE_TRY(persist(edit, *next));
  view_.update([&](View& view) {
    view.version = next;
    if (also) also(view);
  });
  for (const RemovedTable& removed : edit.removed) {
    const TablePtr table = current->with_number(removed.level, removed.number);
    const bool moved = std::any_of(edit.added.begin(), edit.added.end(), [&](const auto& entry) {
      return entry.meta.number == removed.number;
    });
    if (!moved) context_.reaper.condemn(table);
  }
  return {};
}

FileNumber VersionSet::wal_floor() {
  const std::lock_guard lock(install_);
  return counters_.wal_floor;
}

}  // namespace nacre::engine
