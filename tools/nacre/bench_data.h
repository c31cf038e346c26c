// bench_data.h - the keys and values of `nacre bench`: the same for the same seed, on any machine.
//
// THREADS  const methods from any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nacre::tool {

/// 0 .. n - 1 in a random-looking order in which each comes once: a Feistel network over the next
/// even number of bits, walked until the result is below n. Needs no memory, so any n will do.
class Permutation {
 public:
  Permutation(std::uint64_t n, std::uint64_t seed);
  std::uint64_t operator()(std::uint64_t i) const;

 private:
  std::uint64_t once(std::uint64_t i) const;
  std::uint64_t n_;
  std::uint64_t seed_;
  int half_bits_;
};

/// Keys of a fixed length: decimal numbers with leading zeros. Numbers of entries are even, so that
/// an absent key can lie between any two.
class KeyMaker {
 public:
  explicit KeyMaker(std::uint32_t key_bytes) : bytes_(key_bytes) {}
  /// The shortest length that holds the keys of `entries` entries.
  static std::uint32_t bytes_needed(std::uint64_t entries);

  void present(std::uint64_t entry, std::string& key) const { make(entry * 2, key); }
  void absent(std::uint64_t entry, std::string& key) const { make(entry * 2 + 1, key); }

 private:
  void make(std::uint64_t number, std::string& key) const;
  std::uint32_t bytes_;
};

/// Values that halve under LZ4: pieces of up to 100 bytes, the first half random, the second half
/// the first once more.
class ValuePool {
 public:
  ValuePool(std::uint32_t value_bytes, std::uint64_t seed);
  /// One of them; the same for the same `pick`.
  std::string_view value(std::uint64_t pick) const {
    return std::string_view(pool_).substr(pick % starts_ * piece_, value_bytes_);
  }

 private:
  std::size_t value_bytes_;
  std::size_t piece_;
  std::size_t starts_;
  std::string pool_;
};

}  // namespace nacre::tool
