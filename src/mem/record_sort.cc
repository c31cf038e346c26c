#include "mem/record_sort.h"

#include <algorithm>
#include <array>
#include <utility>

#include "mem/key_head.h"

namespace nacre {

namespace {

using Records = std::span<HeadedRecord>;

constexpr int kDigits = 8;
constexpr std::size_t kDigitValues = 256;
/// Below this a sort by comparison is faster than counting digits.
constexpr std::size_t kFew = 128;

bool goes_before(const HeadedRecord& a, const HeadedRecord& b) {
  const int order = a.record->key().compare(b.record->key());
  return order != 0 ? order < 0 : raw(a.record->trailer) > raw(b.record->trailer);
}

std::size_t digit_of(std::uint64_t head, int digit) { return head >> (8 * digit) & 0xFF; }

/// Sorts by head, lowest digit first; each pass keeps the order that it finds. Digits that all have
/// in common need no pass.
void sort_by_digits(Records records, Records scratch) {
  std::array<std::array<std::uint32_t, kDigitValues>, kDigits> counts{};
  for (const HeadedRecord& record : records) {
    for (int digit = 0; digit < kDigits; ++digit) ++counts[digit][digit_of(record.head, digit)];
  }
  Records from = records;
  Records to = scratch.first(records.size());
  for (int digit = 0; digit < kDigits; ++digit) {
    auto& places = counts[digit];
    if (places[digit_of(records.front().head, digit)] == records.size()) continue;
    std::uint32_t next = 0;
    for (std::uint32_t& place : places) next += std::exchange(place, next);
    for (const HeadedRecord& record : from) to[places[digit_of(record.head, digit)]++] = record;
    std::swap(from, to);
  }
  if (from.data() != records.data()) std::copy(from.begin(), from.end(), records.begin());
}

/// How many bytes all keys begin with.
std::size_t common_to_all(Records records) {
  std::string_view common = records.front().record->key();
  for (const HeadedRecord& record : records) {
    if (record.record->key().starts_with(common)) continue;
    common = common.substr(0, common_bytes(common, record.record->key()));
  }
  return common.size();
}

/// The versions of one key mostly arrive in the order of their seqs.
void sort_versions(Records records) {
  const auto newer = [](const HeadedRecord& a, const HeadedRecord& b) {
    return raw(a.record->trailer) > raw(b.record->trailer);
  };
  std::reverse(records.begin(), records.end());
  if (!std::is_sorted(records.begin(), records.end(), newer)) {
    std::sort(records.begin(), records.end(), newer);
  }
}

/// All have `known` bytes in common or are short: whoever comes here again must have more.
void sort_from(Records records, Records scratch, std::size_t known) {
  const std::size_t common = common_to_all(records);
  const bool one_key = std::all_of(records.begin(), records.end(), [&](const HeadedRecord& one) {
    return one.record->key_size == common;
  });
  if (one_key) return sort_versions(records);
  if (records.size() <= kFew || common < known) {
    std::sort(records.begin(), records.end(), goes_before);
    return;
  }
  bool sorted = true;
  std::uint64_t last = 0;
  for (HeadedRecord& record : records) {
    record.head = first_bytes(record.record->key().substr(common));
    sorted = sorted && record.head >= last;
    last = record.head;
  }
  if (!sorted) sort_by_digits(records, scratch);
  for (std::size_t begin = 0; begin < records.size();) {
    std::size_t end = begin + 1;
    while (end < records.size() && records[end].head == records[begin].head) ++end;
    if (end - begin > 1) {
      sort_from(records.subspan(begin, end - begin), scratch, common + 1);
    }
    begin = end;
  }
}

}  // namespace

void sort_records(std::span<HeadedRecord> records, std::span<HeadedRecord> scratch) {
  if (!records.empty()) sort_from(records, scratch, 0);
}

}  // namespace nacre
