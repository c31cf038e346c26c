#include "table/block_search.h"

#include <atomic>
#include <bit>

#include "base/coding.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nacre {
namespace {

std::uint32_t head_at(const char* heads, std::uint64_t i) {
  return load<std::uint32_t>(heads + 4 * i);
}

/// Halves [base, base + count) until at most `window` heads remain that the answer depends on, and
/// returns the new base. The compiler makes the choice a conditional move: no branch to mispredict.
std::uint64_t narrow(const char* heads, std::uint32_t& count, std::uint32_t head,
                     std::uint32_t window) {
  std::uint64_t base = 0;
  while (count > window) {
    const std::uint32_t half = count / 2;
    base += head_at(heads, base + half - 1) < head ? half : 0;
    count -= half;
  }
  return base;
}

std::uint32_t search_portable(const char* heads, std::uint32_t count, std::uint32_t head) {
  if (count == 0) return 0;
  const std::uint64_t base = narrow(heads, count, head, 1);
  return static_cast<std::uint32_t>(base) + (head_at(heads, base) < head ? 1 : 0);
}

#if defined(__x86_64__)

constexpr std::uint32_t kWindow = 64;  // heads that are compared and counted without a branch

__attribute__((target("avx2,popcnt"))) std::uint32_t search_avx2(const char* heads,
                                                                 std::uint32_t count,
                                                                 std::uint32_t head) {
  std::uint64_t below = narrow(heads, count, head, kWindow);
  const char* at = heads + 4 * below;
  // AVX2 compares signed: flipping the top bit of both sides makes it an unsigned compare.
  const __m256i flip = _mm256_set1_epi32(static_cast<int>(0x80000000U));
  const __m256i target = _mm256_xor_si256(_mm256_set1_epi32(static_cast<int>(head)), flip);
  for (; count >= 8; count -= 8, at += 32) {
    const __m256i lane = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i less = _mm256_cmpgt_epi32(target, _mm256_xor_si256(lane, flip));
    const int mask = _mm256_movemask_ps(_mm256_castsi256_ps(less));
    below += static_cast<unsigned>(std::popcount(static_cast<unsigned>(mask)));
  }
  if (count != 0) {
    const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i rest = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), numbers);
    const __m256i lane = _mm256_maskload_epi32(reinterpret_cast<const int*>(at), rest);
    const __m256i less = _mm256_cmpgt_epi32(target, _mm256_xor_si256(lane, flip));
    const int mask = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_and_si256(less, rest)));
    below += static_cast<unsigned>(std::popcount(static_cast<unsigned>(mask)));
  }
  return static_cast<std::uint32_t>(below);
}

__attribute__((target("avx512f,avx512bw,popcnt"))) std::uint32_t search_avx512(const char* heads,
                                                                               std::uint32_t count,
                                                                               std::uint32_t head) {
  std::uint64_t below = narrow(heads, count, head, kWindow);
  const char* at = heads + 4 * below;
  const __m512i target = _mm512_set1_epi32(static_cast<int>(head));
  for (; count >= 16; count -= 16, at += 64) {
    const __mmask16 mask = _mm512_cmplt_epu32_mask(_mm512_loadu_si512(at), target);
    below += static_cast<unsigned>(std::popcount(static_cast<unsigned>(mask)));
  }
  if (count != 0) {
    const auto rest = static_cast<__mmask16>((1U << count) - 1);
    const __m512i lane = _mm512_maskz_loadu_epi32(rest, at);
    const __mmask16 mask = _mm512_mask_cmplt_epu32_mask(rest, lane, target);
    below += static_cast<unsigned>(std::popcount(static_cast<unsigned>(mask)));
  }
  return static_cast<std::uint32_t>(below);
}

#endif

std::uint32_t choose_and_search(const char* heads, std::uint32_t count, std::uint32_t head);

// Every thread that comes here first stores the same value: relaxed is enough, and the load is that
// of an ordinary pointer.
constinit std::atomic<HeadSearch> chosen{&choose_and_search};

std::uint32_t choose_and_search(const char* heads, std::uint32_t count, std::uint32_t head) {
  HeadSearch best = head_search(HeadSearchPath::kPortable);
  for (const HeadSearchPath path : {HeadSearchPath::kAvx2, HeadSearchPath::kAvx512}) {
    if (const HeadSearch search = head_search(path); search != nullptr) best = search;
  }
  chosen.store(best, std::memory_order_relaxed);
  return best(heads, count, head);
}

}  // namespace

HeadSearch head_search(HeadSearchPath path) {
  switch (path) {
    case HeadSearchPath::kPortable:
      return &search_portable;
#if defined(__x86_64__)
    case HeadSearchPath::kAvx2:
      return __builtin_cpu_supports("avx2") ? &search_avx2 : nullptr;
    case HeadSearchPath::kAvx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                 ? &search_avx512
                 : nullptr;
#endif
    default:
      return nullptr;
  }
}

std::uint32_t count_heads_below(const char* heads, std::uint32_t count, std::uint32_t head) {
  return chosen.load(std::memory_order_relaxed)(heads, count, head);
}

}  // namespace nacre
