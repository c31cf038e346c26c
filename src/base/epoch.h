// epoch.h - reads that take no lock and write no shared cache line, and memory freed only after
// every read that could still see it has ended.
//
// A reader holds an EpochGuard while it follows shared pointers. Whoever unlinks an object hands it
// to epoch_retire(); it is freed once all guards that were alive at that moment are gone. Guards
// nest, cost a plain store each way, and must never be held across I/O or while waiting: a reader
// that must wait takes a counted reference first and lets its guard go.
//
// THREADS    any number, coming and going. One domain for the whole process.
// FORK       the child goes on with its one thread; guards of other threads don't hold it up.
// SOURCE     K. Fraser, Practical lock-freedom (2004), section 5.2.3.
#pragma once

#include <cstddef>

namespace nacre {

class EpochGuard {
 public:
  EpochGuard();
  ~EpochGuard();
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;
};

/// Calls `destroy(object)` once no guard that is alive now remains; at once when there is none.
/// Runs what earlier calls left and is due. Never call it while holding a lock that `destroy`
/// takes. Safe while the calling thread itself holds a guard.
void epoch_retire(void* object, void (*destroy)(void*));

/// Destroys what is due, and returns how many retired objects still wait for a reader.
std::size_t epoch_collect();

/// Waits until everything retired before the call is destroyed. The calling thread holds no guard.
void epoch_drain();

/// True while the calling thread holds a guard: for checks that no I/O happens inside.
bool epoch_held();

}  // namespace nacre
