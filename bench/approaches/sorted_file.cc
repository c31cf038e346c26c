// sorted_file.cc - one file in the order of the keys: the best to read, and no place to write.
//
// A get halves the file until it has found its entry; a range is a walk. But a new entry belongs
// between two others, and files have no room there: the whole file is written anew, beside the old
// one, synced and renamed. Doing that for each put would be a joke, so 1,000 of them are gathered
// first; a put is on stable storage when its thousand is.
#include <sys/mman.h>

#include <map>

#include "approaches/approach.h"
#include "approaches/raw_file.h"

namespace nacre::bench {

namespace {

constexpr std::uint64_t kBatch = 1000;

class SortedFile final : public Approach {
 public:
  explicit SortedFile(const ApproachSettings& settings)
      : settings_(settings), path_(settings.dir + "/sorted") {}
  ~SortedFile() override { unmap(); }

  std::string load() override {
    Output out(path_);
    Keys keys(KeyKind::kDecimal);
    Values values(kValueBytes);
    for (std::uint64_t i = 0; i < settings_.entries; ++i) out.add(keys.text(i), values.of(i, 0));
    out.finish();
    map();
    return {};
  }
  void put(std::string_view key, std::string_view value) override {
    pending_[std::string(key)] = value;
    if (++puts_ == kBatch) rewrite();
  }
  bool get(std::string_view key, std::string& value) override {
    if (const auto found = pending_.find(std::string(key)); found != pending_.end()) {
      value = found->second;
      return true;
    }
    std::uint64_t begin = 0;
    std::uint64_t end = count_;
    while (begin < end) {
      const std::uint64_t middle = begin + (end - begin) / 2;
      if (this->key(middle) < key) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    if (begin == count_ || this->key(begin) != key) return false;
    value.assign(data_ + begin * kEntryBytes + kKeyBytes, kValueBytes);
    return true;
  }
  void settle() override {
    if (!pending_.empty()) rewrite();
  }
  std::uint64_t stride() const override { return kBatch; }

 private:
  /// A new file, written in large pieces.
  class Output {
   public:
    explicit Output(const std::string& path) : file_(path, O_RDWR | O_CREAT | O_TRUNC) {}
    void add(std::string_view key, std::string_view value) {
      bytes_.append(key).append(value);
      if (bytes_.size() >= kPiece) flush();
    }
    void finish() {
      flush();
      file_.sync();
    }

   private:
    static constexpr std::size_t kPiece = 1 << 20;
    void flush() {
      file_.write(bytes_);
      bytes_.clear();
    }
    RawFile file_;
    std::string bytes_;
  };

  std::string_view key(std::uint64_t i) const { return {data_ + i * kEntryBytes, kKeyBytes}; }

  void rewrite() {
    // The merge reads from front to back; searches jump.
    madvise(mapped_, count_ * kEntryBytes, MADV_SEQUENTIAL);
    Output out(path_ + ".new");
    auto next = pending_.begin();
    for (std::uint64_t i = 0; i < count_; ++i) {
      for (; next != pending_.end() && next->first < key(i); ++next) {
        out.add(next->first, next->second);
      }
      if (next != pending_.end() && next->first == key(i)) {
        out.add(next->first, next->second);
        ++next;
      } else {
        out.add(key(i), {data_ + i * kEntryBytes + kKeyBytes, kValueBytes});
      }
    }
    for (; next != pending_.end(); ++next) out.add(next->first, next->second);
    out.finish();
    unmap();
    if (rename((path_ + ".new").c_str(), path_.c_str()) != 0) fail(path_ + ": rename");
    RawFile(settings_.dir, O_RDONLY).sync();
    map();
    pending_.clear();
    puts_ = 0;
  }

  void map() {
    const RawFile file(path_, O_RDONLY);
    count_ = file.size() / kEntryBytes;
    mapped_ = mmap(nullptr, count_ * kEntryBytes, PROT_READ, MAP_SHARED, file.get(), 0);
    file.need(mapped_ != MAP_FAILED, "mmap");
    madvise(mapped_, count_ * kEntryBytes, MADV_RANDOM);
    data_ = static_cast<const char*>(mapped_);
  }
  void unmap() {
    if (data_ != nullptr) munmap(mapped_, count_ * kEntryBytes);
    data_ = nullptr;
  }

  const ApproachSettings settings_;
  const std::string path_;
  void* mapped_ = nullptr;
  const char* data_ = nullptr;
  std::uint64_t count_ = 0;  // entries in the file
  std::map<std::string, std::string> pending_;
  std::uint64_t puts_ = 0;  // since the last rewrite
};

}  // namespace

std::unique_ptr<Approach> make_sorted_file(const ApproachSettings& settings) {
  return std::make_unique<SortedFile>(settings);
}

}  // namespace nacre::bench
