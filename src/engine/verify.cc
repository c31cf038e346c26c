// Every byte of every live file, read again and checked.

#include <optional>

#include "base/try.h"
#include "engine/engine.h"
#include "lsm/file_name.h"
#include "table/table_reader.h"
#include "wal/wal_reader.h"

namespace nacre::engine {

namespace {

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

class Verification {
 public:
  Verification(const Context& context, const Version& version, const Progress& progress)
      : context_(context), version_(version), progress_(progress), total_(version.bytes()) {}

  Result<VerifyReport> run() {
    check_manifest();
    for (int level = 0; level < kLevelCount; ++level) {
      for (const TablePtr& table : version_.level(level)) check_table(*table);
    }
    for (const std::string& name : NACRE_TRY(context_.fs().list(context_.dir))) {
      const auto file = parse_file_name(name);
      const bool live =
          file.has_value() && file->type == FileType::kWal && raw(file->number) >= raw(wal_floor_);
      if (live) check_wal(name, file->number);
    }
    return std::move(report_);
  }

 private:
  void damage(std::string file, Status error) {
    report_.damage.push_back({std::move(file), std::move(error)});
  }
  void done(std::uint64_t bytes) {
    ++report_.files;
    report_.bytes += bytes;
    if (progress_) progress_(report_.bytes, total_);
  }

  /// CURRENT and the manifest, read as an open would.
  void check_manifest() {
    Result<ManifestContents> manifest = recover_manifest(context_.fs(), context_.dir);
    if (!manifest.ok()) return damage(std::string(kCurrentName), std::move(manifest).error());
    wal_floor_ = manifest->state.wal_floor.value_or(FileNumber{0});
    total_ += manifest->bytes;
    ++report_.files;  // CURRENT
    done(manifest->bytes);
  }

  void check_table(const Table& table) {
    Status status = verify_table(table);
    if (!status.ok()) damage(table_name(table.meta.number), std::move(status));
    done(table.meta.bytes);
  }

  Status verify_table(const Table& table) const {
    return NACRE_TRY(table.load())->verify([&](std::uint64_t bytes) {
      if (progress_) progress_(report_.bytes + bytes, total_);
      return true;
    });
  }

  /// A record that is being written while this reads is no damage, and may look like one once: only
  /// a complaint that comes twice counts.
  void check_wal(const std::string& name, FileNumber number) {
    std::uint64_t bytes = 0;
    const Status first = wal_status(number, bytes);
    if (!first.ok() && wal_status(number, bytes).message() == first.message()) {
      damage(name, first);
    }
    total_ += bytes;
    done(bytes);
  }
  Status wal_status(FileNumber number, std::uint64_t& bytes) const {
    Result<std::unique_ptr<WalReader>> opened = WalReader::open(
        context_.fs(), context_.path(wal_name(number)), WalIdentity{context_.salt, number});
    if (!opened.ok()) {
      // Its writes were flushed meanwhile, and it is gone.
      return opened.error().code() == Code::kNotFound ? Status() : opened.error();
    }
    WalReader& reader = **opened;
    for (;;) {
      const Result<std::optional<WalRecord>> record = reader.next();
      if (!record.ok()) return record.error();
      if (!record->has_value()) break;
    }
    bytes = reader.stop().offset;
    return reader.stop().kind == WalStop::Kind::kCorrupt ? reader.stop_status() : Status();
  }

  const Context& context_;
  const Version& version_;
  const Progress& progress_;
  std::uint64_t total_;
  FileNumber wal_floor_{};
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> Engine::verify(const Progress& progress) const {
  const ViewPtr view = view_.pin();
  return Verification(context_, *view->version, progress).run();
}

}  // namespace nacre::engine
