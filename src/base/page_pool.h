// page_pool.h - 2 MiB pages of memory, asked for as huge pages and kept for the next user.
//
// Memtable arenas and the block cache live on these pages: one TLB entry instead of 512, and a page
// that was touched once is not zeroed and faulted in again.
//
// THREADS    any.
// OWNS       the pages in its free list. Pages that are out belong to whoever took them; all must
//            be back before the pool goes.
// MEMORY     charges nothing: its users charge what they hold; free pages are few (kFreePagesMax).
#pragma once

#include <cstdint>
#include <vector>

#include "base/guarded.h"

namespace nacre {

inline constexpr std::size_t kPageBytes = 2 << 20;

class PagePool {
 public:
  PagePool() = default;
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;
  ~PagePool();

  /// A page of kPageBytes, aligned to its size, with undefined content. Aborts when the system has
  /// no memory.
  char* take();
  /// Takes back a page of this or any other pool: a page doesn't know where it came from.
  void give_back(char* page);

 private:
  static constexpr std::size_t kFreePagesMax = 8;
  Guarded<std::vector<char*>> free_;
};

}  // namespace nacre
