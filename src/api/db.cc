// The public handles: each call checks that the handle is open and forwards.

#include "nacre/db.h"

#include <utility>

#include "base/try.h"
#include "engine/engine.h"

namespace nacre {

namespace {

Status closed() { return Status::closed("this Db is closed, moved from, or was never opened"); }

}  // namespace

Db::Db(std::shared_ptr<engine::Engine> engine) : engine_(std::move(engine)) {}
Db::Db(Db&&) noexcept = default;

Db& Db::operator=(Db&& other) noexcept {
  if (this == &other) return *this;
  if (engine_ != nullptr) close().ignore();  // whoever wants the error calls close()
  engine_ = std::move(other.engine_);
  return *this;
}

Db::~Db() {
  if (engine_ != nullptr) close().ignore();  // as above
}

Result<Db> Db::open(const std::string& path, const Options& options) {
  return Db(NACRE_TRY(engine::Engine::open(path, options)));
}

Status Db::destroy(const std::string& path, const Options& options) {
  return engine::Engine::destroy(path, options);
}

Status Db::close() {
  if (engine_ == nullptr) return closed();
  return std::exchange(engine_, nullptr)->close();
}

Status Db::put(std::string_view key, std::string_view value, const WriteOptions& options) {
  return engine_ == nullptr ? closed() : engine_->put(key, value, options);
}

Status Db::remove(std::string_view key, const WriteOptions& options) {
  return engine_ == nullptr ? closed() : engine_->remove(key, options);
}

Status Db::write(const Batch& batch, const WriteOptions& options) {
  return engine_ == nullptr ? closed() : engine_->write(batch, options);
}

Status Db::sync() { return engine_ == nullptr ? closed() : engine_->sync(); }

Result<std::optional<Value>> Db::get(std::string_view key, const ReadOptions& options) const {
  if (engine_ == nullptr) return closed();
  return engine_->reads().get(key, NACRE_TRY(engine_->seq_of(options.snapshot)));
}

Result<bool> Db::get_into(std::string_view key, std::string& value,
                          const ReadOptions& options) const {
  if (engine_ == nullptr) return closed();
  return engine_->reads().get_into(key, value, NACRE_TRY(engine_->seq_of(options.snapshot)));
}

Result<std::vector<std::optional<Value>>> Db::multi_get(std::span<const std::string_view> keys,
                                                        const ReadOptions& options) const {
  if (engine_ == nullptr) return closed();
  return engine_->reads().multi_get(keys, NACRE_TRY(engine_->seq_of(options.snapshot)));
}

Result<Snapshot> Db::snapshot() const {
  if (engine_ == nullptr) return closed();
  return engine_->snapshot();
}

Result<Cursor> Db::cursor(const CursorOptions& options) const {
  if (engine_ == nullptr) return closed();
  return engine_->cursor(options);
}

Scan Db::scan(const ScanOptions& options) const {
  Result<Cursor> made = cursor({.range = options.range, .snapshot = options.snapshot});
  if (!made.ok()) return Scan(std::move(made).error());
  return Scan(std::move(made).value(), options.reverse);
}

Status Db::flush() { return engine_ == nullptr ? closed() : engine_->flush(); }

Status Db::compact(const Range& range) {
  return engine_ == nullptr ? closed() : engine_->compact(range);
}

Status Db::wait_idle() { return engine_ == nullptr ? closed() : engine_->wait_idle(); }

Result<VerifyReport> Db::verify(
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) const {
  if (engine_ == nullptr) return closed();
  return engine_->verify(progress);
}

Result<std::uint64_t> Db::approximate_size(const Range& range) const {
  if (engine_ == nullptr) return closed();
  return engine_->approximate_size(range);
}

Result<Stats> Db::stats() const {
  if (engine_ == nullptr) return closed();
  return engine_->stats();
}

Result<std::string> Db::levels_text() const {
  if (engine_ == nullptr) return closed();
  return engine_->levels_text();
}

Status Db::health() const { return engine_ == nullptr ? closed() : engine_->health(); }

Status Db::resume() { return engine_ == nullptr ? closed() : engine_->resume(); }

Result<RecoveryInfo> Db::recovery_info() const {
  if (engine_ == nullptr) return closed();
  return engine_->recovery_info();
}

}  // namespace nacre
