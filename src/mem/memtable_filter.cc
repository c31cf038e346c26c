#include "mem/memtable_filter.h"

#include <new>

namespace nacre {

// The upper half of the hash picks the line, the lower half the bits: they are independent.
MemtableFilter::Bits::Bits(std::uint64_t hash)
    : word_a(hash & 7),
      word_b((word_a + 1 + (hash >> 3) % 7) & 7),  // another one
      mask_a(std::uint64_t{1} << (hash >> 6 & 63) | std::uint64_t{1} << (hash >> 12 & 63) |
             std::uint64_t{1} << (hash >> 18 & 63)),
      mask_b(0) {
  // Thirty-two bits are not enough for six places; a multiplication spreads them again.
  const std::uint64_t more = (hash & 0xFFFFFFFF) * 0x9E3779B97F4A7C15ULL;
  mask_b = std::uint64_t{1} << (more >> 58) | std::uint64_t{1} << (more >> 52 & 63) |
           std::uint64_t{1} << (more >> 46 & 63);
}

bool MemtableFilter::Bits::in(const Word* line) const {
  return (line[word_a].load(std::memory_order_relaxed) & mask_a) == mask_a &&
         (line[word_b].load(std::memory_order_relaxed) & mask_b) == mask_b;
}

std::uint64_t MemtableFilter::lines_of(std::size_t generation) {
  constexpr std::uint64_t kFirst = 32;  // 2 KiB
  return generation <= 2 ? kFirst << (3 * generation) : kFirst << (2 * generation + 2);
}

MemtableFilter::Word* MemtableFilter::line_of(Word* words, std::size_t generation,
                                              std::uint64_t hash) {
  // The high bits times the number of lines: every line is equally likely, without a division.
  const std::uint64_t line = (hash >> 32) * lines_of(generation) >> 32;
  return words + line * kLineWords;
}

void MemtableFilter::prefetch(std::uint64_t hash) const {
  const std::size_t generations = generations_.load(std::memory_order_acquire);
  if (generations == 0) return;
  Word* const words = words_[generations - 1].load(std::memory_order_relaxed);
  __builtin_prefetch(line_of(words, generations - 1, hash), 1);
}

void MemtableFilter::add(std::uint64_t hash) {
  add_with(hash,
           [](Word& word, std::uint64_t mask) { word.fetch_or(mask, std::memory_order_relaxed); });
}

void MemtableFilter::add_alone(std::uint64_t hash) {
  add_with(hash, [](Word& word, std::uint64_t mask) {
    word.store(word.load(std::memory_order_relaxed) | mask, std::memory_order_relaxed);
  });
}

template <typename Set>
void MemtableFilter::add_with(std::uint64_t hash, Set&& set) {
  std::size_t generations = generations_.load(std::memory_order_acquire);
  if (generations == 0) {
    grow(0);
    generations = generations_.load(std::memory_order_acquire);
  }
  const std::size_t newest = generations - 1;
  Word* const line = line_of(words_[newest].load(std::memory_order_relaxed), newest, hash);
  const Bits bits(hash);
  // A key that is written again and again costs no write to the shared line.
  if (bits.in(line)) return;
  set(line[bits.word_a], bits.mask_a);
  set(line[bits.word_b], bits.mask_b);
  // One key in sixteen counts for all: nobody needs the exact number, and a locked add is dear.
  if ((hash >> 24 & (kCountEvery - 1)) != 0) return;
  const std::uint64_t added = added_.fetch_add(kCountEvery, std::memory_order_relaxed);
  if (added + kCountEvery >= lines_of(newest) * kLineKeys) grow(generations);
}

bool MemtableFilter::may_contain(std::uint64_t hash) const {
  const Bits bits(hash);
  for (std::size_t i = generations_.load(std::memory_order_acquire); i-- > 0;) {
    if (bits.in(line_of(words_[i].load(std::memory_order_relaxed), i, hash))) return true;
  }
  return false;
}

/// Adds a generation to those that the caller saw, unless another thread did or all are there.
void MemtableFilter::grow(std::size_t generations_seen) {
  const std::lock_guard lock(growth_);
  const std::size_t generations = generations_.load(std::memory_order_relaxed);
  if (generations != generations_seen || generations == kGenerationsMax) return;
  const std::uint64_t count = lines_of(generations) * kLineWords;
  auto* const words = reinterpret_cast<Word*>(arena_.allocate_lines(count * sizeof(Word)));
  for (std::uint64_t i = 0; i < count; ++i) new (words + i) Word(0);
  words_[generations].store(words, std::memory_order_relaxed);
  added_.store(0, std::memory_order_relaxed);
  generations_.store(generations + 1, std::memory_order_release);
}

}  // namespace nacre
