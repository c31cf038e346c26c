#include "engine/multi_get.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/try.h"

namespace nacre::engine {

namespace {

/// As many as have their lines in the first level of the processor's cache at once.
constexpr std::size_t kGroup = 32;

/// Keeps those of which `stays` says so; it may change them, unlike the predicate of an algorithm.
template <typename Group, typename Stays>
void keep(Group& group, Stays&& stays) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (stays(group[i])) group[kept++] = group[i];
  }
  group.resize(kept);
}

}  // namespace

Status MultiGet::run(std::span<const std::string_view> keys) {
  values_.resize(keys.size());
  for (std::size_t at = 0; at < keys.size(); at += kGroup) {
    const EpochGuard guard;
    Group group;
    group.reserve(kGroup);
    for (std::size_t i = at; i < std::min(at + kGroup, keys.size()); ++i) {
      group.push_back({{.key = keys[i], .hash = hash64(keys[i], context_.salt), .seq = seq_}, i});
    }
    look_in_memtables(group);
    advance(group);
  }
  while (!waiting_.empty()) NACRE_TRY(load_round());
  context_.counters.add(Count::kGets, keys.size());
  const auto found = std::count_if(values_.begin(), values_.end(),
                                   [](const auto& value) { return value.has_value(); });
  context_.counters.add(Count::kGetsFound, static_cast<std::uint64_t>(found));
  return {};
}

/// Inside an EpochGuard. Takes those out of the group that are answered.
void MultiGet::look_in_memtables(Group& group) {
  keep(group, [&](Pending& pending) {
    if (search_memtables(view_, pending.search) == Found::kNowhere) return true;
    context_.counters.add(Count::kMemtableHits);
    const Entry& entry = pending.search.entry;
    if (kind_of(entry.trailer) == Kind::kPut) values_[pending.index] = PinSink::copied(entry.value);
    return false;
  });
}

/// Inside an EpochGuard. Every search goes on from its step until it is answered or needs a block.
void MultiGet::advance(Group& group) {
  while (!group.empty()) {
    keep(group, [&](Pending& pending) { return go_to_table(pending); });
    std::uint64_t filtered = 0;
    for (Pending& pending : group) {
      Search& search = pending.search;
      pending.located = search.table->locate(search.key, search.hash, &search.block);
      filtered += pending.located ? 0 : 1;
    }
    for (const Pending& pending : group) {
      if (pending.located) pending.search.table->approach(pending.search.block);
    }
    context_.counters.add(Count::kTablesAsked, group.size());
    context_.counters.add(Count::kFilterSkips, filtered);
    keep(group, [&](Pending& pending) { return !(pending.located && look_in_block(pending)); });
  }
}

/// To the next table that may hold the key, whose filter line is fetched; false when there is none,
/// or when the search has to wait for it.
bool MultiGet::go_to_table(Pending& pending) {
  Search& search = pending.search;
  if (!next_table(*view_.version, search)) return false;
  if (search.table == nullptr) {
    waiting_.push_back(pending);
    return false;
  }
  search.table->prefetch(search.hash);
  return true;
}

/// Inside an EpochGuard. True when the search has not to go on: answered, or waiting.
bool MultiGet::look_in_block(Pending& pending) {
  Search& search = pending.search;
  switch (search.table->find_at(search.key, search.seq, &search.entry, &search.block)) {
    case Lookup::kFound:
      context_.counters.add(Count::kBlockHits);
      found(pending, search.block);
      return true;
    case Lookup::kNeedsBlock:
      waiting_.push_back(pending);
      return true;
    default:
      return false;
  }
}

void MultiGet::found(const Pending& pending, std::uint32_t block) {
  const Entry& entry = pending.search.entry;
  if (kind_of(entry.trailer) != Kind::kPut) return;
  PinSink sink;
  sink.from_cache(entry.value, *pending.search.table, block);
  values_[pending.index] = std::move(sink.value);
}

/// Loads what is waited for, the blocks of each table at once, and lets every search go on until it
/// is answered or has to wait again.
Status MultiGet::load_round() {
  Group waiting = std::exchange(waiting_, {});
  std::sort(waiting.begin(), waiting.end(), [](const Pending& a, const Pending& b) {
    return std::pair(a.search.table, a.search.block) < std::pair(b.search.table, b.search.block);
  });
  Group go_on;
  for (auto begin = waiting.begin(); begin != waiting.end();) {
    const auto end = std::find_if(begin, waiting.end(), [&](const Pending& other) {
      return other.search.table != begin->search.table;
    });
    if (begin->search.table == nullptr) {
      for (const Pending& each : std::span(begin, end)) NACRE_TRY(each.search.unloaded->load());
      go_on.insert(go_on.end(), begin, end);
    } else {
      NACRE_TRY(load_blocks({begin, end}, go_on));
    }
    begin = end;
  }
  const EpochGuard guard;
  advance(go_on);
  return {};
}

Status MultiGet::load_blocks(std::span<Pending> pending, Group& go_on) {
  std::vector<BlockLoad> loads;
  for (const Pending& each : pending) {
    if (loads.empty() || loads.back().block != each.search.block) {
      loads.push_back({.block = each.search.block, .pin = {}, .status = {}});
    }
  }
  context_.counters.add(Count::kBlockReads, loads.size());
  pending.front().search.table->load_many(loads);
  auto load = loads.begin();
  for (Pending& each : pending) {
    Search& search = each.search;
    while (load->block != search.block) ++load;
    if (!load->status.ok()) return load->status;
    switch (
        search.table->find_in(load->pin, search.key, search.seq, &search.entry, &search.block)) {
      case Lookup::kNeedsBlock:
        waiting_.push_back(each);
        break;
      case Lookup::kFound:
        // The pin of this load may serve several keys: each value takes one of its own.
        found(each, load->block);
        break;
      default:
        go_on.push_back(each);
    }
  }
  return {};
}

}  // namespace nacre::engine
