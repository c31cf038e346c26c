#include "table/filter.h"

#include <algorithm>
#include <new>

#include "base/byte_reader.h"
#include "base/check.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nacre {
namespace {

constexpr std::uint64_t kSpread = 0x9E3779B97F4A7C15ULL;
constexpr std::uint8_t kKindBlockedBloom = 1;
constexpr int kWords = 8;
constexpr std::align_val_t kAlignment{kFilterLineBytes};

/// The bit of word `i`: six bits of the spread hash, of which every bit depends on all of the hash
/// below it, so that they don't repeat what chose the line.
constexpr std::uint64_t bit_of(std::uint64_t spread, int i) {
  return std::uint64_t{1} << ((spread >> (16 + 6 * i)) & 63);
}

bool probe_portable(const char* line, std::uint64_t hash) {
  const std::uint64_t spread = hash * kSpread;
  std::uint64_t missing = 0;
  for (int i = 0; i < kWords; ++i) {
    missing |= ~load<std::uint64_t>(line + 8 * i) & bit_of(spread, i);
  }
  return missing == 0;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) bool probe_avx2(const char* line, std::uint64_t hash) {
  const __m256i spread = _mm256_set1_epi64x(static_cast<long long>(hash * kSpread));
  const __m256i one = _mm256_set1_epi64x(1);
  const __m256i mask = _mm256_set1_epi64x(63);
  const __m256i low = _mm256_sllv_epi64(
      one, _mm256_and_si256(_mm256_srlv_epi64(spread, _mm256_setr_epi64x(16, 22, 28, 34)), mask));
  const __m256i high = _mm256_sllv_epi64(
      one, _mm256_and_si256(_mm256_srlv_epi64(spread, _mm256_setr_epi64x(40, 46, 52, 58)), mask));
  const auto* words = reinterpret_cast<const __m256i*>(line);
  // testc: no bit of the second that the first lacks.
  return (_mm256_testc_si256(_mm256_load_si256(words), low) &
          _mm256_testc_si256(_mm256_load_si256(words + 1), high)) != 0;
}

__attribute__((target("avx512f"))) bool probe_avx512(const char* line, std::uint64_t hash) {
  // The forms with a mask of all lanes: g++ 12 warns of the others, which begin with an undefined
  // register.
  constexpr __mmask8 kAll = 0xFF;
  const __m512i spread = _mm512_set1_epi64(static_cast<long long>(hash * kSpread));
  const __m512i places = _mm512_setr_epi64(16, 22, 28, 34, 40, 46, 52, 58);
  const __m512i shifts =
      _mm512_and_si512(_mm512_maskz_srlv_epi64(kAll, spread, places), _mm512_set1_epi64(63));
  const __m512i bits = _mm512_maskz_sllv_epi64(kAll, _mm512_set1_epi64(1), shifts);
  return _mm512_test_epi64_mask(_mm512_load_si512(line), bits) == kAll;
}

#endif

}  // namespace

std::uint64_t FilterBuilder::bytes() const {
  if (bits_per_key_ == 0 || hashes_.empty()) return 0;
  const std::uint64_t bits = keys() * bits_per_key_;
  return (bits + 511) / 512 * kFilterLineBytes + kFilterTailBytes;
}

void FilterBuilder::finish(LargeString& out) const {
  const std::uint64_t size = bytes();
  NACRE_CHECK(size > 0);
  const std::uint64_t lines = size / kFilterLineBytes;
  const std::size_t start = out.size();
  out.resize(start + lines * kFilterLineBytes);
  for (const std::uint64_t hash : hashes_) {
    __extension__ using Wide = unsigned __int128;
    const auto at = static_cast<std::uint64_t>((Wide{hash} * lines) >> 64);
    char* line = out.data() + start + at * kFilterLineBytes;
    const std::uint64_t spread = hash * kSpread;
    for (int i = 0; i < kWords; ++i) {
      store(line + 8 * i, load<std::uint64_t>(line + 8 * i) | bit_of(spread, i));
    }
  }
  put_fixed(out, keys());
  put_fixed(out, kKindBlockedBloom);
}

Filter Filter::allocate(std::uint64_t bytes) {
  Filter filter;
  filter.lines_ = LargeBuffer(bytes);
  return filter;
}

Status Filter::accept(VectorPath path) {
  if (lines_.size() < kFilterLineBytes + kFilterTailBytes ||
      lines_.size() % kFilterLineBytes != kFilterTailBytes) {
    return Status::corruption("filter is not a whole number of lines");
  }
  ByteReader tail(
      std::string_view(lines_.data() + lines_.size() - kFilterTailBytes, kFilterTailBytes));
  keys_ = tail.fixed<std::uint64_t>();
  if (tail.fixed<std::uint8_t>() != kKindBlockedBloom) {
    return Status::unsupported("filter of a kind that this Nacre does not know");
  }
  probe_ = probe_portable;
#if defined(__x86_64__)
  if (path == VectorPath::kAvx2) probe_ = probe_avx2;
  if (path == VectorPath::kAvx512) probe_ = probe_avx512;
#else
  (void)path;
#endif
  line_count_ = lines_.size() / kFilterLineBytes;
  return {};
}

}  // namespace nacre
