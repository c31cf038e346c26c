// posix_writable_file.h - a new file, written from front to back through a buffer.
//
// THREADS    one at a time.
// OWNS       the descriptor, the same from the first byte to the last sync: the system reports a
//            failed write-back to the descriptors that were open when it failed. The buffer grows
//            with what is appended, and goes with each sync: a table is written in one go and
//            synced once, whereas a manifest stays open, and hardly ever gets a few bytes, for as
//            long as its store does.
// INVARIANT  the file holds [0, written_), the buffer what follows. After a failure every call
//            returns that failure: which bytes reached the disk is unknown, and a second sync
//            would report success over pages that the first one gave up.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "env/posix_io.h"
#include "nacre/env.h"

namespace nacre {

class PosixWritableFile : public WritableFile {
 public:
  static constexpr std::size_t kBufferBytesMin = 4 << 10;
  static constexpr std::size_t kBufferBytesMax = 256 << 10;

  static Result<std::unique_ptr<WritableFile>> create(const std::string& path);

  PosixWritableFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status append(std::string_view bytes) override;
  Status sync() override;
  Status close() override;

  /// Memory held for what is not written yet.
  std::size_t buffer_bytes() const { return capacity_; }

 private:
  /// Makes room for `bytes` more, or for as many as the largest buffer can take.
  void grow(std::size_t bytes);
  void release();
  Status flush();
  Status write(std::string_view bytes);
  // Makes the error of a call on the file the lasting one, and gives up what was not written.
  Status fail(std::string_view operation, int error);

  Fd fd_;
  const std::string path_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;  // of the buffer
  std::size_t buffered_ = 0;
  std::uint64_t written_ = 0;
  Status state_;  // the first failure, or kClosed after close()
};

}  // namespace nacre
