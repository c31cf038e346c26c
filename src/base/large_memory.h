// large_memory.h - buffers that come from the system and go back to it.
//
// What malloc gets back of a large buffer it may keep, in the middle of a heap that small pieces
// hold open: memory that no budget knows of. It grew to a tenth of the budget when merges made
// and freed their buffers between the indexes of tables. A piece of kLargeBytes or more is a
// mapping of its own instead; smaller ones come from the heap as usual.
//
// THREADS    any.
// COST       a large piece costs two system calls, and its pages are faulted in.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nacre {

inline constexpr std::size_t kLargeBytes = 128 << 10;

/// Undefined content, aligned to a cache line. Aborts when the system has no memory.
void* allocate_large(std::size_t bytes);
/// `bytes` as they were asked for.
void free_large(void* memory, std::size_t bytes);

/// For containers of the standard library.
template <typename T>
struct LargeAllocator {
  using value_type = T;
  LargeAllocator() = default;
  template <typename U>
  LargeAllocator(const LargeAllocator<U>& /*other*/) {}

  T* allocate(std::size_t count) { return static_cast<T*>(allocate_large(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) { free_large(memory, count * sizeof(T)); }
  bool operator==(const LargeAllocator& /*other*/) const { return true; }
};
template <typename T>
using LargeVector = std::vector<T, LargeAllocator<T>>;
using LargeString = std::basic_string<char, std::char_traits<char>, LargeAllocator<char>>;

/// Bytes with undefined content.
class LargeBuffer {
 public:
  LargeBuffer() = default;
  explicit LargeBuffer(std::size_t bytes)
      : data_(static_cast<char*>(allocate_large(bytes)), Free{bytes}) {}

  char* data() const { return data_.get(); }
  std::size_t size() const { return data_ == nullptr ? 0 : data_.get_deleter().bytes; }

 private:
  struct Free {
    std::size_t bytes;
    void operator()(char* memory) const { free_large(memory, bytes); }
  };
  std::unique_ptr<char[], Free> data_{nullptr, Free{0}};
};

}  // namespace nacre
