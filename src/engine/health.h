// health.h - the first lasting failure, remembered.
//
// THREADS    any. ok() is one relaxed load.
// INVARIANT  (H1) after a failed write or sync of the wal, or a failed manifest, no write is
//            acknowledged until resume() has put everything in memory into new files.
#pragma once

#include <atomic>

#include "base/guarded.h"
#include "nacre/status.h"

namespace nacre::engine {

class Health {
 public:
  bool ok() const { return !failed_.load(std::memory_order_acquire); }

  /// What a write is told: ok, or kReadOnly with the cause.
  Status write_status() {
    if (ok()) return {};
    auto cause = cause_.lock();
    if (cause->ok()) return {};
    return Status(Code::kReadOnly, "the store is read-only since: " + cause->to_string() +
                                       "; call resume() or reopen it");
  }
  Status cause() { return *cause_.lock(); }
  /// Keeps the first failure. True when this was it.
  bool fail(const Status& status) {
    auto cause = cause_.lock();
    if (!cause->ok()) return false;
    *cause = status;
    failed_.store(true, std::memory_order_release);
    return true;
  }
  void clear() {
    auto cause = cause_.lock();
    *cause = Status();
    failed_.store(false, std::memory_order_release);
  }

 private:
  std::atomic<bool> failed_{false};
  Guarded<Status> cause_;
};

}  // namespace nacre::engine
