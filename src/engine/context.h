// context.h - what every part of an open store needs and nobody changes.
//
// THREADS    the references are set before the store opens; what they point at locks itself.
// LIFETIME   owned by Engine, outlives every other part of it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/histogram.h"
#include "engine/counters.h"
#include "engine/dead_spans.h"
#include "engine/health.h"
#include "engine/reaper.h"
#include "engine/runtime_state.h"
#include "engine/snapshots.h"
#include "nacre/listener.h"
#include "nacre/options.h"

namespace nacre::engine {

/// Options with every "0 means" worked out.
struct Settings {
  Options options;
  std::uint64_t memtable_bytes = 0;
  std::uint64_t frozen_memtables_max = 0;
  std::uint64_t table_bytes = 0;
  ReadMode read_mode = ReadMode::kBuffered;
};

struct Context {
  Context(std::string dir_in, Settings settings_in, detail::RuntimeState& runtime_in)
      : dir(std::move(dir_in)),
        settings(std::move(settings_in)),
        runtime(&runtime_in),
        reaper(runtime_in.env.fs(), dir) {}

  Env& env() const { return runtime->env; }
  FileSystem& fs() const { return runtime->env.fs(); }
  Clock& clock() const { return runtime->env.clock(); }
  Executor& executor() const { return runtime->env.executor(); }
  std::string path(const std::string& name) const { return dir + "/" + name; }

  /// Tells the listener, if there is one.
  template <typename Tell>
  void notify(Tell&& tell) const {
    if (settings.options.listener != nullptr) tell(*settings.options.listener);
  }

  const std::string dir;
  const Settings settings;
  detail::RuntimeState* const runtime;
  std::uint64_t salt = 0;  // of the store, read from the manifest before anything else starts

  Reaper reaper;
  Health health;
  Snapshots snapshots;
  DeadSpans dead_spans;
  /// The last seq that reads may see. Grows in commit order.
  std::atomic<Seq> visible{0};

  Counters counters;
  Histogram get_nanos;
  Histogram put_nanos;
  Histogram sync_nanos;
  std::atomic<std::uint64_t> stalls{0};
  std::atomic<std::uint64_t> stall_nanos{0};
};

}  // namespace nacre::engine
