// engine.h - an open store: owns the parts, wires them, opens and closes them.
//
// What happens where: writes in committer, reads in reads, cursors in walk, flushes, compactions
// and their order in scheduler, the change of versions in version_set, the way from files to state
// in recovery. This class holds no logic of theirs.
//
// THREADS    any, except open() and the destructor.
// LIFETIME   shared by the Db and everything it handed out. After close() reads of cursors and
//            snapshots that are left still work on what they hold; files are not written any more.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/committer.h"
#include "engine/context.h"
#include "engine/reads.h"
#include "engine/recovery.h"
#include "engine/scheduler.h"
#include "engine/version_set.h"
#include "nacre/db.h"

namespace nacre::engine {

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  static Result<std::shared_ptr<Engine>> open(const std::string& path, const Options& options);
  static Status destroy(const std::string& path, const Options& options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  Status close();

  Status put(std::string_view key, std::string_view value, const WriteOptions& options);
  Status remove(std::string_view key, const WriteOptions& options);
  Status write(const Batch& batch, const WriteOptions& options);
  Status sync();

  const Reads& reads() const { return reads_; }
  /// The seq of a snapshot of this store, nothing for null, kInvalid for one of another store.
  Result<std::optional<Seq>> seq_of(const Snapshot* snapshot) const;
  Snapshot snapshot();
  void release_snapshot(Seq seq) { context_.snapshots.release(seq); }
  Result<Cursor> cursor(const CursorOptions& options);
  bool is_current(const View* view) const { return view_.is_current(view); }
  /// A cursor has let a view go that was no longer the current one.
  void old_view_released() { scheduler_.release_soon(); }
  /// A cursor has been positioned in so many more tables of level 0 than one.
  void walked(std::uint64_t tables) {
    if (!read_only_) scheduler_.walked(tables);
  }
  DeadSpans& dead_spans() { return context_.dead_spans; }
  void note_dead(std::string_view lower, std::string_view upper, Seq seq) {
    committer_.note_dead(lower, upper, seq);
  }

  Status flush();
  Status compact(const Range& range);
  Status wait_idle();
  Status resume();
  Status health();
  Result<VerifyReport> verify(
      const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) const;
  std::uint64_t approximate_size(const Range& range) const;
  Stats stats();
  std::string levels_text() const;
  const RecoveryInfo& recovery_info() const { return recovery_info_; }

 private:
  Engine(std::string path, Settings settings, std::shared_ptr<Runtime> runtime);
  static Status prepare_directory(FileSystem& fs, const std::string& path, const Options& options);
  Status start();
  Status take_lock();
  Result<Recovered> recover_beside_writer();
  Status create_store();
  Status adopt(Recovered recovered);
  Status secure(std::span<const JudgedSegment> segments);
  Status adopt_read_only(Recovered recovered);
  Status writable() const;
  Durability durability_of(const WriteOptions& options) const {
    return options.durability.value_or(context_.settings.options.durability);
  }
  Status commit(std::string_view payload, std::uint32_t count, const WriteOptions& options);

  const std::shared_ptr<Runtime> runtime_;  // first: outlives all that lives on its memory
  Context context_;
  std::unique_ptr<FileLock> lock_;
  FileNumbers numbers_;
  CurrentView view_;
  WalSet wals_;
  VersionSet versions_;
  Committer committer_;
  Scheduler scheduler_;
  Reads reads_;
  RecoveryInfo recovery_info_;
  bool read_only_ = false;
  std::atomic<bool> open_{false};
};

}  // namespace nacre::engine
