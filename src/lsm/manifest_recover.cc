#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/try.h"
#include "lsm/file_name.h"
#include "lsm/manifest.h"
#include "lsm/version.h"

namespace nacre {

namespace {

constexpr std::string_view kRemedy =
    "; restore the store from a backup or a checkpoint, nothing was changed";

Status damaged(const std::string& path, std::uint64_t offset, const std::string& what) {
  return Status::corruption_at(path, offset, what + std::string(kRemedy));
}

/// A whole file, which must not be longer than `max`.
Result<std::string> read_file(FileSystem& fs, const std::string& path, std::uint64_t max) {
  const std::unique_ptr<RandomAccessFile> file = NACRE_TRY(fs.open(path, ReadMode::kBuffered));
  const std::uint64_t size = file->size();
  if (size > max) return damaged(path, max, "the file is longer than it can be");
  std::string bytes(size, '\0');
  const std::size_t got = NACRE_TRY(file->read(0, bytes));
  if (got != size) return Status(Code::kIo, "read " + path + ": it ended early");
  return bytes;
}

/// Why there is no CURRENT: no store, a store that lost it, or something else's directory.
Status explain_missing_current(FileSystem& fs, const std::string& dir) {
  const Status no_store(Code::kNotFound, dir + ": there is no store here");
  const PathKind kind = NACRE_TRY(fs.kind(dir));
  if (kind == PathKind::kNothing) return no_store;
  if (kind != PathKind::kDirectory) return Status::invalid(dir + ": not a directory");
  const std::vector<std::string> names = NACRE_TRY(fs.list(dir));
  std::string foreign;
  for (const std::string& name : names) {
    const std::optional<FileName> parsed = parse_file_name(name);
    if (!parsed.has_value()) {
      if (foreign.empty() || name < foreign) foreign = name;
    } else if (parsed->type == FileType::kTable || parsed->type == FileType::kWal) {
      // The first create() returns before the first table or wal is made: this store had a CURRENT.
      return Status::corruption(join_path(dir, kCurrentName) + ": missing, but there is " + name +
                                std::string(kRemedy));
    }
  }
  if (foreign.empty()) return no_store;
  return Status::invalid(dir + ": not a Nacre store: it has no CURRENT and holds " + foreign);
}

/// True when the bad bytes at `offset` can't be an append that a crash cut off, because something
/// was written behind them: append() syncs a record before it writes the next. `at` is where.
bool is_followed(std::string_view bytes, std::uint64_t seed, std::uint64_t offset,
                 std::uint64_t& at) {
  // Its own header says that it ends before the file does.
  const std::optional<std::uint64_t> end = guarded_record_end(bytes, {seed, offset});
  if (end.has_value() && *end < bytes.size()) {
    at = *end;
    return true;
  }
  // Its header is damaged, but a record was begun somewhere behind it. Whether that one is whole
  // does not matter.
  for (at = offset + kManifestRecordHeaderBytes; at < bytes.size(); at += 8) {
    if (guarded_record_end(bytes, {seed, at}).has_value()) return true;
  }
  return false;
}

/// Reads the records of one manifest in order.
class Replay {
 public:
  Replay(std::string_view bytes, const std::string& path, std::uint64_t seed)
      : bytes_(bytes), path_(path), seed_(seed) {}

  Status run(ManifestContents& contents) {
    std::uint64_t offset = kManifestHeaderBytes;
    while (offset < bytes_.size() || contents.edits.empty()) {
      const std::optional<ManifestRecord> record = read_manifest_record(bytes_, {seed_, offset});
      if (!record.has_value()) {
        NACRE_TRY(judge_bad_record(offset, contents.edits.empty()));
        contents.torn = TornTail{offset, bytes_.size() - offset};
        break;
      }
      NACRE_TRY(take(*record, offset, contents));
      offset = record->end;
    }
    contents.bytes = offset;
    contents.state = fold_.result();
    return check_state(contents);
  }

 private:
  /// Success when the bad bytes can be an append that was cut off.
  Status judge_bad_record(std::uint64_t offset, bool is_first) const {
    if (is_first) return damaged(path_, offset, "the first record is damaged");
    std::uint64_t at = 0;
    if (!is_followed(bytes_, seed_, offset, at)) return Status();
    return damaged(path_, offset,
                   "a damaged record, with another behind it at offset " + std::to_string(at));
  }

  Status take(const ManifestRecord& record, std::uint64_t offset, ManifestContents& contents) {
    const bool is_first = contents.edits.empty();
    const auto snapshot = static_cast<std::uint32_t>(ManifestKind::kSnapshot);
    const auto edit_kind = static_cast<std::uint32_t>(ManifestKind::kEdit);
    if (record.kind != snapshot && record.kind != edit_kind) {
      return Status::unsupported(path_ + ": a record of kind " + std::to_string(record.kind) +
                                 ": written by a newer Nacre");
    }
    if ((record.kind == snapshot) != is_first) {
      return damaged(path_, offset, "the snapshot must be the first record, and only the first");
    }
    if (!is_first && record.payload.size() > kEditBytesMax) {
      return damaged(path_, offset, "an edit that is too large");
    }
    Result<Edit> edit = decode_edit(record.payload);
    if (!edit.ok()) {
      return std::move(edit).error().with_context(path_ + ": record at offset " +
                                                  std::to_string(offset));
    }
    if (const Status status = fold_.apply(*edit); !status.ok()) {
      return damaged(path_, offset, std::string(status.message()));
    }
    if (is_first && !edit->states_order) {
      return damaged(path_, offset, "the snapshot does not state the order of the keys");
    }
    contents.edits.push_back(*std::move(edit));
    return Status();
  }

  Status check_state(const ManifestContents& contents) const {
    if (fold_.counters().next_file <= contents.number) {
      return damaged(path_, kManifestHeaderBytes, "the next file is not above the manifest itself");
    }
    const Result<VersionPtr> version = Version::empty()->next(contents.state, nullptr);
    if (version.ok()) return Status();
    return damaged(path_, contents.bytes, std::string(version.error().message()));
  }

  const std::string_view bytes_;
  const std::string& path_;
  const std::uint64_t seed_;
  EditFold fold_;
};

}  // namespace

Result<ManifestContents> decode_manifest(std::string_view bytes, FileNumber number,
                                         const std::string& path) {
  ManifestContents contents;
  contents.number = number;
  contents.identity = NACRE_TRY(decode_manifest_header(bytes, number, path));
  const std::uint64_t seed = manifest_seed(contents.identity, number);
  NACRE_TRY(Replay(bytes, path, seed).run(contents));
  return contents;
}

Result<ManifestContents> recover_manifest(FileSystem& fs, const std::string& dir) {
  const std::string current = join_path(dir, kCurrentName);
  const PathKind kind = NACRE_TRY(fs.kind(current));
  if (kind == PathKind::kNothing) return explain_missing_current(fs, dir);
  if (kind != PathKind::kFile) return Status::corruption(current + ": not a file");
  const std::string line = NACRE_TRY(read_file(fs, current, 128));
  const std::optional<FileNumber> number = parse_current(line);
  if (!number.has_value()) return damaged(current, 0, "it does not name a manifest");
  const std::string path = join_path(dir, manifest_name(*number));
  const PathKind manifest_kind = NACRE_TRY(fs.kind(path));
  if (manifest_kind != PathKind::kFile) {
    return Status::corruption(path + ": missing, but CURRENT names it" + std::string(kRemedy));
  }
  const std::string bytes = NACRE_TRY(read_file(fs, path, kManifestBytesMax));
  return decode_manifest(bytes, *number, path);
}

}  // namespace nacre
