#include "engine/shared_sync.h"

#include <algorithm>
#include <utility>

namespace nacre::engine {

void SharedSync::Waiter::set(Turn next, const Status& outcome) {
  status = outcome;
  turn.store(next, std::memory_order_release);
  turn.notify_one();
}

Status SharedSync::through(Lsn lsn, Seq write) {
  WaiterPtr self;
  {
    auto state = state_.lock();
    if (!state->failure.ok()) return state->failure;
    if (const Loss* loss = find_loss(*state, lsn)) return loss->why;
    if (state->synced >= lsn) return {};
    if (state->running) {
      self = std::make_shared<Waiter>(lsn, write);
      state->waiting.push_back(self);
    }
    state->running = true;
  }
  if (self != nullptr) {
    self->turn.wait(Turn::kWaits, std::memory_order_acquire);
    if (self->turn.load(std::memory_order_acquire) == Turn::kServed) return self->status;
  }
  return lead(write);
}

Status SharedSync::lead(Seq write) {
  const Result<Lsn> synced = sync_();
  std::vector<WaiterPtr> served;
  std::vector<WaiterPtr> failed;
  WaiterPtr next;
  Status failure;
  {
    auto state = state_.lock();
    if (synced.ok()) state->synced = std::max(state->synced, *synced);
    if (!synced.ok() && state->failure.ok()) state->failure = synced.error();
    failure = state->failure;
    std::vector<WaiterPtr> left;
    for (WaiterPtr& each : state->waiting) {
      const bool covered = each->lsn <= state->synced;
      (covered ? served : failure.ok() ? left : failed).push_back(std::move(each));
    }
    if (!left.empty()) {
      next = std::move(left.front());
      left.erase(left.begin());
    }
    state->waiting = std::move(left);
    state->running = next != nullptr;
  }
  next == nullptr ? quiet_.notify_all() : next->set(Turn::kLeads, {});
  if (synced.ok()) show(write, served);
  for (const WaiterPtr& each : served) each->set(Turn::kServed, {});
  for (const WaiterPtr& each : failed) each->set(Turn::kServed, failure);
  return synced.status();
}

void SharedSync::show(Seq write, const std::vector<WaiterPtr>& served) const {
  if (!show_) return;
  std::vector<Seq> writes{write};
  for (const WaiterPtr& each : served) writes.push_back(each->write);
  std::erase(writes, Seq{0});
  if (!writes.empty()) show_(writes);
}

void SharedSync::stop(const Status& why, Lsn end) {
  auto state = state_.lock();
  if (state->failure.ok()) state->failure = why;
  state.wait(quiet_, executor_, [&] { return !state->running; });
  if (end <= state->synced) return;
  state->losses.push_back({state->synced, end, state->failure});
  state->synced = end;
}

void SharedSync::restart() { state_.lock()->failure = Status(); }

const SharedSync::Loss* SharedSync::find_loss(const State& state, Lsn lsn) {
  const auto found = std::find_if(state.losses.begin(), state.losses.end(), [&](const Loss& loss) {
    return loss.from < lsn && lsn <= loss.end;
  });
  return found == state.losses.end() ? nullptr : &*found;
}

}  // namespace nacre::engine
