#include "lsm/manifest.h"

#include <algorithm>

#include "base/limits.h"
#include "base/try.h"
#include "lsm/file_name.h"

namespace nacre {

namespace {

constexpr std::uint64_t kRotationBytesMin = 1 << 20;
constexpr std::uint64_t kRotationFactor = 4;

/// M1: by the time of the rename, the manifest and its name are on stable storage.
Status switch_current(FileSystem& fs, const std::string& dir, FileNumber number) {
  const std::string temp = join_path(dir, kCurrentTempName);
  const PathKind left_over = NACRE_TRY(fs.kind(temp));
  if (left_over != PathKind::kNothing) NACRE_TRY(fs.remove(temp));
  std::unique_ptr<WritableFile> file = NACRE_TRY(fs.create(temp));
  NACRE_TRY(file->append(encode_current(number)));
  NACRE_TRY(file->sync());
  NACRE_TRY(file->close());
  NACRE_TRY(fs.rename(temp, join_path(dir, kCurrentName)));
  return fs.sync_dir(dir);
}

}  // namespace

Manifest::Manifest(std::string path, FileNumber number, const StoreIdentity& identity)
    : path_(std::move(path)), number_(number), seed_(manifest_seed(identity, number)) {}

Result<std::unique_ptr<Manifest>> Manifest::create(FileSystem& fs, const std::string& dir,
                                                   FileNumber number, const StoreIdentity& identity,
                                                   const Edit& snapshot) {
  std::unique_ptr<Manifest> manifest(
      new Manifest(join_path(dir, manifest_name(number)), number, identity));
  NACRE_TRY(manifest->write_snapshot(fs, identity, snapshot));
  NACRE_TRY(fs.sync_dir(dir));
  NACRE_TRY(switch_current(fs, dir, number));
  return manifest;
}

Status Manifest::write_snapshot(FileSystem& fs, const StoreIdentity& identity,
                                const Edit& snapshot) {
  NACRE_TRY(counters_.apply(snapshot).with_context(path_));
  if (!snapshot.states_order || counters_.next_file <= number_) {
    return Status::invalid(path_ + ": a snapshot states the key order and a next file above " +
                           std::to_string(raw(number_)));
  }
  std::string payload;
  encode_edit(snapshot, payload);
  // Half of what a manifest may hold is left for what comes after the snapshot.
  if (payload.size() > kManifestBytesMax / 2) {
    return Status::invalid(path_ + ": the snapshot is too large for a manifest");
  }
  std::string bytes = encode_manifest_header(identity, number_);
  bytes += encode_manifest_record({seed_, bytes.size()}, ManifestKind::kSnapshot, payload);
  file_ = NACRE_TRY(fs.create(path_));
  NACRE_TRY(file_->append(bytes));
  NACRE_TRY(file_->sync());
  bytes_ = bytes.size();
  snapshot_bytes_ = bytes.size();
  return Status();
}

Status Manifest::append(const Edit& edit) {
  if (!failed_.ok()) return failed_;
  Counters counters = counters_;
  NACRE_TRY(counters.apply(edit).with_context(path_));
  std::string payload;
  encode_edit(edit, payload);
  if (payload.size() > kEditBytesMax) {
    return Status::invalid(path_ + ": an edit of " + std::to_string(payload.size()) +
                           " bytes is too large");
  }
  const std::string record = encode_manifest_record({seed_, bytes_}, ManifestKind::kEdit, payload);
  if (record.size() > kManifestBytesMax - bytes_) {
    return Status::invalid(path_ + ": it is full; a new manifest must take over");
  }
  failed_ = file_->append(record);
  if (failed_.ok()) failed_ = file_->sync();
  if (!failed_.ok()) return failed_;
  bytes_ += record.size();
  counters_ = counters;
  return Status();
}

bool Manifest::wants_rotation() const {
  const std::uint64_t enough = std::max(kRotationBytesMin, kRotationFactor * snapshot_bytes_);
  return bytes_ > std::min(enough, kManifestBytesMax - kEditBytesMax);
}

}  // namespace nacre
