#include "base/page_pool.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#include "base/check.h"
#include "base/poison.h"

namespace nacre {

namespace {

#ifdef NACRE_ASAN

// From malloc, so that the sanitizer knows whose memory it is and reports what is not given back.
char* map_page() { return static_cast<char*>(std::aligned_alloc(kPageBytes, kPageBytes)); }
void unmap_page(char* page) { std::free(page); }

#else

void unmap_page(char* page) { NACRE_CHECK(::munmap(page, kPageBytes) == 0); }

char* map_page() {
  // Twice the size always holds one aligned page; what lies around it goes back at once.
  void* const mapped =
      ::mmap(nullptr, 2 * kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* const begin = static_cast<char*>(mapped);
  const std::size_t before =
      (kPageBytes - reinterpret_cast<std::uintptr_t>(begin) % kPageBytes) % kPageBytes;
  if (before > 0) NACRE_CHECK(::munmap(begin, before) == 0);
  char* const page = begin + before;
  NACRE_CHECK(::munmap(page + kPageBytes, kPageBytes - before) == 0);
#ifdef MADV_HUGEPAGE
  // A wish: without huge pages everything still works, only slower.
  static_cast<void>(::madvise(page, kPageBytes, MADV_HUGEPAGE));
#endif
  return page;
}

#endif

}  // namespace

PagePool::PagePool(MemoryBudget& budget)
    : budget_(&budget), free_pages_max_(budget.limit() / 4 / kPageBytes) {
  budget.set_spare_relief([this](std::uint64_t excess) { give_to_system(excess); });
}

PagePool::~PagePool() {
  give_to_system(~std::uint64_t{0});
  if (budget_ != nullptr) budget_->set_spare_relief(nullptr);
}

char* PagePool::take() {
  {
    auto free = free_.lock();
    if (!free->empty()) {
      char* const page = free->back();
      free->pop_back();
      budget_->take_spare(kPageBytes);
      unpoison(page, kPageBytes);
      return page;
    }
  }
  char* const page = map_page();
  NACRE_CHECK(page != nullptr);
  return page;
}

bool PagePool::keep(char* page) {
  if (free_pages_max_ == 0) return false;
  auto free = free_.lock();
  const bool room = budget_->used() + budget_->spare() + kPageBytes <= budget_->limit();
  if (!room || free->size() >= free_pages_max_) return false;
  poison(page, kPageBytes);
  free->push_back(page);
  budget_->add_spare(kPageBytes);
  return true;
}

void PagePool::give_back(char* page) {
  if (!keep(page)) unmap_page(page);
}

void PagePool::give_to_system(std::uint64_t bytes) {
  std::vector<char*> pages;
  {
    auto free = free_.lock();
    for (std::uint64_t given = 0; given < bytes && !free->empty(); given += kPageBytes) {
      pages.push_back(free->back());
      free->pop_back();
      budget_->take_spare(kPageBytes);
    }
  }
  for (char* const page : pages) {
    unpoison(page, kPageBytes);
    unmap_page(page);
  }
}

}  // namespace nacre
