// small_disk.h - one directory on a disk that can lose power and fail, just large enough for the
// tests of the manifest.
//
// It writes down every change. after_cut() plays them back up to any point and decides what of the
// bytes and names that were not synced by then is there after the power comes back. All synced
// things are always there; the rest is up to the profile.
//
// THREADS    one.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "nacre/env.h"

namespace nacre::test {

/// What becomes of unsynced bytes and names. Both kinds are judged apart from each other.
enum class Lose {
  kAll,      // none is there
  kNothing,  // all are there
  kTail,     // a prefix is there
  kPieces,   // any are there: bytes by sectors of 512, lost ones zero; names each by itself
  kWords,    // the same, bytes by words of 8
};
inline constexpr Lose kAllLosses[] = {Lose::kAll, Lose::kNothing, Lose::kTail, Lose::kPieces,
                                      Lose::kWords};

class SmallDisk final : public FileSystem {
 public:
  SmallDisk() = default;
  /// A disk whose directory holds these files, all synced.
  explicit SmallDisk(std::map<std::string, std::string> files) : start_(std::move(files)) {
    for (const auto& [name, bytes] : start_) names_[name] = std::make_shared<std::string>(bytes);
  }

  /// How many changes were made.
  std::size_t changes() const { return changes_.size(); }
  /// The change with this index fails, and with `for_good` all after it. A failing append leaves
  /// half of its bytes, a failing sync nothing synced, and any other does nothing.
  void fail_at(std::size_t index, bool for_good) {
    fail_at_ = index;
    fail_for_good_ = for_good;
  }
  /// The files there are now, whatever is synced.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> files;
    for (const auto& [name, bytes] : names_) files[name] = *bytes;
    return files;
  }
  /// The files after the power was cut behind the first `count` changes.
  std::map<std::string, std::string> after_cut(std::size_t count, Lose lose_bytes, Lose lose_names,
                                               Random& random) const;

  Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path, ReadMode) override;
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<LogFile>> create_log(const std::string& path, LogMode,
                                              std::uint64_t) override {
    return Status::unsupported(path);
  }
  Result<std::vector<std::string>> list(const std::string&) override {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : names_) names.push_back(name);
    return names;
  }
  Result<PathKind> kind(const std::string& path) override {
    if (path == "db") return PathKind::kDirectory;
    return names_.contains(name_of(path)) ? PathKind::kFile : PathKind::kNothing;
  }
  Status create_dir(const std::string& path) override { return Status::unsupported(path); }
  Status remove_dir(const std::string& path) override { return Status::unsupported(path); }
  Status remove(const std::string& path) override {
    if (!change({Act::kRemove, 0, name_of(path), "", ""})) return io_error("remove", path);
    names_.erase(name_of(path));
    return Status();
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (!change({Act::kRename, 0, name_of(from), name_of(to), ""})) return io_error("rename", from);
    names_[name_of(to)] = names_[name_of(from)];
    names_.erase(name_of(from));
    return Status();
  }
  Status sync_dir(const std::string& dir) override {
    return change({Act::kSyncDir, 0, "", "", ""}) ? Status() : io_error("sync", dir);
  }
  Status secure(const std::string& path, std::uint64_t, std::uint64_t) override {
    return Status::unsupported(path);
  }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return Status::unsupported(path);
  }
  Result<std::uint64_t> free_bytes(const std::string&) override { return std::uint64_t{1} << 30; }

 private:
  enum class Act { kCreate, kAppend, kSync, kRename, kRemove, kSyncDir };
  struct Change {
    Act act;
    std::size_t file;  // which file ever created, from 1
    std::string name;
    std::string to;
    std::string bytes;
  };
  struct Image {  // of one file while changes are played back
    std::string bytes;
    std::size_t synced = 0;
  };
  using Names = std::map<std::string, std::size_t>;  // to the index of an Image

  class Reader;
  class Writer;

  static std::string name_of(const std::string& path) {
    return path.substr(path.find_last_of('/') + 1);
  }
  static Status io_error(const std::string& what, const std::string& path) {
    return Status(Code::kIo, what + " " + path + ": injected");
  }
  /// Writes the change down, and returns whether it succeeds.
  bool change(Change change) {
    const std::size_t index = attempts_++;
    if (index == fail_at_ || (fail_for_good_ && index > fail_at_)) return false;
    changes_.push_back(std::move(change));
    return true;
  }
  static void apply_name(const Change& change, Names& names);
  static std::string lose(const Image& image, Lose how, Random& random);

  std::map<std::string, std::string> start_;
  std::map<std::string, std::shared_ptr<std::string>> names_;
  std::vector<Change> changes_;
  std::size_t files_ = 0;
  std::size_t attempts_ = 0;
  std::size_t fail_at_ = ~std::size_t{0};
  bool fail_for_good_ = false;
};

class SmallDisk::Reader final : public RandomAccessFile {
 public:
  explicit Reader(std::shared_ptr<std::string> bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    const std::size_t from = std::min<std::size_t>(offset, bytes_->size());
    const std::size_t count = std::min(out.size(), bytes_->size() - from);
    std::memcpy(out.data(), bytes_->data() + from, count);
    return count;
  }
  void read_many(std::span<ReadRequest>) const override {}
  std::uint64_t size() const override { return bytes_->size(); }

 private:
  std::shared_ptr<std::string> bytes_;
};

class SmallDisk::Writer final : public WritableFile {
 public:
  Writer(SmallDisk& disk, std::size_t file, std::shared_ptr<std::string> bytes)
      : disk_(disk), file_(file), bytes_(std::move(bytes)) {}
  Status append(std::string_view bytes) override {
    if (disk_.change({Act::kAppend, file_, "", "", std::string(bytes)})) {
      bytes_->append(bytes);
      return Status();
    }
    const std::string_view half = bytes.substr(0, bytes.size() / 2);
    disk_.changes_.push_back({Act::kAppend, file_, "", "", std::string(half)});
    bytes_->append(half);
    return io_error("write", "a file");
  }
  Status sync() override {
    return disk_.change({Act::kSync, file_, "", "", ""}) ? Status() : io_error("sync", "a file");
  }
  Status close() override { return Status(); }

 private:
  SmallDisk& disk_;
  const std::size_t file_;
  std::shared_ptr<std::string> bytes_;
};

inline Result<std::unique_ptr<RandomAccessFile>> SmallDisk::open(const std::string& path,
                                                                 ReadMode) {
  const auto found = names_.find(name_of(path));
  if (found == names_.end()) return Status(Code::kNotFound, "open " + path);
  return std::unique_ptr<RandomAccessFile>(std::make_unique<Reader>(found->second));
}

inline Result<std::unique_ptr<WritableFile>> SmallDisk::create(const std::string& path) {
  const std::string name = name_of(path);
  if (names_.contains(name)) return Status(Code::kIo, "create " + path + ": exists");
  if (!change({Act::kCreate, files_ + 1, name, "", ""})) return io_error("create", path);
  ++files_;
  names_[name] = std::make_shared<std::string>();
  return std::unique_ptr<WritableFile>(std::make_unique<Writer>(*this, files_, names_[name]));
}

inline void SmallDisk::apply_name(const Change& change, Names& names) {
  if (change.act == Act::kRemove) {
    names.erase(change.name);
  } else if (change.act == Act::kCreate) {
    names[change.name] = change.file;
  } else {
    names.erase(change.name);
    names[change.to] = change.file;
  }
}

inline std::string SmallDisk::lose(const Image& image, Lose how, Random& random) {
  const std::size_t unsynced = image.bytes.size() - image.synced;
  if (unsynced == 0 || how == Lose::kNothing) return image.bytes;
  if (how == Lose::kAll) return image.bytes.substr(0, image.synced);
  if (how == Lose::kTail) return image.bytes.substr(0, image.synced + random.below(unsynced + 1));
  // The length and the sectors reach the disk in any order.
  std::string bytes = image.bytes;
  if (random.one_in(4)) bytes.resize(image.synced + random.below(unsynced + 1));
  const std::size_t unit = how == Lose::kPieces ? 512 : 8;
  for (std::size_t at = image.synced / unit * unit; at < bytes.size(); at += unit) {
    if (random.one_in(2)) continue;
    const std::size_t from = std::max(at, image.synced);
    std::fill(bytes.begin() + from, bytes.begin() + std::min(at + unit, bytes.size()), '\0');
  }
  return bytes;
}

inline std::map<std::string, std::string> SmallDisk::after_cut(std::size_t count, Lose lose_bytes,
                                                               Lose lose_names,
                                                               Random& random) const {
  std::vector<Image> images(files_ + 1);
  Names now;     // what a running program sees
  Names synced;  // what was there at the last sync of the directory
  for (const auto& [name, bytes] : start_) {
    images.push_back({bytes, bytes.size()});
    synced[name] = images.size() - 1;
  }
  now = synced;
  std::vector<Change> unsynced;
  for (std::size_t i = 0; i < count; ++i) {
    Change change = changes_[i];
    if (change.act == Act::kAppend) {
      images[change.file].bytes += change.bytes;
    } else if (change.act == Act::kSync) {
      images[change.file].synced = images[change.file].bytes.size();
    } else if (change.act == Act::kSyncDir) {
      synced = now;
      unsynced.clear();
    } else {
      if (change.act == Act::kRename) change.file = now[change.name];
      apply_name(change, now);
      unsynced.push_back(std::move(change));
    }
  }
  std::size_t kept = unsynced.size();
  if (lose_names == Lose::kAll) kept = 0;
  if (lose_names == Lose::kTail) kept = random.below(unsynced.size() + 1);
  const bool any = lose_names == Lose::kPieces || lose_names == Lose::kWords;
  for (std::size_t i = 0; i < kept; ++i) {
    if (!any || random.one_in(2)) apply_name(unsynced[i], synced);
  }
  std::map<std::string, std::string> files;
  for (const auto& [name, file] : synced) files[name] = lose(images[file], lose_bytes, random);
  return files;
}

}  // namespace nacre::test
