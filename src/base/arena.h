// arena.h - memory that is handed out piece by piece and freed all at once.
//
// Pieces are cut from chunks by moving one atomic mark. The first chunks are small (an idle
// memtable holds 4 KiB); those of 2 MiB are pages of a PagePool, because random access over 4 KiB
// pages spends more time on address translation than on data. A piece that would leave much of a
// chunk unused gets a chunk of its own.
//
// THREADS    allocate from any number at once; one atomic add, or a lock when a chunk is full.
// LIFETIME   pieces live as long as the arena. Nothing in them is destroyed. Budget and pool must
//            outlive it.
// MEMORY     whole chunks are charged to the budget as they are taken, and released at the end.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/guarded.h"
#include "base/memory_budget.h"
#include "base/page_pool.h"

namespace nacre {

class Arena {
 public:
  /// Chunks grow up to `chunk_max`, from kChunkBytesMin to kPageBytes: what it holds beyond what
  /// was asked for is at most about that.
  Arena(MemoryBudget& budget, PagePool& pages, MemoryUse use, std::size_t chunk_max = kPageBytes)
      : budget_(budget), pages_(pages), use_(use), chunk_max_(chunk_max) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  /// Uninitialised bytes, aligned to 8. Aborts when the system has no memory.
  char* allocate(std::size_t bytes) { return cut((bytes + 7) & ~std::size_t{7}); }
  /// The same, aligned to a cache line.
  char* allocate_lines(std::size_t bytes);

  /// Bytes of all chunks, used or not.
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  static constexpr std::size_t kChunkBytesMin = 4 << 10;

 private:
  // The head of a chunk; the bytes to hand out follow it.
  struct alignas(64) Chunk {
    std::atomic<std::size_t> used{0};
    std::size_t capacity = 0;  // bytes behind this header
    Chunk* older = nullptr;    // every chunk is on one list, for the end
    bool is_page = false;      // from the pool
    char* data() { return reinterpret_cast<char*>(this + 1); }
  };
  struct State {
    Chunk* all = nullptr;
    std::size_t next_bytes = kChunkBytesMin;  // size of the next chunk
  };

  char* cut(std::size_t bytes);
  char* cut_slowly(std::size_t bytes);
  static char* try_cut(Chunk* chunk, std::size_t bytes);
  /// Takes a chunk of `chunk_bytes`, header included, and puts it on the list.
  Chunk* take_chunk(State& state, std::size_t chunk_bytes);

  MemoryBudget& budget_;
  PagePool& pages_;
  const MemoryUse use_;
  const std::size_t chunk_max_;
  std::atomic<Chunk*> current_{nullptr};
  std::atomic<std::uint64_t> bytes_{0};
  Guarded<State> state_;
};

}  // namespace nacre
