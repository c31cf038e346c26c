// memtable_filter.h - says of most absent keys that they are absent, at the price of a cache line.
//
// A Bloom filter cut into lines of 512 bits. A key has one line, in it two words, and in each word
// three bits. Since nobody knows how many keys will come, the filter grows by generations: keys are
// added to the newest one until it is full, and a query asks all of them. Each is four to eight
// times the size of the one before, so that nearly all keys are in the last two and the older ones
// stay in the nearest cache.
//
//   generation       0       1        2        3       4
//   size         2 KiB  16 KiB  128 KiB  512 KiB   2 MiB  then four times each
//   keys         1,024   8,192   65,536  262,144    1 Mi  (16 bits for a key)
//
// THREADS    any number may add and ask at once. A key is found by whoever learnt, by an acquire,
//            that its add() returned.
// MEMORY     from the arena of the memtable; nothing before the first key.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/arena.h"

namespace nacre {

class MemtableFilter {
 public:
  explicit MemtableFilter(Arena& arena) : arena_(arena) {}
  MemtableFilter(const MemtableFilter&) = delete;
  MemtableFilter& operator=(const MemtableFilter&) = delete;

  /// Brings the line that add() will change.
  void prefetch(std::uint64_t hash) const;
  void add(std::uint64_t hash);
  /// As add(), when nobody else adds: without locked operations.
  void add_alone(std::uint64_t hash);
  bool may_contain(std::uint64_t hash) const;

 private:
  using Word = std::atomic<std::uint64_t>;
  static constexpr std::size_t kGenerationsMax = 12;
  static constexpr std::uint32_t kLineWords = 8;
  static constexpr std::uint64_t kLineKeys = 32;
  static constexpr std::uint64_t kCountEvery = 16;

  /// The bits of a key: two words of a line, with a mask for each.
  struct Bits {
    explicit Bits(std::uint64_t hash);
    std::uint32_t word_a, word_b;
    std::uint64_t mask_a, mask_b;
    bool in(const Word* line) const;
  };

  template <typename Set>
  void add_with(std::uint64_t hash, Set&& set);
  static std::uint64_t lines_of(std::size_t generation);
  static Word* line_of(Word* words, std::size_t generation, std::uint64_t hash);
  void grow(std::size_t generations_seen);

  Arena& arena_;
  std::atomic<std::size_t> generations_{0};
  std::array<std::atomic<Word*>, kGenerationsMax> words_{};
  std::atomic<std::uint64_t> added_{0};  // keys in the newest generation, about
  std::mutex growth_;
};

}  // namespace nacre
