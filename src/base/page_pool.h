// page_pool.h - 2 MiB pages of memory, asked for as huge pages and kept for the next user.
//
// Memtable arenas and the block cache live on these pages: one TLB entry instead of 512, and a page
// that was touched once is not zeroed and faulted in again.
//
// THREADS    any.
// OWNS       the pages in its free list. Pages that are out belong to whoever took them; all must
//            be back before the pool goes.
// MEMORY     its users charge what they hold. Free pages are the spare memory of the budget: a
//            quarter of it at most, and only what nobody uses.
#pragma once

#include <cstdint>
#include <vector>

#include "base/guarded.h"
#include "base/memory_budget.h"

namespace nacre {

inline constexpr std::size_t kPageBytes = 2 << 20;

class PagePool {
 public:
  /// Without a budget a pool keeps nothing.
  PagePool() = default;
  /// The budget must outlive it.
  explicit PagePool(MemoryBudget& budget);
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;
  ~PagePool();

  /// A page of kPageBytes, aligned to its size, with undefined content. Aborts when the system has
  /// no memory.
  char* take();
  /// Takes back a page of this or any other pool: a page doesn't know where it came from.
  void give_back(char* page);

 private:
  bool keep(char* page);
  void give_to_system(std::uint64_t bytes);

  MemoryBudget* const budget_ = nullptr;
  const std::size_t free_pages_max_ = 0;
  Guarded<std::vector<char*>> free_;
};

}  // namespace nacre
