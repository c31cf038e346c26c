#include "engine/reads.h"

#include <utility>

#include "base/hash.h"
#include "base/try.h"
#include "engine/multi_get.h"
#include "engine/search.h"

namespace nacre::engine {

namespace {

/// Asks for what the tables of level 0 will be judged by, so that a search waits for it once and
/// not table by table. One table alone would be waited for just the same.
void fetch_filters(const Version& version, const Search& search) {
  const auto newest = version.level(0);
  if (newest.size() < 2) return;
  for (const TablePtr& table : newest) {
    if (const TableReader* reader = table->reader()) reader->prefetch(search.hash);
  }
}

/// Inside an EpochGuard. After kNeedsBlock the search goes on after that table, after kNeedsTable
/// at it.
Found search_tables(const Version& version, Search& search, Counters& counters) {
  std::uint64_t asked = 0;
  std::uint64_t filtered = 0;
  Found found = Found::kNowhere;
  while (found == Found::kNowhere && next_table(version, search)) {
    if (search.table == nullptr) {
      found = Found::kNeedsTable;
      break;
    }
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
  fetch_filters(*view_in_epoch.version, search);
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
    if (found == Found::kNeedsTable) {
      NACRE_TRY(search.unloaded->load());
      guard.emplace();
      continue;
    }
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

/// Copies into a string of the caller.
struct CopySink {
  std::string& value;
  void from_memory(std::string_view bytes) { value.assign(bytes); }
  void from_cache(std::string_view bytes, const TableReader&, std::uint32_t) {
    value.assign(bytes);
  }
  void from_block(std::string_view bytes, BlockPin) { value.assign(bytes); }
};

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
  const ViewPtr view = view_.pin();  // R1: the view before the seq
  if (!seq.has_value()) seq = context_.visible.load(std::memory_order_acquire);
  MultiGet get(context_, *view, *seq);
  NACRE_TRY(get.run(keys));
  return get.take_values();
}

}  // namespace nacre::engine
