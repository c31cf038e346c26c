// filter.h - which keys a table surely does not hold, at one cache line a question.
//
// A blocked Bloom filter. A key belongs to one line of 512 bits, seen as eight words of 64; it sets
// one bit in each word. To ask is to load one line and to test eight bits, which is two or three
// vector instructions. A key that was added is always found; another is found by mistake about once
// in 90 times at 10 bits per key.
//
// The hash is hash64(key, salt of the store): nobody outside can choose keys that collide.
//
// FORMAT     lines, 64 bytes each | keys u64 | kind u8 = 1
//
//   line of a key   the upper half of hash * lines (128 bits)
//   bits of a key   m = hash * 0x9E3779B97F4A7C15; in word i: bit (m >> (16 + 6 i)) & 63
//   one key with hash 0x4000000000000000 and one line: m = 0x4000000000000000, so words 0 to 6 get
//   bit 0 and word 7 bit 16 (m >> 58 = 0x10):
//   01 00 00 00 00 00 00 00 (7 times)  00 00 01 00 00 00 00 00 | 01 00 00 00 00 00 00 00 | 01
//
// THREADS    a loaded Filter is immutable. A FilterBuilder belongs to one thread.
// SOURCE     F. Putze, P. Sanders, J. Singler, Cache-, hash- and space-efficient Bloom filters
// (2007).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/large_memory.h"
#include "nacre/result.h"
#include "table/vector_path.h"

namespace nacre {

inline constexpr std::size_t kFilterLineBytes = 64;
inline constexpr std::size_t kFilterTailBytes = 9;

class FilterBuilder {
 public:
  using Hashes = LargeVector<std::uint64_t>;

  /// 0 bits per key: no filter is wanted, nothing is kept. Of `memory` only the capacity counts.
  explicit FilterBuilder(std::uint32_t bits_per_key, Hashes memory = {})
      : bits_per_key_(bits_per_key), hashes_(std::move(memory)) {
    hashes_.clear();
  }

  void add(std::uint64_t hash) {
    if (bits_per_key_ == 0 || (!hashes_.empty() && hashes_.back() == hash)) return;
    hashes_.push_back(hash);
  }
  std::uint64_t keys() const { return hashes_.size(); }
  /// Of the section, if it were finished now; 0 when no filter is wanted.
  std::uint64_t bytes() const;
  /// What is kept until then.
  std::uint64_t memory_bytes() const { return keys() * sizeof(std::uint64_t); }
  /// Appends the section to `out`; only when bytes() > 0.
  void finish(LargeString& out) const;
  /// For the next one; nothing may follow.
  Hashes take_memory() { return std::move(hashes_); }

 private:
  const std::uint32_t bits_per_key_;
  Hashes hashes_;
};

class Filter {
 public:
  /// A filter that may contain everything.
  Filter() = default;
  Filter(Filter&&) = default;
  Filter& operator=(Filter&&) = default;

  /// Memory into which a section of `bytes` bytes is read; aligned to lines.
  static Filter allocate(std::uint64_t bytes);
  std::span<char> buffer() { return {lines_.data(), lines_.size()}; }
  /// Judges what was read into buffer(). Every bit pattern is a filter; only the sizes can be
  /// wrong.
  Status accept(VectorPath path = best_path());

  bool may_contain(std::uint64_t hash) const {
    return line_count_ == 0 || probe_(line(hash), hash);
  }
  /// Starts the load that may_contain() will wait for.
  void prefetch(std::uint64_t hash) const {
    if (line_count_ != 0) __builtin_prefetch(line(hash));
  }
  bool empty() const { return line_count_ == 0; }
  std::uint64_t keys() const { return keys_; }
  std::uint64_t memory_bytes() const { return lines_.size(); }

 private:
  using Probe = bool (*)(const char* line, std::uint64_t hash);

  const char* line(std::uint64_t hash) const {
    __extension__ using Wide = unsigned __int128;
    return lines_.data() +
           static_cast<std::uint64_t>((Wide{hash} * line_count_) >> 64) * kFilterLineBytes;
  }

  LargeBuffer lines_;  // and what follows them in the section
  std::uint64_t line_count_ = 0;
  Probe probe_ = nullptr;  // set whenever line_count_ > 0
  std::uint64_t keys_ = 0;
};

}  // namespace nacre
