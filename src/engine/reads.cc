#include "engine/reads.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/try.h"
#include "table/table_reader.h"

namespace nacre::engine {

namespace {

/// A key on its way through a view. Tables are counted from the newest: those of level 0, then one
/// step for each deeper level.
struct Search {
  std::string_view key;
  std::uint64_t hash = 0;
  Seq seq = 0;
  std::size_t step = 0;  // where to look next

  Entry entry{};                       // once found
  const TableReader* table = nullptr;  // that holds it, or that needs `block`
  std::uint32_t block = 0;
};

enum class Found : std::uint8_t { kNowhere, kInMemtable, kInTable, kNeedsBlock };

bool covers(const TableMeta& meta, std::string_view key) {
  return meta.smallest <= key && key <= meta.largest;
}

/// The table to look at in step `step`, or null.
const TableReader* table_at(const Version& version, std::size_t step, std::string_view key) {
  const auto newest = version.level(0);
  if (step < newest.size()) {
    const Table& table = *newest[step];
    return covers(table.meta, key) ? table.reader.get() : nullptr;
  }
  const int level = static_cast<int>(step - newest.size()) + 1;
  const Table* table = version.find(level, key);
  return table == nullptr ? nullptr : table->reader.get();
}

/// Inside an EpochGuard.
Found search_memtables(const View& view, Search& search) {
  if (view.active->table.get(search.key, search.hash, search.seq, &search.entry)) {
    return Found::kInMemtable;
  }
  for (const MemtablePtr& memtable : view.frozen) {
    if (memtable->table.get(search.key, search.hash, search.seq, &search.entry)) {
      return Found::kInMemtable;
    }
  }
  return Found::kNowhere;
}

/// Inside an EpochGuard. After kNeedsBlock `search.step` is the step after that table.
Found search_tables(const Version& version, Search& search, Counters& counters) {
  const std::size_t steps = version.level(0).size() + kLevelCount - 1;
  std::uint64_t asked = 0;
  std::uint64_t filtered = 0;
  Found found = Found::kNowhere;
  while (found == Found::kNowhere && search.step < steps) {
    search.table = table_at(version, search.step++, search.key);
    if (search.table == nullptr) continue;
    ++asked;
    switch (search.table->find(search.key, search.hash, search.seq, &search.entry, &search.block)) {
      case Lookup::kFiltered:
        ++filtered;
        break;
      case Lookup::kAbsent:
        break;
      case Lookup::kFound:
        found = Found::kInTable;
        break;
      case Lookup::kNeedsBlock:
        found = Found::kNeedsBlock;
        break;
    }
  }
  if (asked != 0) counters.add(Count::kTablesAsked, asked);
  if (filtered != 0) counters.add(Count::kFilterSkips, filtered);
  if (found == Found::kInTable) counters.add(Count::kBlockHits);
  return found;
}

/// Finds the newest visible entry of the key and shows it to `sink`, which copies or pins:
///   sink.from_memory(value), inside the epoch; sink.from_cache(value, table, block), inside the
///   epoch; sink.from_block(value, pin).
/// Returns whether there is a value.
template <typename Sink>
Result<bool> read(Context& context, const View& view_in_epoch, std::optional<EpochGuard>& guard,
                  Search& search, Sink& sink) {
  Found found = search_memtables(view_in_epoch, search);
  if (found == Found::kInMemtable) {
    context.counters.add(Count::kMemtableHits);
    if (kind_of(search.entry.trailer) != Kind::kPut) return false;
    sink.from_memory(search.entry.value);
    return true;
  }
  ViewPtr held;  // once the epoch has been left
  const View* view = &view_in_epoch;
  for (;;) {
    found = search_tables(*view->version, search, context.counters);
    if (found == Found::kNowhere) return false;
    if (found == Found::kInTable) {
      if (kind_of(search.entry.trailer) != Kind::kPut) return false;
      sink.from_cache(search.entry.value, *search.table, search.block);
      return true;
    }
    if (held == nullptr) held = view->shared_from_this();
    view = held.get();
    guard.reset();
    BlockPin pin;
    Lookup looked = Lookup::kNeedsBlock;
    while (looked == Lookup::kNeedsBlock) {
      context.counters.add(Count::kBlockReads);
      pin = NACRE_TRY(search.table->load(search.block));
      looked = search.table->find_in(pin, search.key, search.seq, &search.entry, &search.block);
    }
    if (looked == Lookup::kFound) {
      if (kind_of(search.entry.trailer) != Kind::kPut) return false;
      sink.from_block(search.entry.value, std::move(pin));
      return true;
    }
    guard.emplace();
  }
}

Value pinned_value(std::string_view view, BlockPin pin) {
  const FrameRef frame = std::move(pin).take().release();
  return Value(view, reinterpret_cast<void*>(frame.word()), [](void* owner) {
    FrameRef::from_word(reinterpret_cast<std::uintptr_t>(owner)).drop();
  });
}

Value copied_value(std::string_view bytes) {
  char* copy = new char[bytes.size() + 1];  // never of size zero
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  return Value({copy, bytes.size()}, copy, [](void* owner) { delete[] static_cast<char*>(owner); });
}

/// Copies into a string of the caller.
struct CopySink {
  std::string& value;
  void from_memory(std::string_view bytes) { value.assign(bytes); }
  void from_cache(std::string_view bytes, const TableReader&, std::uint32_t) {
    value.assign(bytes);
  }
  void from_block(std::string_view bytes, BlockPin) { value.assign(bytes); }
};

/// Pins the block of the value. Values in memtables are copied: a pin would keep a whole memtable.
struct PinSink {
  std::optional<Value> value;
  void from_memory(std::string_view bytes) { value = copied_value(bytes); }
  void from_cache(std::string_view bytes, const TableReader& table, std::uint32_t block) {
    BlockPin pin = table.pin(block);
    // Evicted a moment ago: the bytes are there until the epoch ends.
    if (!pin || bytes.data() < pin.data() || bytes.data() > pin.data() + pin.size()) {
      value = copied_value(bytes);
    } else {
      value = pinned_value(bytes, std::move(pin));
    }
  }
  void from_block(std::string_view bytes, BlockPin pin) {
    value = pinned_value(bytes, std::move(pin));
  }
};

/// A search of a multi_get that needs a block.
struct Waiting {
  Search search;
  std::size_t index = 0;  // of its key
};

/// Inside an EpochGuard. Goes on with the tables from `search.step`; false when a block is needed.
bool answer_from_tables(Context& context, const View& view, Search& search,
                        std::optional<Value>& value) {
  const Found found = search_tables(*view.version, search, context.counters);
  if (found == Found::kNeedsBlock) return false;
  if (found == Found::kInTable && kind_of(search.entry.trailer) == Kind::kPut) {
    PinSink sink;
    sink.from_cache(search.entry.value, *search.table, search.block);
    value = std::move(sink.value);
  }
  return true;
}

bool answer_from_memory(Context& context, const View& view, Search& search,
                        std::optional<Value>& value) {
  if (search_memtables(view, search) == Found::kNowhere) {
    return answer_from_tables(context, view, search, value);
  }
  context.counters.add(Count::kMemtableHits);
  if (kind_of(search.entry.trailer) == Kind::kPut) value = copied_value(search.entry.value);
  return true;
}

/// Loads the blocks that are waited for, those of each table at once, and lets every search go on
/// until it is answered or needs another block.
Status load_round(Context& context, const View& view, std::vector<Waiting>& waiting,
                  std::vector<std::optional<Value>>& values) {
  std::sort(waiting.begin(), waiting.end(), [](const Waiting& a, const Waiting& b) {
    return std::pair(a.search.table, a.search.block) < std::pair(b.search.table, b.search.block);
  });
  std::vector<Waiting> still;
  for (auto begin = waiting.begin(); begin != waiting.end();) {
    const auto end = std::find_if(begin, waiting.end(), [&](const Waiting& other) {
      return other.search.table != begin->search.table;
    });
    std::vector<BlockLoad> loads;
    for (auto it = begin; it != end; ++it) {
      if (loads.empty() || loads.back().block != it->search.block) {
        loads.push_back({.block = it->search.block, .pin = {}, .status = {}});
      }
    }
    context.counters.add(Count::kBlockReads, loads.size());
    begin->search.table->load_many(loads);
    auto load = loads.begin();
    for (auto it = begin; it != end; ++it) {
      while (load->block != it->search.block) ++load;
      if (!load->status.ok()) return load->status;
      Search& search = it->search;
      const Lookup looked =
          search.table->find_in(load->pin, search.key, search.seq, &search.entry, &search.block);
      if (looked == Lookup::kNeedsBlock) {
        still.push_back(*it);
      } else if (looked == Lookup::kFound) {
        // The pin of this load may serve several keys: each value takes one of its own.
        if (kind_of(search.entry.trailer) != Kind::kPut) continue;
        PinSink sink;
        sink.from_cache(search.entry.value, *search.table, load->block);
        values[it->index] = std::move(sink.value);
      } else {
        const EpochGuard guard;
        if (!answer_from_tables(context, view, search, values[it->index])) still.push_back(*it);
      }
    }
    begin = end;
  }
  waiting = std::move(still);
  return {};
}

/// Times one get in 256.
class GetTimer {
 public:
  explicit GetTimer(Context& context) : context_(Counters::sample(8) ? &context : nullptr) {
    if (context_ != nullptr) start_ = context_->clock().monotonic_nanos();
  }
  GetTimer(const GetTimer&) = delete;
  GetTimer& operator=(const GetTimer&) = delete;
  ~GetTimer() {
    if (context_ != nullptr) {
      context_->get_nanos.record(context_->clock().monotonic_nanos() - start_);
    }
  }

 private:
  Context* context_;
  std::uint64_t start_ = 0;
};

template <typename Sink>
Result<bool> read_current(Context& context, const CurrentView& current, std::string_view key,
                          std::optional<Seq> seq, Sink& sink) {
  const GetTimer timer(context);
  context.counters.add(Count::kGets);
  Search search{.key = key, .hash = hash64(key, context.salt), .seq = 0};
  std::optional<EpochGuard> guard(std::in_place);
  const View& view = *current.get();
  // R1: the view before the seq.
  search.seq = seq.has_value() ? *seq : context.visible.load(std::memory_order_acquire);
  Result<bool> found = read(context, view, guard, search, sink);
  if (found.ok() && *found) context.counters.add(Count::kGetsFound);
  return found;
}

}  // namespace

Result<std::optional<Value>> Reads::get(std::string_view key, std::optional<Seq> seq) const {
  PinSink sink;
  NACRE_TRY(read_current(context_, view_, key, seq, sink));
  return std::move(sink.value);
}

Result<bool> Reads::get_into(std::string_view key, std::string& value,
                             std::optional<Seq> seq) const {
  CopySink sink{value};
  return read_current(context_, view_, key, seq, sink);
}

Result<std::vector<std::optional<Value>>> Reads::multi_get(std::span<const std::string_view> keys,
                                                           std::optional<Seq> seq) const {
  const ViewPtr view = view_.pin();
  if (!seq.has_value()) seq = context_.visible.load(std::memory_order_acquire);
  std::vector<std::optional<Value>> values(keys.size());
  std::vector<Waiting> waiting;
  {
    const EpochGuard guard;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Search search{.key = keys[i], .hash = hash64(keys[i], context_.salt), .seq = *seq};
      if (!answer_from_memory(context_, *view, search, values[i])) waiting.push_back({search, i});
    }
  }
  while (!waiting.empty()) NACRE_TRY(load_round(context_, *view, waiting, values));
  context_.counters.add(Count::kGets, keys.size());
  const auto found = std::count_if(values.begin(), values.end(),
                                   [](const auto& value) { return value.has_value(); });
  context_.counters.add(Count::kGetsFound, static_cast<std::uint64_t>(found));
  return values;
}

}  // namespace nacre::engine
