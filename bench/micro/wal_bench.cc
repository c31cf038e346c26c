// wal_bench.cc - what an append to the wal costs on the real file system, without its engine.
//
// Space is prepared before it is used, as the helper of an engine does, and outside of the measured
// time; the appends alone are timed, a MiB of them at once. "whole" has the preparing in it: what
// the machine pays for a record, whichever thread it is.
#include <chrono>
#include <memory>
#include <string>

#include "base/try.h"
#include "env/posix_env.h"
#include "micro/kernel.h"
#include "wal/wal_writer.h"

namespace nacre {
namespace {

constexpr std::uint64_t kStretchBytes = 1 << 20;  // appended between two looks at the clock

/// Segments one after the other, each removed when the next begins.
class Segments {
 public:
  explicit Segments(LogMode mode) : mode_(mode) {}
  ~Segments() { drop(); }
  Segments(const Segments&) = delete;
  Segments& operator=(const Segments&) = delete;

  /// A writer with room for `bytes` of prepared space.
  Result<WalWriter*> ready(std::uint64_t payload, std::uint64_t bytes) {
    if (writer_ == nullptr || writer_->length() + bytes > kWalSegmentBytes) {
      drop();
      path_ = work_dir + "/nacre_micro_wal." + std::to_string(++number_);
      env_.fs().remove(path_).ignore();
      WalWriter::Options options;
      options.mode = mode_;
      options.capacity = wal_capacity_for(payload);
      options.header.identity = {42, FileNumber{number_}};
      options.window = kWalWindowMax;
      writer_ = NACRE_TRY(WalWriter::create(env_.fs(), path_, options));
    }
    while (writer_->wants_prepare()) NACRE_TRY(writer_->prepare_ahead());
    return writer_.get();
  }

 private:
  void drop() {
    if (writer_ == nullptr) return;
    writer_->seal().ignore();
    writer_.reset();
    env_.fs().remove(path_).ignore();
  }

  PosixEnv env_{1};
  const LogMode mode_;
  std::uint64_t number_ = 0;
  std::string path_;
  std::unique_ptr<WalWriter> writer_;
};

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void append(benchmark::State& state, LogMode mode, std::uint64_t payload, bool whole) {
  const std::string bytes(payload, 'p');
  const std::uint64_t count = kStretchBytes / wal_record_bytes(payload);
  Segments segments(mode);
  Seq seq = 0;
  for (auto _ : state) {
    const double begin = seconds_now();
    const auto writer = segments.ready(payload, kStretchBytes);
    if (!writer.ok()) return state.SkipWithError(writer.error().to_string().c_str());
    const double start = whole ? begin : seconds_now();
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!(*writer)->append(++seq, bytes).ok()) return state.SkipWithError("an append failed");
    }
    state.SetIterationTime(seconds_now() - start);
  }
  one_is(state,
         "a record of " + std::to_string(payload) + " bytes" +
             (whole ? ", its share of making and preparing segments" : ", space ready"),
         count);
}

/// One record, then a sync: what a lone writer at `disk` durability waits for.
void append_sync(benchmark::State& state, LogMode mode) {
  const std::string bytes(128, 'p');
  Segments segments(mode);
  Seq seq = 0;
  for (auto _ : state) {
    const auto writer = segments.ready(128, wal_record_bytes(128));
    if (!writer.ok()) return state.SkipWithError(writer.error().to_string().c_str());
    const double start = seconds_now();
    if (!(*writer)->append(++seq, bytes).ok() || !(*writer)->sync().ok()) {
      return state.SkipWithError("an append or sync failed");
    }
    state.SetIterationTime(seconds_now() - start);
  }
  one_is(state, "a record of 128 bytes and a sync");
}

void register_all() {
  for (const LogMode mode : {LogMode::kMapped, LogMode::kPwrite}) {
    const std::string name = mode == LogMode::kMapped ? "/mapped" : "/pwrite";
    for (const std::uint64_t payload : {128u, 1024u}) {
      kernel("wal/append" + name + "/" + std::to_string(payload), [=](benchmark::State& state) {
        append(state, mode, payload, false);
      })->UseManualTime();
    }
    kernel("wal/append_whole" + name + "/128", [=](benchmark::State& state) {
      append(state, mode, 128, true);
    })->UseManualTime();
    kernel("wal/append_sync" + name, [=](benchmark::State& state) {
      append_sync(state, mode);
    })->UseManualTime();
  }
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
