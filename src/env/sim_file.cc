#include "env/sim_file.h"

#include <atomic>
#include <utility>

#include "base/check.h"
#include "base/try.h"

namespace nacre {
namespace {

class SimReader final : public RandomAccessFile {
 public:
  SimReader(std::shared_ptr<SimCore> core, std::shared_ptr<SimFile> file)
      : core_(std::move(core)), file_(std::move(file)) {}

  // Reads the live bytes, not those of the time of opening: a test that damages a file under an
  // open store must be seen.
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    return core_->access([&](SimState&) { return file_->current.read(offset, out); });
  }

  void read_many(std::span<ReadRequest> requests) const override {
    core_->access([&](SimState&) {
      for (ReadRequest& request : requests) {
        request.count = file_->current.read(request.offset, request.out);
        request.status = Status();
      }
    });
  }

  std::uint64_t size() const override {
    return core_->access([&](SimState&) { return file_->current.size(); });
  }

 private:
  std::shared_ptr<SimCore> core_;
  std::shared_ptr<SimFile> file_;
};

class SimWriter final : public WritableFile {
 public:
  SimWriter(std::shared_ptr<SimCore> core, std::shared_ptr<SimFile> file, std::string path)
      : core_(std::move(core)), file_(std::move(file)), path_(std::move(path)) {}
  // Whoever gives a file up without close() gives up what is in the buffer.
  ~SimWriter() override {
    core_->access([&](SimState& state) { sim_drop_buffer(state, *file_); });
  }
  SimWriter(const SimWriter&) = delete;
  SimWriter& operator=(const SimWriter&) = delete;

  Status append(std::string_view bytes) override {
    if (closed_) return Status::closed("append " + path_);
    NACRE_TRY(core_->access([&](SimState& state) {
      Status status = sim_charge(state, *file_, bytes.size(), "append", path_);
      if (status.ok()) file_->buffer += bytes;
      return status;
    }));
    if (buffered() >= kSimBufferBytes) flush();
    return Status();
  }

  Status sync() override {
    if (closed_) return Status::closed("sync " + path_);
    flush();
    core_->mutate([&](SimState& state) {
      if (!state.lying_sync) sim_sync_file(state, *file_);
    });
    return Status();
  }

  Status close() override {
    if (closed_) return Status::closed("close " + path_);
    flush();
    closed_ = true;
    return Status();
  }

 private:
  std::size_t buffered() const {
    return core_->access([&](SimState&) { return file_->buffer.size(); });
  }

  void flush() {
    if (buffered() == 0) return;
    core_->mutate([&](SimState& state) { sim_flush_buffer(state, file_); });
  }

  std::shared_ptr<SimCore> core_;
  std::shared_ptr<SimFile> file_;
  std::string path_;
  bool closed_ = false;
};

class SimLog final : public LogFile {
 public:
  SimLog(std::shared_ptr<SimCore> core, std::shared_ptr<SimFile> file, std::string path,
         std::uint64_t capacity)
      : core_(std::move(core)),
        file_(std::move(file)),
        path_(std::move(path)),
        capacity_(capacity) {}

  std::uint64_t capacity() const override { return capacity_; }
  std::uint64_t prepared() const override { return prepared_.load(std::memory_order_acquire); }

  Status prepare(std::uint64_t end) override {
    NACRE_CHECK(!sealed_);
    if (end > capacity_) return Status::invalid("prepare " + path_ + ": past the capacity");
    const std::uint64_t begin = prepared();
    if (end <= begin) return Status();
    NACRE_TRY(core_->mutate([&](SimState& state) {
      Status status = sim_charge(state, *file_, end - begin, "prepare", path_);
      if (status.ok()) sim_write_zeros(state, file_, begin, end - begin);
      return status;
    }));
    prepared_.store(end, std::memory_order_release);
    return Status();
  }

  Status write(std::uint64_t offset, std::string_view bytes) override {
    const std::uint64_t ready = prepared();
    NACRE_CHECK(!sealed_ && offset <= ready && bytes.size() <= ready - offset);
    NACRE_CHECK(offset >= released_.load(std::memory_order_relaxed));
    core_->mutate([&](SimState& state) { sim_write(state, file_, offset, bytes); });
    return Status();
  }

  Status sync() override {
    NACRE_CHECK(!sealed_);
    sync_file();
    return Status();
  }

  void release_before(std::uint64_t offset) override {
    released_.store(offset, std::memory_order_relaxed);
  }

  // Two steps, each announced: a crash may come between the cut and the sync.
  Status seal(std::uint64_t length) override {
    NACRE_CHECK(!sealed_ && length <= prepared());
    sealed_ = true;
    core_->mutate([&](SimState& state) {
      sim_resize(state, file_, length);
      if (!file_->linked) return;
      state.used -= file_->charged - length;
      file_->charged = length;
    });
    sync_file();
    return Status();
  }

 private:
  void sync_file() {
    core_->mutate([&](SimState& state) {
      if (!state.lying_sync) sim_sync_file(state, *file_);
    });
  }

  std::shared_ptr<SimCore> core_;
  std::shared_ptr<SimFile> file_;
  std::string path_;
  std::uint64_t capacity_;
  std::atomic<std::uint64_t> prepared_{0};
  std::atomic<std::uint64_t> released_{0};
  bool sealed_ = false;
};

class SimLock final : public FileLock {
 public:
  SimLock(std::shared_ptr<SimCore> core, std::shared_ptr<SimFile> file)
      : core_(std::move(core)), file_(std::move(file)) {}
  ~SimLock() override {
    core_->access([&](SimState&) { file_->locked = false; });
  }
  SimLock(const SimLock&) = delete;
  SimLock& operator=(const SimLock&) = delete;

 private:
  std::shared_ptr<SimCore> core_;
  std::shared_ptr<SimFile> file_;
};

}  // namespace

std::unique_ptr<RandomAccessFile> make_sim_reader(std::shared_ptr<SimCore> core,
                                                  std::shared_ptr<SimFile> file) {
  return std::make_unique<SimReader>(std::move(core), std::move(file));
}

std::unique_ptr<WritableFile> make_sim_writer(std::shared_ptr<SimCore> core,
                                              std::shared_ptr<SimFile> file, std::string path) {
  return std::make_unique<SimWriter>(std::move(core), std::move(file), std::move(path));
}

std::unique_ptr<LogFile> make_sim_log(std::shared_ptr<SimCore> core, std::shared_ptr<SimFile> file,
                                      std::string path, std::uint64_t capacity) {
  return std::make_unique<SimLog>(std::move(core), std::move(file), std::move(path), capacity);
}

std::unique_ptr<FileLock> make_sim_lock(std::shared_ptr<SimCore> core,
                                        std::shared_ptr<SimFile> file) {
  return std::make_unique<SimLock>(std::move(core), std::move(file));
}

}  // namespace nacre
