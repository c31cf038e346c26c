// view.h - what a read looks at: memtables and a version, frozen together.
//
// A view never changes; every change of the store's shape swaps in another. A read takes the view
// first and the visible seq after it (R1): a memtable switch in between then only ends the view at
// the old memtable's last seq, which is still a prefix of the writes.
//
// THREADS    any. Short reads use get() inside an EpochGuard; long ones hold a pin().
// OWNS       counted references to its memtables and its version.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "base/epoch.h"
#include "base/ids.h"
#include "lsm/version.h"
#include "mem/memtable.h"

namespace nacre::engine {

/// A memtable with what the engine must know to flush it and to let its wal go.
struct LiveMemtable {
  /// `full_bytes` is where it will be frozen; it then holds a quarter more at the most.
  LiveMemtable(std::uint64_t full_bytes, MemoryBudget& budget, PagePool& pages,
               std::string_view prefix_hint)
      : table(budget, pages, prefix_hint,
              std::clamp<std::size_t>(full_bytes / 4, Arena::kChunkBytesMin, kPageBytes)) {}

  Memtable table;
  /// The first wal segment that holds writes of this memtable; older ones are not needed for it.
  FileNumber first_segment{};
  /// Set when it is frozen: no write of it has a larger seq.
  Seq last_seq = 0;
};
using MemtablePtr = std::shared_ptr<LiveMemtable>;

struct View : std::enable_shared_from_this<View> {
  MemtablePtr active;
  std::vector<MemtablePtr> frozen;  // newest first
  VersionPtr version;
};
using ViewPtr = std::shared_ptr<const View>;

class CurrentView {
 public:
  CurrentView() = default;
  CurrentView(const CurrentView&) = delete;
  CurrentView& operator=(const CurrentView&) = delete;
  ~CurrentView() { clear(); }

  /// Only inside an EpochGuard, and only while it lives.
  const View* get() const { return current_.load(std::memory_order_acquire); }
  ViewPtr pin() const {
    EpochGuard guard;
    return get()->shared_from_this();
  }

  /// Whether `view` is the current one. Only its address is looked at.
  bool is_current(const View* view) const {
    return current_.load(std::memory_order_acquire) == view;
  }

  /// Lets the current view go; none must be asked for afterwards.
  void clear() {
    ViewPtr old;
    {
      const std::lock_guard lock(mutex_);
      current_.store(nullptr, std::memory_order_release);
      old = std::move(owner_);
    }
    retire(std::move(old));
  }

  /// Makes the next view from a copy of the current one.
  template <typename Change>
  void update(Change&& change) {
    ViewPtr old;
    {
      const std::lock_guard lock(mutex_);
      auto next = owner_ == nullptr ? std::make_shared<View>() : std::make_shared<View>(*owner_);
      change(*next);
      old = std::exchange(owner_, std::move(next));
      current_.store(owner_.get(), std::memory_order_release);
    }
    retire(std::move(old));
  }

 private:
  static void retire(ViewPtr view) {
    if (view == nullptr) return;
    epoch_retire(new ViewPtr(std::move(view)),
                 [](void* object) { delete static_cast<ViewPtr*>(object); });
  }

  std::atomic<const View*> current_{nullptr};
  std::mutex mutex_;
  ViewPtr owner_;  // guarded by mutex_
};

}  // namespace nacre::engine
