// wal_fakes.h - a file system for tests of the wal: segments are strings, calls are counted, any
// operation can be made to fail, and a test can act in the middle of a preparation.
//
// The simulated disk of src/env loses power and reorders; this one shows what the wal asked for.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "nacre/env.h"
#include "wal/wal_writer.h"

namespace nacre::test {

/// What is known of one segment file; outlives its LogFile.
struct FakeSegment {
  std::string bytes;  // its capacity, zeros where nothing was written
  std::atomic<std::uint64_t> prepared{0};
  std::atomic<std::uint64_t> released{0};
  bool removed = false;
  bool sealed = false;
  std::mutex mutex;                // of calls
  std::vector<std::string> calls;  // "write 0+64", "sync", ...
  std::string fail;                // a call that begins with this fails
  std::function<void()> during_prepare;
};

class FakeLogFile final : public LogFile {
 public:
  explicit FakeLogFile(std::shared_ptr<FakeSegment> segment) : segment_(std::move(segment)) {}

  std::uint64_t capacity() const override { return segment_->bytes.size(); }
  std::uint64_t prepared() const override { return segment_->prepared; }
  Status prepare(std::uint64_t end) override {
    const Status status = call("prepare " + std::to_string(end));
    if (!status.ok()) return status;
    if (segment_->during_prepare) segment_->during_prepare();
    if (end > segment_->bytes.size()) return Status(Code::kInvalid, "beyond the capacity");
    segment_->prepared = std::max(segment_->prepared.load(), end);
    return Status();
  }
  Status write(std::uint64_t offset, std::string_view bytes) override {
    const Status status =
        call("write " + std::to_string(offset) + "+" + std::to_string(bytes.size()));
    if (!status.ok()) return status;
    if (offset + bytes.size() > segment_->prepared) return Status(Code::kInvalid, "not prepared");
    std::memcpy(segment_->bytes.data() + offset, bytes.data(), bytes.size());
    return Status();
  }
  Status sync() override { return call("sync"); }
  void release_before(std::uint64_t offset) override { segment_->released = offset; }
  Status seal(std::uint64_t length) override {
    const Status status = call("seal " + std::to_string(length));
    if (!status.ok()) return status;
    segment_->bytes.resize(length);
    segment_->sealed = true;
    return Status();
  }

 private:
  Status call(std::string what) {
    const bool fails = !segment_->fail.empty() && what.starts_with(segment_->fail);
    std::lock_guard lock(segment_->mutex);
    segment_->calls.push_back(what);
    return fails ? Status(Code::kIo, what + " failed") : Status();
  }

  const std::shared_ptr<FakeSegment> segment_;
};

class StringFile final : public RandomAccessFile {
 public:
  explicit StringFile(std::string bytes) : bytes_(std::move(bytes)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(out.size(), bytes_.size() - offset);
    std::memcpy(out.data(), bytes_.data() + offset, count);
    return count;
  }
  void read_many(std::span<ReadRequest> requests) const override {
    for (ReadRequest& request : requests) {
      request.count = read(request.offset, request.out).value_or(0);
    }
  }
  std::uint64_t size() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
};

/// Only what the wal uses of a file system.
class FakeFileSystem final : public FileSystem {
 public:
  std::map<std::string, std::shared_ptr<FakeSegment>> segments;
  std::string fail_next;  // the FakeSegment::fail of segments created from now on

  Result<std::unique_ptr<LogFile>> create_log(const std::string& path, LogMode,
                                              std::uint64_t capacity) override {
    auto segment = std::make_shared<FakeSegment>();
    segment->bytes.assign(capacity, '\0');
    segment->fail = fail_next;
    segments[path] = segment;
    return std::unique_ptr<LogFile>(std::make_unique<FakeLogFile>(segment));
  }
  Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path, ReadMode) override {
    if (segments.count(path) == 0) return Status(Code::kNotFound, path);
    return std::unique_ptr<RandomAccessFile>(std::make_unique<StringFile>(segments[path]->bytes));
  }
  Status remove(const std::string& path) override {
    segments[path]->removed = true;
    return Status();
  }

  Result<std::unique_ptr<WritableFile>> create(const std::string&) override { return unused(); }
  Result<std::vector<std::string>> list(const std::string&) override { return unused(); }
  Result<PathKind> kind(const std::string&) override { return unused(); }
  Status create_dir(const std::string&) override { return unused(); }
  Status remove_dir(const std::string&) override { return unused(); }
  Status rename(const std::string&, const std::string&) override { return unused(); }
  Status sync_dir(const std::string&) override { return unused(); }
  Status secure(const std::string&, std::uint64_t, std::uint64_t) override { return unused(); }
  Result<std::unique_ptr<FileLock>> lock(const std::string&) override { return unused(); }
  Result<std::uint64_t> free_bytes(const std::string&) override { return unused(); }

 private:
  static Status unused() { return Status::invalid("the wal does not use this"); }
};

inline constexpr std::uint64_t kSalt = 0x0123456789ABCDEF;

/// A writer of segment 7 after segment 6 of 4,096 bytes, at path "7.wal".
inline WalWriter::Options writer_options(std::uint64_t capacity = 1 << 20) {
  WalWriter::Options options;
  options.capacity = capacity;
  options.header = {.identity = {.salt = kSalt, .number = FileNumber{7}},
                    .previous = FileNumber{6},
                    .previous_length = 4096};
  return options;
}

/// The same, made before segment 6 has ended.
inline WalWriter::Options writer_options_ahead(std::uint64_t capacity = 1 << 20) {
  WalWriter::Options options = writer_options(capacity);
  options.header.previous_length = 0;
  options.header.made_ahead = true;
  return options;
}

}  // namespace nacre::test
