// snapshot.h - a moment of the store that can still be read later.
#pragma once

#include <cstdint>
#include <memory>

#include "nacre/export.h"

namespace nacre {

namespace engine {
class Engine;
}

/// Made by Db::snapshot(). While it lives, the entries that it sees are kept even when they are
/// overwritten, which costs disk space: let it go when done. May outlive its Db: it then only
/// keeps memory.
///
/// THREADS  reads at one snapshot may run in any number of threads; destroy it after them.
class NACRE_API Snapshot {
 public:
  Snapshot() = default;
  Snapshot(Snapshot&& other) noexcept;
  Snapshot& operator=(Snapshot&& other) noexcept;
  ~Snapshot();

  /// The number of the last write that it sees: grows with every write of the store.
  std::uint64_t seq() const { return seq_; }
  bool empty() const { return engine_ == nullptr; }

 private:
  friend class engine::Engine;
  Snapshot(std::shared_ptr<engine::Engine> engine, std::uint64_t seq);

  std::shared_ptr<engine::Engine> engine_;
  std::uint64_t seq_ = 0;
};

}  // namespace nacre
