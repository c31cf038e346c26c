#include "env/posix_writable_file.h"

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/try.h"

namespace nacre {

Result<std::unique_ptr<WritableFile>> PosixWritableFile::create(const std::string& path) {
  Fd fd = NACRE_TRY(open_regular(path, O_WRONLY | O_CREAT | O_EXCL, "create"));
  return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(std::move(fd), path));
}

Status PosixWritableFile::append(std::string_view bytes) {
  NACRE_TRY(state_);
  while (!bytes.empty()) {
    // What would fill the largest buffer by itself gains nothing from a copy.
    if (buffered_ == 0 && bytes.size() >= kBufferBytesMax) return write(bytes);
    grow(bytes.size());
    const std::size_t piece = std::min(bytes.size(), capacity_ - buffered_);
    std::memcpy(buffer_.get() + buffered_, bytes.data(), piece);
    buffered_ += piece;
    bytes.remove_prefix(piece);
    if (buffered_ == kBufferBytesMax) NACRE_TRY(flush());
  }
  return Status();
}

Status PosixWritableFile::sync() {
  NACRE_TRY(state_);
  NACRE_TRY(flush());
  release();
  if (const int error = sync_data(fd_.get()); error != 0) return fail("sync", error);
  return Status();
}

Status PosixWritableFile::close() {
  NACRE_TRY(state_);
  NACRE_TRY(flush());
  release();
  if (const int error = fd_.close(); error != 0) return fail("close", error);
  state_ = Status::closed("use of " + path_ + " after it was closed");
  return Status();
}

void PosixWritableFile::grow(std::size_t bytes) {
  const std::size_t wanted = buffered_ + std::min(bytes, kBufferBytesMax - buffered_);
  if (wanted <= capacity_) return;
  // Powers of two: however small the pieces are that come, few buffers are made.
  capacity_ = std::max(kBufferBytesMin, std::bit_ceil(wanted));
  auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
  if (buffered_ != 0) std::memcpy(larger.get(), buffer_.get(), buffered_);
  buffer_ = std::move(larger);
}

void PosixWritableFile::release() {
  buffer_.reset();
  capacity_ = 0;
}

Status PosixWritableFile::flush() {
  const std::size_t bytes = std::exchange(buffered_, 0);
  return write({buffer_.get(), bytes});
}

Status PosixWritableFile::write(std::string_view bytes) {
  if (const int error = write_all(fd_.get(), bytes, written_); error != 0) {
    return fail("write", error);
  }
  written_ += bytes.size();
  return Status();
}

Status PosixWritableFile::fail(std::string_view operation, int error) {
  release();
  state_ = Status::from_errno(operation, path_, error);
  return state_;
}

}  // namespace nacre
