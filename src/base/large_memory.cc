#include "base/large_memory.h"

#include <sys/mman.h>

#include <new>

#include "base/check.h"
#include "base/poison.h"

namespace nacre {

namespace {

constexpr std::align_val_t kLine{64};

/// All from malloc where a sanitizer looks on, so that it knows whose memory it is.
bool is_mapping(std::size_t bytes) {
#ifdef NACRE_ASAN
  static_cast<void>(bytes);
  return false;
#else
  return bytes >= kLargeBytes;
#endif
}

}  // namespace

void* allocate_large(std::size_t bytes) {
  if (!is_mapping(bytes)) return ::operator new(bytes, kLine);
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  NACRE_CHECK(memory != MAP_FAILED);
  return memory;
}

void free_large(void* memory, std::size_t bytes) {
  if (is_mapping(bytes)) {
    NACRE_CHECK(::munmap(memory, bytes) == 0);
  } else {
    ::operator delete(memory, kLine);
  }
}

}  // namespace nacre
