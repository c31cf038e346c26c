#include "env/fault_env.h"

#include <optional>
#include <utility>

#include "base/try.h"

namespace nacre {
namespace {

void flip_bit(std::span<char> bytes, std::uint64_t seed) {
  if (bytes.empty()) return;
  char& byte = bytes[seed / 8 % bytes.size()];
  byte = static_cast<char>(byte ^ (1 << seed % 8));
}

class FaultReader final : public RandomAccessFile {
 public:
  FaultReader(std::unique_ptr<RandomAccessFile> below, FaultInjector& injector, std::string path)
      : below_(std::move(below)), injector_(injector), path_(std::move(path)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    ReadRequest request{.offset = offset, .out = out, .count = 0, .status = {}};
    read_many(std::span(&request, 1));
    if (!request.status.ok()) return std::move(request.status);
    return request.count;
  }

  void read_many(std::span<ReadRequest> requests) const override {
    std::vector<std::optional<FaultPlan>> faults;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      faults.push_back(injector_.strike(FaultOp::kRead, path_));
    }
    below_->read_many(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      ReadRequest& request = requests[i];
      if (!faults[i].has_value() || !request.status.ok()) continue;
      if (faults[i]->effect == FaultEffect::kBitFlip) {
        flip_bit(request.out.first(request.count), faults[i]->seed);
      } else {
        request.count = 0;
        request.status = Status::from_errno("read", path_, faults[i]->error_number);
      }
    }
  }

  std::uint64_t size() const override { return below_->size(); }

 private:
  std::unique_ptr<RandomAccessFile> below_;
  FaultInjector& injector_;
  std::string path_;
};

class FaultWriter final : public WritableFile {
 public:
  FaultWriter(std::unique_ptr<WritableFile> below, FaultInjector& injector, std::string path)
      : below_(std::move(below)), injector_(injector), path_(std::move(path)) {}

  Status append(std::string_view bytes) override {
    return injector_.run(FaultOp::kAppend, path_, [&] { return below_->append(bytes); });
  }
  Status sync() override {
    return injector_.run(FaultOp::kSync, path_, [&] { return below_->sync(); });
  }
  Status close() override {
    return injector_.run(FaultOp::kClose, path_, [&] { return below_->close(); });
  }

 private:
  std::unique_ptr<WritableFile> below_;
  FaultInjector& injector_;
  std::string path_;
};

class FaultLog final : public LogFile {
 public:
  FaultLog(std::unique_ptr<LogFile> below, FaultInjector& injector, std::string path)
      : below_(std::move(below)), injector_(injector), path_(std::move(path)) {}

  std::uint64_t capacity() const override { return below_->capacity(); }
  std::uint64_t prepared() const override { return below_->prepared(); }
  void release_before(std::uint64_t offset) override { below_->release_before(offset); }

  Status prepare(std::uint64_t end) override {
    return injector_.run(FaultOp::kPrepare, path_, [&] { return below_->prepare(end); });
  }
  Status write(std::uint64_t offset, std::string_view bytes) override {
    return injector_.run(FaultOp::kLogWrite, path_, [&] { return below_->write(offset, bytes); });
  }
  Status sync() override {
    return injector_.run(FaultOp::kLogSync, path_, [&] { return below_->sync(); });
  }
  Status seal(std::uint64_t length) override {
    return injector_.run(FaultOp::kSeal, path_, [&] { return below_->seal(length); });
  }

 private:
  std::unique_ptr<LogFile> below_;
  FaultInjector& injector_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<RandomAccessFile>> FaultFileSystem::open(const std::string& path,
                                                                ReadMode mode) {
  auto file =
      NACRE_TRY(injector_.run(FaultOp::kOpen, path, [&] { return below_.open(path, mode); }));
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<FaultReader>(std::move(file), injector_, path));
}

Result<std::unique_ptr<WritableFile>> FaultFileSystem::create(const std::string& path) {
  auto file = NACRE_TRY(injector_.run(FaultOp::kCreate, path, [&] { return below_.create(path); }));
  return std::unique_ptr<WritableFile>(
      std::make_unique<FaultWriter>(std::move(file), injector_, path));
}

Result<std::unique_ptr<LogFile>> FaultFileSystem::create_log(const std::string& path, LogMode mode,
                                                             std::uint64_t capacity) {
  auto file = NACRE_TRY(injector_.run(FaultOp::kCreateLog, path,
                                      [&] { return below_.create_log(path, mode, capacity); }));
  return std::unique_ptr<LogFile>(std::make_unique<FaultLog>(std::move(file), injector_, path));
}

Result<std::vector<std::string>> FaultFileSystem::list(const std::string& dir) {
  return injector_.run(FaultOp::kList, dir, [&] { return below_.list(dir); });
}

Result<PathKind> FaultFileSystem::kind(const std::string& path) {
  return injector_.run(FaultOp::kKind, path, [&] { return below_.kind(path); });
}

Status FaultFileSystem::create_dir(const std::string& path) {
  return injector_.run(FaultOp::kCreateDir, path, [&] { return below_.create_dir(path); });
}

Status FaultFileSystem::remove_dir(const std::string& path) {
  return injector_.run(FaultOp::kRemoveDir, path, [&] { return below_.remove_dir(path); });
}

Status FaultFileSystem::remove(const std::string& path) {
  return injector_.run(FaultOp::kRemove, path, [&] { return below_.remove(path); });
}

Status FaultFileSystem::rename(const std::string& from, const std::string& to) {
  return injector_.run(FaultOp::kRename, from + " -> " + to,
                       [&] { return below_.rename(from, to); });
}

Status FaultFileSystem::sync_dir(const std::string& dir) {
  return injector_.run(FaultOp::kSyncDir, dir, [&] { return below_.sync_dir(dir); });
}

Status FaultFileSystem::secure(const std::string& path, std::uint64_t from, std::uint64_t length) {
  return injector_.run(FaultOp::kSeal, path, [&] { return below_.secure(path, from, length); });
}

Result<std::unique_ptr<FileLock>> FaultFileSystem::lock(const std::string& path) {
  return injector_.run(FaultOp::kLock, path, [&] { return below_.lock(path); });
}

Result<std::uint64_t> FaultFileSystem::free_bytes(const std::string& dir) {
  return injector_.run(FaultOp::kFreeBytes, dir, [&] { return below_.free_bytes(dir); });
}

FaultEnv::FaultEnv(Env& below) : below_(below), injector_(nullptr), fs_(below.fs(), injector_) {}

FaultEnv::FaultEnv(SimEnv& below)
    : below_(below),
      injector_([&below](const std::string& path) {
        // A file that has lost its name has nothing left that a crash could show.
        below.disk().forget_unsynced(path).ignore();
      }),
      fs_(below.fs(), injector_) {}

}  // namespace nacre
