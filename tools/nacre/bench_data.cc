#include "bench_data.h"

#include <algorithm>
#include <bit>

#include "base/random.h"

namespace nacre::tool {

namespace {

constexpr std::size_t kBenchPieceBytes = 100;
constexpr std::size_t kPoolBytes = 1 << 20;

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

Permutation::Permutation(std::uint64_t n, std::uint64_t seed)
    : n_(n), seed_(seed), half_bits_(static_cast<int>(std::bit_width(n) + 1) / 2) {}

std::uint64_t Permutation::operator()(std::uint64_t i) const {
  do {
    i = once(i);
  } while (i >= n_);
  return i;
}

std::uint64_t Permutation::once(std::uint64_t i) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = i >> half_bits_;
  std::uint64_t right = i & mask;
  for (std::uint64_t round = 0; round < 4; ++round) {
    const std::uint64_t next = left ^ (mix(right + (seed_ ^ round << 56)) & mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

std::uint32_t KeyMaker::bytes_needed(std::uint64_t entries) {
  return static_cast<std::uint32_t>(std::to_string(entries * 2).size());
}

void KeyMaker::make(std::uint64_t number, std::string& key) const {
  key.assign(bytes_, '0');
  for (std::size_t i = bytes_; i > 0 && number > 0; number /= 10) {
    key[--i] = static_cast<char>('0' + number % 10);
  }
}

ValuePool::ValuePool(std::uint32_t value_bytes, std::uint64_t seed)
    : value_bytes_(value_bytes), piece_(std::clamp<std::size_t>(value_bytes, 1, kBenchPieceBytes)) {
  Random random(seed);
  const std::size_t bytes = kPoolBytes + value_bytes_;
  while (pool_.size() < bytes) {
    const std::size_t start = pool_.size();
    const std::size_t fresh = (piece_ + 1) / 2;
    for (std::size_t i = 0; i < fresh; ++i) pool_ += static_cast<char>(random.next() & 0xFF);
    for (std::size_t i = 0; i < piece_ - fresh; ++i) pool_ += pool_[start + i];
  }
  starts_ = kPoolBytes / piece_;
}

}  // namespace nacre::tool
