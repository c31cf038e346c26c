#include "mem/head_search.h"

#include <algorithm>
#include <array>
#include <bit>

// ThreadSanitizer can't see through vector loads that race with atomic stores by design.
#if defined(__SANITIZE_THREAD__)
#define NACRE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NACRE_TSAN 1
#endif
#endif

#if defined(__x86_64__) && !defined(NACRE_TSAN)
#define NACRE_VECTOR_HEADS 1
#include <immintrin.h>
#endif

namespace nacre {

namespace {

using Heads = const std::atomic<std::uint64_t>*;

std::uint32_t equal_portable(Heads heads, std::uint32_t live, std::uint64_t target) {
  std::uint32_t lanes = 0;
  for (std::uint32_t rest = live; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (heads[lane].load(std::memory_order_acquire) == target) lanes |= 1U << lane;
  }
  return lanes;
}

HeadFloor floor_portable(Heads heads, std::uint32_t live, std::uint64_t target) {
  HeadFloor floor;
  std::uint64_t best = 0;
  for (std::uint32_t rest = live; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const std::uint64_t head = heads[lane].load(std::memory_order_acquire);
    if (head > target || (floor.lanes != 0 && head < best)) continue;
    if (head > best) floor.lanes = 0;
    best = head;
    floor.lanes |= 1U << lane;
  }
  floor.exact = floor.lanes != 0 && best == target;
  return floor;
}

constexpr HeadKernels kPortable{"portable", equal_portable, floor_portable};

#ifdef NACRE_VECTOR_HEADS

// The processor keeps these loads in order; the signal fences keep the compiler from moving them
// past the atomic loads around a kernel.

[[gnu::target("avx512f,avx512bw,avx512vl,avx512dq")]] std::uint32_t equal_avx512(
    Heads heads, std::uint32_t live, std::uint64_t target) {
  const __m512i wanted = _mm512_set1_epi64(static_cast<long long>(target));
  std::uint32_t lanes = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t found = _mm512_cmpeq_epu64_mask(_mm512_loadu_si512(heads + 8 * i), wanted);
    lanes |= found << (8 * i);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return lanes & live;
}

[[gnu::target("avx512f,avx512bw,avx512vl,avx512dq")]] HeadFloor floor_avx512(Heads heads,
                                                                             std::uint32_t live,
                                                                             std::uint64_t target) {
  const __m512i limit = _mm512_set1_epi64(static_cast<long long>(target));
  __m512i vectors[4];
  std::uint32_t fits = 0;
  __m512i greatest = _mm512_setzero_si512();
  for (int i = 0; i < 4; ++i) {
    vectors[i] = _mm512_loadu_si512(heads + 8 * i);
    const auto low =
        static_cast<__mmask8>(_mm512_cmple_epu64_mask(vectors[i], limit) & (live >> (8 * i)));
    fits |= std::uint32_t{low} << (8 * i);
    greatest = _mm512_mask_max_epu64(greatest, low, greatest, vectors[i]);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const __m256i of_four = _mm256_max_epu64(_mm512_maskz_extracti64x4_epi64(0xF, greatest, 0),
                                           _mm512_maskz_extracti64x4_epi64(0xF, greatest, 1));
  const __m128i of_two =
      _mm_max_epu64(_mm256_castsi256_si128(of_four), _mm256_extracti128_si256(of_four, 1));
  const __m128i of_one = _mm_max_epu64(of_two, _mm_unpackhi_epi64(of_two, of_two));
  const auto best = static_cast<std::uint64_t>(_mm_cvtsi128_si64(of_one));
  const __m512i wanted = _mm512_set1_epi64(static_cast<long long>(best));
  std::uint32_t lanes = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t found = _mm512_cmpeq_epu64_mask(vectors[i], wanted);
    lanes |= found << (8 * i);
  }
  lanes &= fits;
  return HeadFloor{lanes, lanes != 0 && best == target};
}

[[gnu::target("avx2")]] std::uint32_t equal_avx2(Heads heads, std::uint32_t live,
                                                 std::uint64_t target) {
  const __m256i wanted = _mm256_set1_epi64x(static_cast<long long>(target));
  std::uint32_t lanes = 0;
  for (int i = 0; i < 8; ++i) {
    const __m256i vector = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(heads + 4 * i));
    const int found = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(vector, wanted)));
    lanes |= static_cast<std::uint32_t>(found) << (4 * i);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return lanes & live;
}

// AVX2 compares signed numbers only: flipping the top bit of both sides makes their order that of
// unsigned ones.
[[gnu::target("avx2")]] HeadFloor floor_avx2(Heads heads, std::uint32_t live,
                                             std::uint64_t target) {
  const __m256i bias = _mm256_set1_epi64x(static_cast<long long>(std::uint64_t{1} << 63));
  const __m256i limit = _mm256_xor_si256(_mm256_set1_epi64x(static_cast<long long>(target)), bias);
  const __m256i lane_bits = _mm256_setr_epi64x(1, 2, 4, 8);
  __m256i vectors[8];
  __m256i greatest = bias;  // zero, flipped
  std::uint32_t fits = 0;
  for (int i = 0; i < 8; ++i) {
    const __m256i vector =
        _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(heads + 4 * i)), bias);
    const __m256i live_here = _mm256_cmpeq_epi64(
        _mm256_and_si256(_mm256_set1_epi64x(static_cast<long long>(live >> (4 * i))), lane_bits),
        lane_bits);
    const __m256i low = _mm256_andnot_si256(_mm256_cmpgt_epi64(vector, limit), live_here);
    fits |= static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(low))) << (4 * i);
    const __m256i better = _mm256_and_si256(low, _mm256_cmpgt_epi64(vector, greatest));
    greatest = _mm256_blendv_epi8(greatest, vector, better);
    vectors[i] = vector;
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::array<std::uint64_t, 4> parts;
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(parts.data()), _mm256_xor_si256(greatest, bias));
  const std::uint64_t best = std::max(std::max(parts[0], parts[1]), std::max(parts[2], parts[3]));
  const __m256i wanted = _mm256_xor_si256(_mm256_set1_epi64x(static_cast<long long>(best)), bias);
  std::uint32_t lanes = 0;
  for (int i = 0; i < 8; ++i) {
    const int found =
        _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(vectors[i], wanted)));
    lanes |= static_cast<std::uint32_t>(found) << (4 * i);
  }
  lanes &= fits;
  return HeadFloor{lanes, lanes != 0 && best == target};
}

struct Supported {
  std::array<HeadKernels, 3> kernels;
  std::size_t count = 0;

  Supported() {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
      kernels[count++] = HeadKernels{"avx512", equal_avx512, floor_avx512};
    }
    if (__builtin_cpu_supports("avx2")) {
      kernels[count++] = HeadKernels{"avx2", equal_avx2, floor_avx2};
    }
    kernels[count++] = kPortable;
  }
};

#endif

}  // namespace

std::span<const HeadKernels> head_kernels() {
#ifdef NACRE_VECTOR_HEADS
  static const Supported supported;
  return std::span(supported.kernels).first(supported.count);
#else
  return std::span(&kPortable, 1);
#endif
}

}  // namespace nacre
