#include "base/arena.h"

#include <algorithm>
#include <new>

#include "base/check.h"
#include "base/large_memory.h"
#include "base/poison.h"

namespace nacre {

namespace {
constexpr std::size_t kLineBytes = 64;
// A piece larger than 1/kOwnChunkShare of the next chunk gets a chunk of its own, which bounds what
// the end of a chunk can waste.
constexpr std::size_t kOwnChunkShare = 4;
}  // namespace

Arena::~Arena() {
  budget_.release(use_, bytes());  // before its pages go: the pool keeps them where there is room
  auto state = state_.lock();
  for (Chunk* chunk = state->all; chunk != nullptr;) {
    Chunk* const older = chunk->older;
    const bool is_page = chunk->is_page;
    const std::size_t capacity = chunk->capacity;
    unpoison(chunk->data(), capacity);
    chunk->~Chunk();
    if (is_page) {
      pages_.give_back(reinterpret_cast<char*>(chunk));
    } else {
      free_large(chunk, sizeof(Chunk) + capacity);
    }
    chunk = older;
  }
}

char* Arena::allocate_lines(std::size_t bytes) {
  // Chunks begin on a line and marks move by multiples of 8: at most kLineBytes - 8 are skipped.
  char* const piece = cut(((bytes + 7) & ~std::size_t{7}) + kLineBytes - 8);
  const auto address = reinterpret_cast<std::uintptr_t>(piece);
  return piece + ((kLineBytes - address % kLineBytes) % kLineBytes);
}

char* Arena::cut(std::size_t bytes) {
  Chunk* const chunk = current_.load(std::memory_order_acquire);
  char* const piece = chunk == nullptr ? nullptr : try_cut(chunk, bytes);
  return piece != nullptr ? piece : cut_slowly(bytes);
}

char* Arena::try_cut(Chunk* chunk, std::size_t bytes) {
  // Looking first keeps the mark where it is when the piece does not fit, so that smaller pieces
  // can still use the rest.
  const std::size_t used = chunk->used.load(std::memory_order_relaxed);
  if (used > chunk->capacity || bytes > chunk->capacity - used) return nullptr;
  const std::size_t at = chunk->used.fetch_add(bytes, std::memory_order_relaxed);
  if (at > chunk->capacity || bytes > chunk->capacity - at) return nullptr;
  char* const piece = chunk->data() + at;
  unpoison(piece, bytes);
  return piece;
}

char* Arena::cut_slowly(std::size_t bytes) {
  char* piece = nullptr;
  std::size_t taken = 0;
  {
    auto state = state_.lock();
    // Another thread may have brought a new chunk while this one waited.
    if (Chunk* const chunk = current_.load(std::memory_order_relaxed); chunk != nullptr) {
      if (piece = try_cut(chunk, bytes); piece != nullptr) return piece;
    }
    if (bytes > (state->next_bytes - sizeof(Chunk)) / kOwnChunkShare) {
      Chunk* const chunk = take_chunk(*state, sizeof(Chunk) + bytes);
      taken = sizeof(Chunk) + bytes;
      piece = try_cut(chunk, bytes);
    } else {
      taken = state->next_bytes;
      Chunk* const chunk = take_chunk(*state, taken);
      state->next_bytes = std::min(state->next_bytes * 2, chunk_max_);
      piece = try_cut(chunk, bytes);
      current_.store(chunk, std::memory_order_release);
    }
  }
  bytes_.fetch_add(taken, std::memory_order_relaxed);
  budget_.charge(use_, taken);  // outside the lock: the relief hook may take a while
  return piece;
}

Arena::Chunk* Arena::take_chunk(State& state, std::size_t chunk_bytes) {
  const bool is_page = chunk_bytes == kPageBytes;
  void* const memory = is_page ? pages_.take() : allocate_large(chunk_bytes);
  auto* const chunk = new (memory) Chunk;
  chunk->capacity = chunk_bytes - sizeof(Chunk);
  chunk->is_page = is_page;
  chunk->older = state.all;
  state.all = chunk;
  poison(chunk->data(), chunk->capacity);
  return chunk;
}

}  // namespace nacre
