#include "lsm/edit_fold.h"

#include <algorithm>

#include "base/try.h"
#include "lsm/file_name.h"

namespace nacre {

namespace {

Status check_not_back(const char* what, std::uint64_t from, std::uint64_t to) {
  if (to >= from) return Status();
  return Status::corruption(std::string(what) + " goes back from " + std::to_string(from) + " to " +
                            std::to_string(to));
}

}  // namespace

Status Counters::apply(const Edit& edit) {
  Counters next;
  next.states_order = states_order || edit.states_order;
  next.next_file = edit.next_file.value_or(next_file);
  next.last_seq = edit.last_seq.value_or(last_seq);
  next.wal_floor = edit.wal_floor.value_or(wal_floor);
  next.applied_index = edit.applied_index.value_or(applied_index);
  NACRE_TRY(check_not_back("next file", raw(next_file), raw(next.next_file)));
  NACRE_TRY(check_not_back("last seq", last_seq, next.last_seq));
  NACRE_TRY(check_not_back("wal floor", raw(wal_floor), raw(next.wal_floor)));
  NACRE_TRY(check_not_back("applied index", applied_index, next.applied_index));
  if (next.next_file > kFileNumberMax) {
    return Status::corruption("next file " + std::to_string(raw(next.next_file)) +
                              " has more than 56 bits");
  }
  if (next.wal_floor > next.next_file) {
    return Status::corruption("wal floor " + std::to_string(raw(next.wal_floor)) +
                              " is above next file " + std::to_string(raw(next.next_file)));
  }
  for (const AddedTable& added : edit.added) {
    const TableMeta& meta = added.meta;
    if (meta.number >= next.next_file) {
      return Status::corruption("table " + std::to_string(raw(meta.number)) +
                                " is not below next file " + std::to_string(raw(next.next_file)));
    }
    if (meta.max_seq > next.last_seq) {
      return Status::corruption(table_name(meta.number) + " holds seq " +
                                std::to_string(meta.max_seq) + ", above last seq " +
                                std::to_string(next.last_seq));
    }
  }
  *this = next;
  return Status();
}

Status EditFold::apply(const Edit& edit) {
  NACRE_TRY(counters_.apply(edit));
  for (const RemovedTable& removed : edit.removed) {
    const auto found = tables_.find(removed.number);
    if (found == tables_.end() || found->second.level != removed.level) {
      return Status::corruption("table " + std::to_string(raw(removed.number)) +
                                " is removed from level " + std::to_string(removed.level) +
                                ", where it is not");
    }
    tables_.erase(found);
  }
  for (const AddedTable& added : edit.added) {
    const auto [at, is_new] =
        tables_.try_emplace(added.meta.number, Place{added.level, added.meta});
    if (!is_new) {
      return Status::corruption("table " + std::to_string(raw(added.meta.number)) +
                                " is added to level " + std::to_string(added.level) +
                                ", but it is in level " + std::to_string(at->second.level));
    }
  }
  return Status();
}

Edit EditFold::result() const {
  Edit edit;
  edit.states_order = counters_.states_order;
  edit.next_file = counters_.next_file;
  edit.last_seq = counters_.last_seq;
  edit.wal_floor = counters_.wal_floor;
  edit.applied_index = counters_.applied_index;
  edit.added.reserve(tables_.size());
  for (const auto& [number, place] : tables_) edit.added.push_back({place.level, place.meta});
  std::stable_sort(edit.added.begin(), edit.added.end(),
                   [](const AddedTable& a, const AddedTable& b) { return a.level < b.level; });
  return edit;
}

}  // namespace nacre
