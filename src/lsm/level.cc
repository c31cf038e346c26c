#include "lsm/level.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/check.h"
#include "base/try.h"
#include "lsm/file_name.h"

namespace nacre {

namespace {

/// The first 8 bytes as a big-endian integer, zeros where the key is shorter: for two keys, a
/// smaller head is a smaller key; equal heads say nothing.
std::uint64_t head_of(std::string_view key) {
  unsigned char bytes[8] = {};
  std::copy_n(key.begin(), std::min<std::size_t>(key.size(), sizeof bytes), bytes);
  std::uint64_t head = 0;
  for (const unsigned char byte : bytes) head = head << 8 | byte;
  return head;
}

Status two_tables(int depth, const TableMeta& a, const TableMeta& b, const char* what) {
  return Status::corruption(table_name(a.number) + " and " + table_name(b.number) + " in level " +
                            std::to_string(depth) + ": " + what);
}

/// Newest first. Ties (pieces of one flush may share seqs) go by number, so that the order is one.
bool is_newer(const TablePtr& a, const TablePtr& b) {
  if (a->meta.max_seq != b->meta.max_seq) return a->meta.max_seq > b->meta.max_seq;
  return a->meta.number > b->meta.number;
}

bool is_before(const TablePtr& a, const TablePtr& b) {
  if (const int order = a->meta.smallest.compare(b->meta.smallest); order != 0) return order < 0;
  return a->meta.number < b->meta.number;  // equal keys are refused; let the message be one
}

/// The index of the first of n >= 1 sorted numbers that is >= `wanted`. Halves without branches
/// that depend on the data, so that the processor has nothing to mispredict.
std::size_t first_at_least(const std::uint64_t* numbers, std::size_t n, std::uint64_t wanted) {
  const std::uint64_t* base = numbers;
  for (std::size_t left = n; left > 1;) {
    const std::size_t half = left / 2;
    base += base[half - 1] < wanted ? half : 0;
    left -= half;
  }
  return static_cast<std::size_t>(base - numbers) + (*base < wanted ? 1 : 0);
}

}  // namespace

Result<std::shared_ptr<const Level>> Level::make(int depth, std::vector<TablePtr> tables) {
  NACRE_CHECK(depth >= 0 && depth < kLevelCount);
  auto level = std::make_shared<Level>();
  level->tables_ = std::move(tables);
  std::sort(level->tables_.begin(), level->tables_.end(), depth == 0 ? is_newer : is_before);
  for (const TablePtr& table : level->tables_) {
    const auto index = static_cast<std::uint32_t>(level->numbers_.size());
    level->numbers_.emplace_back(table->meta.number, index);
    level->bytes_ += table->meta.bytes;
    level->max_seq_ = std::max(level->max_seq_, table->meta.max_seq);
  }
  std::sort(level->numbers_.begin(), level->numbers_.end());
  NACRE_TRY(level->check_numbers(depth));
  NACRE_TRY(depth == 0 ? level->check_newest_first() : level->check_run(depth));
  if (depth > 0) level->build_heads();
  return std::shared_ptr<const Level>(std::move(level));
}

Status Level::check_numbers(int depth) const {
  for (std::size_t i = 1; i < numbers_.size(); ++i) {
    if (numbers_[i - 1].first != numbers_[i].first) continue;
    return Status::corruption(table_name(numbers_[i].first) + " is twice in level " +
                              std::to_string(depth));
  }
  return Status();
}

Status Level::check_run(int depth) const {
  for (std::size_t i = 1; i < tables_.size(); ++i) {
    const TableMeta& a = tables_[i - 1]->meta;
    const TableMeta& b = tables_[i]->meta;
    if (a.largest >= b.smallest) return two_tables(depth, a, b, "their key ranges overlap");
  }
  return Status();
}

// Walks along the keys and keeps the tables whose range covers the place it has come to, by their
// seqs. Those must be disjoint, so a table that enters needs to be compared with its two neighbours
// only: a hostile manifest with a million tables costs n log n.
Status Level::check_newest_first() const {
  std::vector<const TableMeta*> by_smallest;
  for (const TablePtr& table : tables_) by_smallest.push_back(&table->meta);
  std::vector<const TableMeta*> by_largest = by_smallest;
  std::sort(by_smallest.begin(), by_smallest.end(),
            [](const TableMeta* a, const TableMeta* b) { return a->smallest < b->smallest; });
  std::sort(by_largest.begin(), by_largest.end(),
            [](const TableMeta* a, const TableMeta* b) { return a->largest < b->largest; });
  std::map<Seq, const TableMeta*> here;  // by min_seq
  auto leaving = by_largest.begin();
  for (const TableMeta* entering : by_smallest) {
    for (; (*leaving)->largest < entering->smallest; ++leaving) here.erase((*leaving)->min_seq);
    const auto newer = here.lower_bound(entering->min_seq);
    const TableMeta* clash = nullptr;
    if (newer != here.end() && newer->first <= entering->max_seq) clash = newer->second;
    if (newer != here.begin() && std::prev(newer)->second->max_seq >= entering->min_seq) {
      clash = std::prev(newer)->second;
    }
    if (clash != nullptr) {
      return two_tables(0, *entering, *clash, "their key ranges and their seqs overlap");
    }
    here.emplace(entering->min_seq, entering);
  }
  return Status();
}

void Level::build_heads() {
  if (tables_.empty()) return;
  // The keys are sorted: what the first and the last begin with, all between them begin with.
  const std::string& first = tables_.front()->meta.smallest;
  const std::string& last = tables_.back()->meta.largest;
  const auto part = std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first;
  prefix_.assign(first.begin(), part);
  for (const TablePtr& table : tables_) {
    const auto head_after_prefix = [&](std::string_view key) {
      return head_of(key.substr(prefix_.size()));
    };
    largest_heads_.push_back(head_after_prefix(table->meta.largest));
    smallest_heads_.push_back(head_after_prefix(table->meta.smallest));
  }
}

TablePtr Level::with_number(FileNumber number) const {
  const auto found =
      std::lower_bound(numbers_.begin(), numbers_.end(), number,
                       [](const auto& entry, FileNumber wanted) { return entry.first < wanted; });
  if (found == numbers_.end() || found->first != number) return nullptr;
  return tables_[found->second];
}

std::size_t Level::seek(std::string_view key) const {
  if (tables_.empty()) return 0;
  NACRE_DCHECK(largest_heads_.size() == tables_.size());
  const int side = key.substr(0, prefix_.size()).compare(prefix_);
  if (side != 0) return side < 0 ? 0 : tables_.size();
  const std::uint64_t head = head_of(key.substr(prefix_.size()));
  const std::size_t first = first_at_least(largest_heads_.data(), largest_heads_.size(), head);
  if (first == tables_.size() || largest_heads_[first] != head) return first;
  // Tables whose heads tie with the key's: the whole keys decide.
  const auto ties_begin = tables_.begin() + first;
  const auto ties_end = tables_.begin() + (std::upper_bound(largest_heads_.begin() + first,
                                                            largest_heads_.end(), head) -
                                           largest_heads_.begin());
  const auto found =
      std::lower_bound(ties_begin, ties_end, key, [](const TablePtr& table, std::string_view k) {
        return std::string_view(table->meta.largest) < k;
      });
  return found - tables_.begin();
}

const Table* Level::find(std::string_view key) const {
  const std::size_t at = seek(key);
  if (at == tables_.size() || !key.starts_with(prefix_)) return nullptr;
  // The key is not past this table; it may still lie in the gap before it.
  const std::uint64_t head = head_of(key.substr(prefix_.size()));
  if (head < smallest_heads_[at]) return nullptr;
  const Table* table = tables_[at].get();
  if (head == smallest_heads_[at] && key < table->meta.smallest) return nullptr;
  return table;
}

}  // namespace nacre
