#include "engine/engine.h"

#include <algorithm>

#include "base/epoch.h"
#include "base/try.h"
#include "engine/batch_codec.h"
#include "engine/settings.h"
#include "engine/walk.h"
#include "lsm/file_name.h"
#include "nacre/runtime.h"

namespace nacre::engine {

namespace {

/// A buffer to encode into that the thread keeps between writes, so that a small write allocates
/// nothing. Taken away while it is used: a write may run inside another one, of another store.
class Scratch {
 public:
  Scratch() : bytes_(std::move(kept())) { bytes_.clear(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (bytes_.capacity() <= kKeepBytes) kept() = std::move(bytes_);
  }
  std::string& bytes() { return bytes_; }

 private:
  static constexpr std::size_t kKeepBytes = 1 << 20;
  static std::string& kept() {
    thread_local std::string buffer;
    return buffer;
  }
  std::string bytes_;
};

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/', path.find_last_not_of('/'));
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Committer::Hooks hooks_for(Scheduler& scheduler) {
  return {.frozen = [&scheduler] { scheduler.wake(); },
          .prepare = [&scheduler] { scheduler.prepare_wal(); },
          .sync_older = [&scheduler](Lsn lsn) { scheduler.sync_older(lsn); }};
}

}  // namespace

Engine::Engine(std::string path, Settings settings, std::shared_ptr<Runtime> runtime)
    : runtime_(std::move(runtime)),
      context_(std::move(path), std::move(settings), runtime_->state()),
      wals_(context_, numbers_),
      versions_(context_, view_, numbers_),
      committer_(context_, view_, wals_, hooks_for(scheduler_)),
      scheduler_(context_, view_, versions_, committer_, wals_, numbers_),
      reads_(context_, view_),
      read_only_(context_.settings.options.read_only) {}

Engine::~Engine() {
  close().ignore();    // whoever wants the error calls close()
  scheduler_.close();  // also after an open that failed half-way
  view_.clear();
  epoch_drain();  // views on their way out still hold memtables and tables of this runtime
  context_.reaper.sweep();
}

Result<std::shared_ptr<Engine>> Engine::open(const std::string& path, const Options& options) {
  NACRE_TRY(options.validate());
  std::shared_ptr<Runtime> runtime = NACRE_TRY(runtime_for(options));
  Settings settings = NACRE_TRY(resolve(options, runtime->memory_limit()));
  FileSystem& fs = runtime->state().env.fs();
  NACRE_TRY(prepare_directory(fs, path, options));
  std::shared_ptr<Engine> engine(new Engine(path, std::move(settings), std::move(runtime)));
  NACRE_TRY(engine->start());
  return engine;
}

Status Engine::prepare_directory(FileSystem& fs, const std::string& path, const Options& options) {
  switch (NACRE_TRY(fs.kind(path))) {
    case PathKind::kDirectory:
      return {};
    case PathKind::kNothing:
      break;
    case PathKind::kFile:
    case PathKind::kOther:
      return Status::invalid(path + ": is not a directory; a store needs one of its own");
  }
  if (options.read_only || !options.create_if_missing) {
    return Status(Code::kNotFound, path + ": no store here, and the options forbid to create one");
  }
  Status created = fs.create_dir(path);
  // Another handle may have been faster; its lock decides.
  if (!created.ok() && NACRE_TRY(fs.kind(path)) == PathKind::kDirectory) return {};
  return created;
}

Status Engine::start() {
  if (!read_only_) NACRE_TRY(take_lock());
  Result<Recovered> recovered = read_only_ ? recover_beside_writer() : recover(context_);
  if (recovered.ok()) {
    if (context_.settings.options.error_if_exists) {
      return Status::invalid(context_.dir + ": a store exists here, and error_if_exists is set");
    }
    NACRE_TRY(read_only_ ? adopt_read_only(std::move(*recovered)) : adopt(std::move(*recovered)));
  } else if (recovered.error().code() == Code::kNotFound && !read_only_ &&
             context_.settings.options.create_if_missing) {
    NACRE_TRY(create_store());
  } else {
    return std::move(recovered).error();
  }
  open_.store(true, std::memory_order_release);
  if (read_only_) return {};
  scheduler_.set_owner(weak_from_this());
  const std::chrono::nanoseconds period = context_.settings.options.sync_every;
  if (period.count() > 0) scheduler_.sync_every(static_cast<std::uint64_t>(period.count()));
  scheduler_.load_tables_soon();
  scheduler_.wake();
  return {};
}

/// Where no LOCK is yet there is no store, or the directory is something else's: then it is refused
/// before a LOCK is made in it.
Status Engine::take_lock() {
  FileSystem& fs = context_.fs();
  const std::string path = context_.path(std::string(kLockName));
  Status store;
  if (NACRE_TRY(fs.kind(path)) == PathKind::kNothing) {
    store = recover_manifest(fs, context_.dir).status();
  }
  const bool to_create =
      store.code() == Code::kNotFound && context_.settings.options.create_if_missing;
  // Unless another handle has made it meanwhile: then we saw the middle of a creation.
  if (!store.ok() && !to_create && NACRE_TRY(fs.kind(path)) == PathKind::kNothing) return store;
  lock_ = NACRE_TRY(fs.lock(path));
  return {};
}

/// Without the lock, a writer may cut or remove a file between our look at the manifest and our
/// reading of it. It takes a file out of the manifest before it removes it: a complaint that comes
/// twice is not about that.
Result<Recovered> Engine::recover_beside_writer() {
  constexpr int kTries = 100;
  std::string complaint;
  for (int tries = 0; tries < kTries; ++tries) {
    Result<Recovered> recovered = recover(context_);
    if (recovered.ok() || recovered.error().message() == complaint) return recovered;
    complaint = recovered.error().message();
  }
  return Status(Code::kLocked,
                context_.dir + ": changes too fast to be opened beside its writer; " + complaint);
}

Status Engine::create_store() {
  StoreIdentity identity;
  identity.salt = context_.env().entropy();
  for (std::size_t i = 0; i < identity.id.size(); i += sizeof(std::uint64_t)) {
    store(reinterpret_cast<char*>(identity.id.data()) + i, context_.env().entropy());
  }
  context_.salt = identity.salt;
  // The directory may be new, by this open or by one that was cut off.
  NACRE_TRY(context_.fs().sync_dir(parent_of(context_.dir)));
  // A first create that was cut off may have left a manifest.
  numbers_.start_at(number_above(NACRE_TRY(context_.fs().list(context_.dir))));
  // The first manifest needs no wal segment, since there is none; the edit that needs one comes
  // when it is durable.
  NACRE_TRY(versions_.start(identity, Version::empty(), nacre::Counters(), FileNumber{0}));
  NACRE_TRY(committer_.start({}));
  Edit edit;
  edit.wal_floor = wals_.current();
  edit.reason = "create";
  return versions_.install(std::move(edit), {});
}

/// Takes over what was recovered, and lets old files go only when the manifest does without them.
/// What the wal holds stays in memory, for the scheduler to flush; as far as there is no room for
/// it, it becomes tables here.
Status Engine::adopt(Recovered recovered) {
  numbers_.start_at(recovered.first_free);
  // F2: a durable bound above every number that the rest of this open takes.
  NACRE_TRY(versions_.start(recovered.identity, std::move(recovered.version), recovered.counters,
                            recovered.counters.wal_floor));
  const std::span<const JudgedSegment> segments(recovered.wal.segments);
  std::vector<FileNumber> older;
  for (const JudgedSegment& segment : segments) older.push_back(segment.number);
  wals_.follow(std::move(older), segments.empty() ? 0 : segments.back().end);
  NACRE_TRY(committer_.start({recovered.wal.last_seq, recovered.wal.memtables}));
  // From here on the wal ends in a segment that says where it follows. Only now may the older ones
  // be cut; and they must be on stable storage before it has a record (W1).
  const std::span<const JudgedSegment> kept = segments.subspan(recovered.wal.to_flush);
  if (!recovered.wal.memtables.empty()) NACRE_TRY(secure(kept));

  Edit edit;
  edit.reason = "open";
  edit.wal_floor = recovered.wal.memtables.empty() ? wals_.current()
                                                   : recovered.wal.memtables.front()->first_segment;
  const std::vector<TablePtr> tables =
      NACRE_TRY(flush_segments(context_, numbers_, segments.first(recovered.wal.to_flush)));
  for (const TablePtr& table : tables) edit.added.push_back({.level = 0, .meta = table->meta});
  const FileNumber floor = *edit.wal_floor;
  NACRE_TRY(versions_.install(std::move(edit), tables));
  wals_.drop_before(floor);
  recovery_info_ = std::move(recovered.info);
  recovery_info_.files_removed = recovered.orphans.size();
  for (const FileName& file : recovered.orphans) context_.reaper.remove(file.type, file.number);
  for (const FileName& file : recovered.replaced) context_.reaper.remove(file.type, file.number);
  return {};
}

/// Cuts segments of an earlier run to what they are worth and puts them on stable storage.
Status Engine::secure(std::span<const JudgedSegment> segments) {
  for (const JudgedSegment& segment : segments) {
    if (segment.synced_to == segment.end && segment.size == segment.end) continue;
    NACRE_TRY(context_.fs().secure(context_.path(wal_name(segment.number)), segment.synced_to,
                                   segment.end));
  }
  return {};
}

Status Engine::adopt_read_only(Recovered recovered) {
  recovery_info_ = std::move(recovered.info);
  context_.visible.store(recovered.wal.last_seq, std::memory_order_release);
  view_.update([&](View& view) {
    view.version = recovered.version;
    for (const MemtablePtr& memtable : recovered.wal.memtables) {
      view.frozen.insert(view.frozen.begin(), memtable);
    }
    view.active =
        std::make_shared<LiveMemtable>(context_.settings.memtable_bytes, context_.runtime->budget,
                                       context_.runtime->pages, std::string_view());
  });
  return {};
}

Status Engine::close() {
  if (!open_.exchange(false)) return Status::closed("the store is closed");
  Status status;
  if (!read_only_) {
    // A store that failed gets a last chance to put what it holds into new files.
    status = context_.health.ok() ? flush() : resume();
    scheduler_.close();
    wals_.remove_next();
    Status synced = committer_.sync_wal();
    if (status.ok()) status = std::move(synced);
    epoch_collect();
    context_.reaper.sweep();
  }
  lock_.reset();
  return status;
}

Status Engine::writable() const {
  if (!read_only_) return {};
  return Status(Code::kReadOnly, context_.dir + ": was opened read-only");
}

Status Engine::commit(std::string_view payload, std::uint32_t count, const WriteOptions& options) {
  NACRE_TRY(writable());
  if (!Counters::sample(8)) return committer_.write(payload, count, durability_of(options));
  const std::uint64_t start = context_.clock().monotonic_nanos();
  Status status = committer_.write(payload, count, durability_of(options));
  context_.put_nanos.record(context_.clock().monotonic_nanos() - start);
  return status;
}

Status Engine::put(std::string_view key, std::string_view value, const WriteOptions& options) {
  NACRE_TRY(check_sizes(key, value));
  Scratch payload;
  encode_put(payload.bytes(), key, value);
  NACRE_TRY(commit(payload.bytes(), 1, options));
  context_.counters.add(Count::kPuts);
  context_.counters.add(Count::kUserBytes, key.size() + value.size());
  context_.counters.add(Count::kCommits);
  return {};
}

Status Engine::remove(std::string_view key, const WriteOptions& options) {
  NACRE_TRY(check_sizes(key, {}));
  Scratch payload;
  encode_remove(payload.bytes(), key);
  NACRE_TRY(commit(payload.bytes(), 1, options));
  context_.counters.add(Count::kRemoves);
  context_.counters.add(Count::kUserBytes, key.size());
  context_.counters.add(Count::kCommits);
  return {};
}

Status Engine::write(const Batch& batch, const WriteOptions& options) {
  NACRE_TRY(commit(batch.encoded(), batch.count(), options));
  context_.counters.add(Count::kPuts, batch.puts());
  context_.counters.add(Count::kRemoves, batch.count() - batch.puts());
  context_.counters.add(Count::kUserBytes, batch.user_bytes());
  context_.counters.add(Count::kCommits);
  return {};
}

Status Engine::sync() {
  NACRE_TRY(writable());
  return committer_.sync();
}

Result<std::optional<Seq>> Engine::seq_of(const Snapshot* snapshot) const {
  if (snapshot == nullptr) return std::optional<Seq>();
  if (snapshot->engine_.get() != this) {
    return Status::invalid("the snapshot is empty or of another store");
  }
  return std::optional<Seq>(snapshot->seq_);
}

Snapshot Engine::snapshot() {
  return Snapshot(shared_from_this(), context_.snapshots.take(context_.visible));
}

Result<Cursor> Engine::cursor(const CursorOptions& options) {
  const std::optional<Seq> at = NACRE_TRY(seq_of(options.snapshot));
  ViewPtr view;
  Seq seq = 0;
  do {
    view = view_.pin();  // R1: the view before the seq
    seq = at.has_value() ? *at : context_.visible.load(std::memory_order_acquire);
    // A get may see a view that ends before its seq. A walk may not: what it finds dead it tells
    // others, as of that seq (dead_spans.h).
  } while (!view_.is_current(view.get()));
  context_.counters.add(Count::kCursors);
  return Cursor(std::make_unique<Walk>(shared_from_this(), std::move(view), seq, options.range));
}

Status Engine::flush() {
  NACRE_TRY(writable());
  NACRE_TRY(context_.health.write_status());
  const Seq seq = NACRE_TRY(committer_.freeze());
  scheduler_.wake();
  return committer_.wait_flushed(seq);
}

Status Engine::compact(const Range& range) {
  NACRE_TRY(flush());
  return scheduler_.compact(range);
}

Status Engine::wait_idle() {
  // The memtables of a read-only store came from its wal, and stay there.
  return read_only_ ? Status() : scheduler_.wait_idle();
}

Status Engine::resume() {
  NACRE_TRY(writable());
  scheduler_.reset();
  if (context_.health.ok()) {
    scheduler_.wake();
    return {};
  }
  // Everything in memory goes to new files; nothing of the failed ones is believed. Writes are
  // refused until it is there: a new wal must not hold any while the manifest still names the old.
  const Seq seq = NACRE_TRY(committer_.freeze_with_new_wal());
  scheduler_.wake();
  NACRE_TRY(committer_.wait_flushed(seq));
  context_.health.clear();
  scheduler_.wake();
  return {};
}

Status Engine::health() {
  if (!context_.health.ok()) return context_.health.write_status();
  return scheduler_.status();
}

}  // namespace nacre::engine
