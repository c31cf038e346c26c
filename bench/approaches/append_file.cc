// append_file.cc - the least that keeps a write: add it to the end of a file.
//
// A put is one write(2) and moves no other byte: no way is cheaper. A get must look for the newest
// entry of its key from the end towards the front, since nothing says where it is. The second form
// remembers in memory where the newest entry of each key is: 16 bytes a slot, at most 7 of 8 slots
// in use. A get is then one read, but the memory grows with the number of keys, and entries have no
// order: "the ten keys after this one" would have to look at all of them.
//
// Neither ever gives back the space of what was overwritten.
#include <algorithm>
#include <bit>

#include "approaches/approach.h"
#include "approaches/raw_file.h"
#include "base/hash.h"

namespace nacre::bench {

namespace {

class AppendFile : public Approach {
 public:
  explicit AppendFile(const ApproachSettings& settings)
      : settings_(settings), file_(settings.dir + "/entries", O_RDWR | O_CREAT | O_APPEND) {}

  std::string load() override {
    constexpr std::uint64_t kGroup = 4096;
    Keys keys(KeyKind::kDecimal);
    Values values(kValueBytes);
    std::string bytes;
    for (std::uint64_t i = 0; i < settings_.entries; ++i) {
      bytes += keys.text(i);
      bytes += values.of(i, 0);
      if ((i + 1) % kGroup == 0 || i + 1 == settings_.entries) {
        file_.write(bytes);
        bytes.clear();
      }
    }
    count_ = settings_.entries;
    file_.sync();
    return {};
  }
  void put(std::string_view key, std::string_view value) override {
    entry_.assign(key).append(value);
    file_.write(entry_);
    ++count_;
  }
  bool get(std::string_view key, std::string& value) override {
    constexpr std::uint64_t kPiece = 8192;  // entries read at once, a little under a MiB
    piece_.resize(kPiece * kEntryBytes);
    for (std::uint64_t end = count_; end > 0;) {
      const std::uint64_t begin = end - std::min(end, kPiece);
      file_.read(begin * kEntryBytes, piece_.data(), (end - begin) * kEntryBytes);
      for (std::uint64_t i = end; i-- > begin;) {
        const char* entry = piece_.data() + (i - begin) * kEntryBytes;
        if (std::memcmp(entry, key.data(), kKeyBytes) != 0) continue;
        value.assign(entry + kKeyBytes, kValueBytes);
        return true;
      }
      end = begin;
    }
    return false;
  }
  void settle() override { file_.sync(); }

 protected:
  const ApproachSettings settings_;
  RawFile file_;
  std::uint64_t count_ = 0;  // entries in the file

 private:
  std::string entry_;
  std::string piece_;
};

class IndexedFile final : public AppendFile {
 public:
  using AppendFile::AppendFile;

  std::string load() override {
    const std::uint64_t slots = std::bit_ceil(settings_.entries * 8 / 7);
    const std::uint64_t bytes = slots * sizeof(Slot);
    if (bytes >= settings_.memory_bytes) {
      return "its index takes " + std::to_string(bytes >> 20) + " MiB: all the memory";
    }
    AppendFile::load();
    slots_.resize(slots);
    Keys keys(KeyKind::kDecimal);
    for (std::uint64_t i = 0; i < settings_.entries; ++i) remember(keys.text(i), i);
    return {};
  }
  void put(std::string_view key, std::string_view value) override {
    AppendFile::put(key, value);
    remember(key, count_ - 1);
  }
  bool get(std::string_view key, std::string& value) override {
    const Slot& slot = slot_of(hash64(key, 0));
    if (slot.entry_plus_1 == 0) return false;
    char entry[kEntryBytes];
    file_.read((slot.entry_plus_1 - 1) * kEntryBytes, entry, kEntryBytes);
    if (std::memcmp(entry, key.data(), kKeyBytes) != 0) fail("two keys have one hash");
    value.assign(entry + kKeyBytes, kValueBytes);
    return true;
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint64_t entry_plus_1 = 0;  // 0: the slot is free
  };
  void remember(std::string_view key, std::uint64_t entry) {
    const std::uint64_t hash = hash64(key, 0);
    slot_of(hash) = {hash, entry + 1};
  }
  /// The slot of that hash, or the free one where it belongs.
  Slot& slot_of(std::uint64_t hash) {
    std::uint64_t i = hash & (slots_.size() - 1);
    while (slots_[i].entry_plus_1 != 0 && slots_[i].hash != hash) i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }
  std::vector<Slot> slots_;
};

}  // namespace

std::unique_ptr<Approach> make_append_file(const ApproachSettings& settings) {
  return std::make_unique<AppendFile>(settings);
}

std::unique_ptr<Approach> make_indexed_file(const ApproachSettings& settings) {
  return std::make_unique<IndexedFile>(settings);
}

}  // namespace nacre::bench
