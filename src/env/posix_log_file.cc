#include "env/posix_log_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/try.h"

namespace nacre {

namespace {

constexpr std::uint64_t kSmallPrepare = 256 << 10;
constexpr std::size_t kLargePiece = 64 << 10;

}  // namespace

Result<std::unique_ptr<LogFile>> PosixLogFile::create(const std::string& path, LogMode mode,
                                                      std::uint64_t capacity) {
  if (capacity == 0) return Status::invalid("create " + path + ": a log segment of no bytes");
  Fd fd = NACRE_TRY(open_regular(path, O_RDWR | O_CREAT | O_EXCL, "create"));
  std::unique_ptr<LogMapping> mapping;
  if (mode == LogMode::kMapped) mapping = LogMapping::create(fd.get(), capacity);
  return std::unique_ptr<LogFile>(
      std::make_unique<PosixLogFile>(std::move(fd), path, capacity, std::move(mapping)));
}

Status PosixLogFile::prepare(std::uint64_t end) {
  if (end > capacity_) {
    return Status::invalid("prepare " + path_ + ": " + std::to_string(end) +
                           " is past the capacity of " + std::to_string(capacity_));
  }
  if (failed_.load(std::memory_order_acquire)) return failure();
  const std::uint64_t from = prepared_.load(std::memory_order_relaxed);
  if (end <= from) return Status();
  const std::uint64_t to = std::min(round_up(end, page_bytes()), capacity_);
  // The page cache keeps a piece together, and a sync writes all of it when a byte has changed. Who
  // asks for little at a time writes little between two syncs; others gain from fewer calls.
  const std::size_t piece = to - from <= kSmallPrepare ? page_bytes() : kLargePiece;
  int error = write_zeros(fd_.get(), from, to, piece);
  if (error == 0 && mapped()) error = mapping_->populate(from, to);
  if (error != 0) {
    // Give the part that fitted back to a full disk. Should that fail, the next prepare() writes
    // over it.
    static_cast<void>(resize_file(fd_.get(), from));
    return Status::from_errno("prepare", path_, error);
  }
  prepared_.store(to, std::memory_order_release);
  return Status();
}

Status PosixLogFile::write(std::uint64_t offset, std::string_view bytes) {
  const std::uint64_t ready = prepared();
  NACRE_CHECK(bytes.size() <= ready && offset <= ready - bytes.size());
  if (failed_.load(std::memory_order_acquire)) return failure();
  if (mapped()) {
    if (!bytes.empty()) std::memcpy(mapping_->base() + offset, bytes.data(), bytes.size());
    return Status();
  }
  const int error = write_all(fd_.get(), bytes, offset);
  return error == 0 ? Status() : fail(*failure_.lock(), "write", error);
}

Status PosixLogFile::sync() {
  auto failure = failure_.lock();
  NACRE_TRY(*failure);
  // Linux keeps one copy of a file's pages for mappings and calls alike, so this takes what was
  // stored through the mapping too; msync would add nothing.
  const int error = sync_data(fd_.get());
  return error == 0 ? Status() : fail(*failure, "sync", error);
}

void PosixLogFile::release_before(std::uint64_t offset) {
  if (!mapped()) return;
  const std::uint64_t to = round_down(std::min(offset, prepared()), page_bytes());
  auto released = released_.lock();
  if (to <= *released) return;
  mapping_->release(*released, to);
  *released = to;
}

Status PosixLogFile::seal(std::uint64_t length) {
  NACRE_CHECK(fd_.open() && length <= prepared());
  mapping_.reset();
  // After a failure too: the file is cut and closed, and stays under suspicion.
  int error = resize_file(fd_.get(), length);
  if (error == 0) error = sync_data(fd_.get());
  const int close_error = fd_.close();
  if (error == 0) error = close_error;
  auto failure = failure_.lock();
  NACRE_TRY(*failure);
  return error == 0 ? Status() : fail(*failure, "seal", error);
}

Status PosixLogFile::fail(Status& failure, std::string_view operation, int error) {
  if (failure.ok()) failure = Status::from_errno(operation, path_, error);
  failed_.store(true, std::memory_order_release);
  return failure;
}

Status PosixLogFile::failure() { return *failure_.lock(); }

}  // namespace nacre
