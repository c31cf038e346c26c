// fault_env.h - a world that behaves like another one until the operation that is to fail.
//
//   FaultEnv faulty(world);
//   faulty.injector().arm({.ops = {FaultOp::kLogSync}, .nth = n});
//
// Run a workload for n = 1, 2, 3, ... until the fault no longer strikes: then every place that can
// fail has failed once.
//
// THREADS    any.
// LIFETIME   the world below must outlive this, and this all files opened through it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env/fault_injector.h"
#include "env/sim_env.h"
#include "nacre/env.h"

namespace nacre {

class FaultFileSystem final : public FileSystem {
 public:
  FaultFileSystem(FileSystem& below, FaultInjector& injector)
      : below_(below), injector_(injector) {}

  Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path, ReadMode mode) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<LogFile>> create_log(const std::string& path, LogMode mode,
                                              std::uint64_t capacity) override;
  Result<std::vector<std::string>> list(const std::string& dir) override;
  Result<PathKind> kind(const std::string& path) override;
  Status create_dir(const std::string& path) override;
  Status remove_dir(const std::string& path) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status sync_dir(const std::string& dir) override;
  Status secure(const std::string& path, std::uint64_t from, std::uint64_t length) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& dir) override;

 private:
  FileSystem& below_;
  FaultInjector& injector_;
};

class FaultEnv final : public Env {
 public:
  /// Without FaultEffect::kDropped, which only a simulated disk can do.
  explicit FaultEnv(Env& below);
  explicit FaultEnv(SimEnv& below);

  FileSystem& fs() override { return fs_; }
  Clock& clock() override { return below_.clock(); }
  Executor& executor() override { return below_.executor(); }
  std::uint64_t entropy() override { return below_.entropy(); }
  std::uint64_t memory_bytes() override { return below_.memory_bytes(); }

  FaultInjector& injector() { return injector_; }

 private:
  Env& below_;
  FaultInjector injector_;
  FaultFileSystem fs_;
};

}  // namespace nacre
