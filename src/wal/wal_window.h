// wal_window.h - any range of a file as contiguous bytes, read in large pieces.
//
// THREADS    one at a time.
// LIFETIME   the file must outlive it; a view is valid until the next call.
// MEMORY     a piece, or the largest range that was asked for, which is inside the file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/try.h"
#include "nacre/env.h"

namespace nacre {

class WalWindow {
 public:
  static constexpr std::uint64_t kPiece = 256 << 10;

  explicit WalWindow(const RandomAccessFile& file) : file_(file), size_(file.size()) {}

  std::uint64_t file_size() const { return size_; }

  /// [offset, offset + length), which must be inside the file.
  Result<std::string_view> view(std::uint64_t offset, std::uint64_t length) {
    NACRE_CHECK(offset <= size_ && length <= size_ - offset);
    if (offset < start_ || offset - start_ > held_ || length > held_ - (offset - start_)) {
      NACRE_TRY(load(offset, std::max(length, std::min(kPiece, size_ - offset))));
    }
    return std::string_view(bytes_.get() + (offset - start_), length);
  }

  /// Gives the memory back until the next call.
  void release() {
    bytes_.reset();
    room_ = held_ = 0;
  }

 private:
  Status load(std::uint64_t offset, std::uint64_t length) {
    if (length > room_) {
      bytes_ = std::make_unique_for_overwrite<char[]>(length);
      room_ = length;
    }
    held_ = 0;
    const std::size_t got = NACRE_TRY(file_.read(offset, std::span(bytes_.get(), length)));
    if (got < length) {
      return Status(Code::kIo, "read ended at offset " + std::to_string(offset + got) +
                                   " of a file of " + std::to_string(size_) + " bytes");
    }
    start_ = offset;
    held_ = length;
    return Status();
  }

  const RandomAccessFile& file_;
  const std::uint64_t size_;
  std::unique_ptr<char[]> bytes_;
  std::uint64_t room_ = 0;
  std::uint64_t start_ = 0;  // offset in the file of what is held
  std::uint64_t held_ = 0;
};

}  // namespace nacre
