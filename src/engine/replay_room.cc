#include "engine/replay_room.h"

#include <utility>

namespace nacre::engine {

std::vector<SegmentGroup> group_segments(std::span<const std::uint64_t> bytes,
                                         std::uint64_t target) {
  std::vector<SegmentGroup> groups;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (groups.empty() || sum + bytes[i] > target + target / 4) {
      groups.push_back({i, i});
      sum = 0;
    }
    sum += bytes[i];
    groups.back().end = i + 1;
  }
  return groups;
}

bool ReplayRoom::charge(std::size_t group, std::uint64_t bytes) {
  auto state = state_.lock();
  if (group < state->first_kept) return false;
  Held& held = state->held[group];
  state->bytes += bytes - held.bytes;
  held.bytes = bytes;
  while (state->bytes > limit_) {
    const auto oldest = state->held.begin();
    state->bytes -= oldest->second.bytes;
    state->first_kept = oldest->first + 1;
    state->held.erase(oldest);
  }
  return group >= state->first_kept;
}

void ReplayRoom::keep(std::size_t group, MemtablePtr memtable) {
  auto state = state_.lock();
  if (group >= state->first_kept) state->held[group].memtable = std::move(memtable);
}

MemtablePtr ReplayRoom::find(std::size_t group) {
  auto state = state_.lock();
  const auto found = state->held.find(group);
  return found == state->held.end() ? nullptr : found->second.memtable;
}

std::size_t ReplayRoom::first_kept() { return state_.lock()->first_kept; }

}  // namespace nacre::engine
