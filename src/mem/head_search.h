// head_search.h - finding key heads in a node of the leaf list, many at a time.
//
// A node keeps its heads in no order, so a search is a comparison with every lane at once and not a
// binary search: no branch to mispredict, and an insert moves nothing. There is one set of kernels
// per instruction set; which one runs is chosen once, when the program starts.
//
// THREADS    writers may store heads while a kernel reads. The portable kernels read with acquire;
//            the vector kernels are for x86-64 alone, where every load is ordered like one and
//            aligned eight-byte lanes do not tear.
// INVARIANT  heads are compared as unsigned numbers.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

namespace nacre {

/// Lanes that a kernel may read behind `heads`, whatever `live` says.
inline constexpr int kHeadLanes = 32;

/// The lanes that hold the greatest head not above the target.
struct HeadFloor {
  std::uint32_t lanes = 0;  // none when every head is above the target
  bool exact = false;       // that head is the target itself
};

struct HeadKernels {
  const char* name;
  /// The lanes of `live` that hold `target`.
  std::uint32_t (*equal)(const std::atomic<std::uint64_t>* heads, std::uint32_t live,
                         std::uint64_t target);
  HeadFloor (*floor)(const std::atomic<std::uint64_t>* heads, std::uint32_t live,
                     std::uint64_t target);
};

/// What this machine can run, best first. The last one is portable.
std::span<const HeadKernels> head_kernels();

}  // namespace nacre
