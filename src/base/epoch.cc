// How it works. There is one clock, `epoch`, that only grows. A guard publishes the clock in its
// thread's record and clears the record at its end. A retired object is stamped with the clock of
// that moment and queued. To collect: advance the clock, make every reader's record visible, then
// look at all records. An object may go when its stamp is below every published value:
//
//   - a reader that published a larger value read the clock after it was advanced, therefore after
//     the object was unlinked: it can't find the object;
//   - a reader whose record was still clear at the look publishes, and so reads any pointer, after
//     the barrier of the collector: it can't find the object either.
//
// The second case needs a full barrier between the reader's store and its loads. Readers are many
// and collectors few, so the collector pays for both: membarrier(2) interrupts every running thread
// of the process. Where the kernel refuses it, readers execute a fence. ThreadSanitizer knows
// neither fences nor membarrier, so its build uses sequentially consistent stores.
#include "base/epoch.h"

#include <pthread.h>
#ifdef __linux__
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.h"

#if defined(__SANITIZE_THREAD__)
#define NACRE_EPOCH_SEQ_CST 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NACRE_EPOCH_SEQ_CST 1
#endif
#endif

namespace nacre {
namespace {

/// More retired objects than this wait: whoever adds one lets the readers run first.
constexpr std::size_t kWaitingMany = 1024;

/// One thread's announcement, alone on its pair of cache lines (the prefetcher fetches pairs).
/// Records are never freed: a thread gives its own back at exit for the next thread.
struct alignas(128) Record {
  std::atomic<std::uint64_t> published{0};  // 0: no guard
  std::uint32_t depth = 0;                  // guards that nest; the owner's alone
  bool one_guard_only = false;              // claimed after the thread's own cleanup; see claim()
  std::atomic<bool> claimed{false};
  Record* next = nullptr;  // set before the record is reachable
};

struct Retired {
  void* object;
  void (*destroy)(void*);
  std::uint64_t epoch;
  std::uint64_t ticket;  // counts retired objects
};

// What every guard reads. Written by collectors (the clock) or hardly ever (the rest).
alignas(128) constinit std::atomic<std::uint64_t> epoch_clock{1};
constinit std::atomic<bool> readers_fence{true};  // settled before the first guard
constinit std::atomic<Record*> all_records{nullptr};

struct Queue {
  std::mutex mutex;
  std::deque<Retired> waiting;  // oldest first
  std::uint64_t next_ticket = 1;
  std::vector<std::uint64_t> in_progress;  // the first ticket of each batch being destroyed
};

thread_local Record* own_record __attribute__((tls_model("initial-exec"))) = nullptr;
thread_local bool own_cleanup_done = false;
thread_local bool destroying = false;  // this thread runs destroy functions

bool register_membarrier() {
#if defined(__linux__) && !defined(NACRE_EPOCH_SEQ_CST)
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
  return false;
#endif
}

Queue& queue();

/// Fork takes the mutex along in a known state. Only the forking thread lives on in the child, so
/// the guards of all others are over there, and their half-run destructions never end.
void before_fork() { queue().mutex.lock(); }
void after_fork_in_parent() { queue().mutex.unlock(); }
void after_fork_in_child() {
  for (Record* record = all_records.load(); record != nullptr; record = record->next) {
    if (record == own_record) continue;
    record->published.store(0);
    record->depth = 0;
    record->claimed.store(false);
  }
  queue().in_progress.clear();
  queue().mutex.unlock();
}

/// Made at the first use and never destroyed: guards may be taken until the process ends.
Queue& queue() {
  static Queue* const made = [] {
    readers_fence.store(!register_membarrier());
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    return new Queue;
  }();
  return *made;
}

void give_back(Record* record) {
  own_record = nullptr;
  record->one_guard_only = false;
  record->claimed.store(false, std::memory_order_release);
}

struct GiveBackAtThreadExit {
  ~GiveBackAtThreadExit() {
    own_cleanup_done = true;
    if (own_record != nullptr) give_back(own_record);
  }
};

Record* find_or_make_record() {
  for (Record* record = all_records.load(std::memory_order_acquire); record != nullptr;
       record = record->next) {
    bool expected = false;
    if (!record->claimed.load(std::memory_order_relaxed) &&
        record->claimed.compare_exchange_strong(expected, true, std::memory_order_acquire)) {
      return record;
    }
  }
  auto* record = new Record;
  record->claimed.store(true, std::memory_order_relaxed);
  record->next = all_records.load(std::memory_order_relaxed);
  while (!all_records.compare_exchange_weak(record->next, record, std::memory_order_release,
                                            std::memory_order_relaxed)) {
  }
  return record;
}

/// The slow way into a guard: the first of this thread. A guard that another thread_local's
/// destructor takes after our own cleanup ran keeps its record for that guard only.
Record* claim() {
  queue();  // settles readers_fence
  thread_local GiveBackAtThreadExit at_exit;
  (void)at_exit;
  own_record = find_or_make_record();
  own_record->one_guard_only = own_cleanup_done;
  return own_record;
}

void publish(Record& record) {
  const std::uint64_t now = epoch_clock.load(std::memory_order_acquire);
#ifdef NACRE_EPOCH_SEQ_CST
  record.published.store(now, std::memory_order_seq_cst);
#else
  // Release, so that a collector that sees this value also sees the end of the guard before.
  record.published.store(now, std::memory_order_release);
  if (readers_fence.load(std::memory_order_relaxed)) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  } else {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
#endif
}

/// After this, what readers stored before it is visible here, and what readers load after it sees
/// everything unlinked before it.
void barrier_for_all() {
#ifndef NACRE_EPOCH_SEQ_CST
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (readers_fence.load(std::memory_order_relaxed)) return;
#ifdef __linux__
  NACRE_CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
#endif
#endif
}

/// Advances the clock (the caller holds the mutex) and returns the value below which objects may
/// go.
std::uint64_t advance() {
  std::uint64_t horizon = epoch_clock.load(std::memory_order_relaxed) + 1;
  epoch_clock.store(horizon, std::memory_order_seq_cst);
  barrier_for_all();
  for (Record* record = all_records.load(std::memory_order_seq_cst); record != nullptr;
       record = record->next) {
    const std::uint64_t published = record->published.load(std::memory_order_seq_cst);
    if (published != 0) horizon = std::min(horizon, published);
  }
  return horizon;
}

/// Moves what is due out of the queue. The caller holds the mutex.
std::vector<Retired> take_due(Queue& all) {
  std::vector<Retired> due;
  if (all.waiting.empty()) return due;
  const std::uint64_t horizon = advance();
  while (!all.waiting.empty() && all.waiting.front().epoch < horizon) {
    due.push_back(all.waiting.front());
    all.waiting.pop_front();
  }
  return due;
}

/// Destroys what is due, then what those destructions retired, until nothing more is due.
std::size_t collect() {
  Queue& all = queue();
  std::unique_lock<std::mutex> lock(all.mutex);
  // A destroy() that retires must not recurse: a long chain would use up the stack.
  if (destroying) return all.waiting.size();
  destroying = true;
  for (std::vector<Retired> due = take_due(all); !due.empty(); due = take_due(all)) {
    const std::uint64_t first = due.front().ticket;
    all.in_progress.push_back(first);
    lock.unlock();
    for (const Retired& retired : due) retired.destroy(retired.object);
    lock.lock();
    std::erase(all.in_progress, first);
  }
  destroying = false;
  return all.waiting.size();
}

bool destroyed_below(std::uint64_t ticket) {
  Queue& all = queue();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (!all.waiting.empty() && all.waiting.front().ticket < ticket) return false;
  return std::none_of(all.in_progress.begin(), all.in_progress.end(),
                      [&](std::uint64_t first) { return first < ticket; });
}

}  // namespace

EpochGuard::EpochGuard() {
  Record* record = own_record;
  if (record == nullptr) [[unlikely]]
    record = claim();
  if (record->depth++ == 0) publish(*record);
}

EpochGuard::~EpochGuard() {
  Record* record = own_record;
  if (--record->depth != 0) return;
  record->published.store(0, std::memory_order_release);
  if (record->one_guard_only) [[unlikely]]
    give_back(record);
}

void epoch_retire(void* object, void (*destroy)(void*)) {
  Queue& all = queue();
  {
    const std::lock_guard<std::mutex> lock(all.mutex);
    all.waiting.push_back(
        {object, destroy, epoch_clock.load(std::memory_order_relaxed), all.next_ticket++});
  }
  // A reader that lost its processor in the middle of a read holds everything up: let it go on.
  if (collect() > kWaitingMany && !epoch_held() && !destroying) {
    std::this_thread::yield();
    collect();
  }
}

std::size_t epoch_collect() { return collect(); }

void epoch_drain() {
  NACRE_DCHECK(!epoch_held() && !destroying);  // it would wait for itself
  std::uint64_t end = 0;
  {
    const std::lock_guard<std::mutex> lock(queue().mutex);
    end = queue().next_ticket;
  }
  for (collect(); !destroyed_below(end); collect()) std::this_thread::yield();
}

bool epoch_held() { return own_record != nullptr && own_record->depth != 0; }

}  // namespace nacre
