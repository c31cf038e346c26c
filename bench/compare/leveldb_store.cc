#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/options.h>
#include <leveldb/write_batch.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "common/process.h"
#include "compare/store.h"

namespace nacre::bench {

namespace {

void need(const leveldb::Status& status) {
  if (!status.ok()) fail("leveldb: " + status.ToString());
}

leveldb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const leveldb::Slice& text) { return {text.data(), text.size()}; }

/// What the options point to must outlive the store.
struct Parts {
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<const leveldb::FilterPolicy> filter;
};

class LeveldbStore final : public Store {
 public:
  LeveldbStore(Parts parts, leveldb::DB* db, const StoreSettings& settings)
      : parts_(std::move(parts)), db_(db), settings_(settings) {
    write_.sync = settings.durability == Durability::kPower;
    read_.verify_checksums = true;  // as the others do by default
  }

  void put(std::string_view key, std::string_view value) override {
    need(db_->Put(write_, slice(key), slice(value)));
  }
  void remove(std::string_view key) override { need(db_->Delete(write_, slice(key))); }
  void write(std::span<const Entry> entries) override {
    thread_local leveldb::WriteBatch batch;
    batch.Clear();
    for (const auto& [key, value] : entries) batch.Put(slice(key), slice(value));
    need(db_->Write(write_, &batch));
  }
  bool get(std::string_view key, std::string& value) override {
    const leveldb::Status status = db_->Get(read_, slice(key), &value);
    if (status.IsNotFound()) return false;
    need(status);
    return true;
  }
  std::size_t multi_get(std::span<const std::string_view> keys,
                        std::vector<std::string>& values) override {
    std::size_t there = 0;  // it has no call for several
    for (std::size_t i = 0; i < keys.size(); ++i) there += get(keys[i], values[i]) ? 1 : 0;
    return there;
  }
  std::uint64_t seek(std::string_view key, int count) override {
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(read_));
    std::uint64_t bytes = 0;
    for (it->Seek(slice(key)); it->Valid() && count > 0; it->Next(), --count) {
      bytes += it->key().size() + it->value().size();
    }
    need(it->status());
    return bytes;
  }
  std::uint64_t scan(bool reverse) override {
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(read_));
    std::uint64_t entries = 0;
    if (reverse) {
      for (it->SeekToLast(); it->Valid(); it->Prev())
        entries += sees(view(it->key()), view(it->value()));
    } else {
      for (it->SeekToFirst(); it->Valid(); it->Next())
        entries += sees(view(it->key()), view(it->value()));
    }
    need(it->status());
    return entries;
  }
  bool first(std::string& key) override {
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(read_));
    it->SeekToFirst();
    need(it->status());
    if (!it->Valid()) return false;
    key.assign(it->key().data(), it->key().size());
    return true;
  }
  void settle() override {
    // It can neither flush without compacting everything nor say whether work is due. Memory stays
    // where it is; background work is over when no processor time passes and no file changes.
    int quiet = 0;
    double last_work = wall_seconds();
    std::uint64_t bytes = directory_bytes(settings_.dir);
    while (quiet < 5) {
      const double cpu = cpu_seconds();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const std::uint64_t now = directory_bytes(settings_.dir);
      quiet = now == bytes && cpu_seconds() - cpu < 0.005 ? quiet + 1 : 0;
      bytes = now;
      if (quiet == 0) last_work = wall_seconds();
    }
    idle_ = wall_seconds() - last_work;
  }
  double settle_seconds_idle() const override { return idle_; }

 private:
  double idle_ = 0;
  const Parts parts_;
  const std::unique_ptr<leveldb::DB> db_;
  const StoreSettings settings_;
  leveldb::WriteOptions write_;
  leveldb::ReadOptions read_;
};

}  // namespace

std::unique_ptr<Store> open_leveldb(const StoreSettings& settings) {
  Parts parts{
      .cache = std::unique_ptr<leveldb::Cache>(leveldb::NewLRUCache(settings.memory_bytes)),
      .filter = std::unique_ptr<const leveldb::FilterPolicy>(leveldb::NewBloomFilterPolicy(10))};
  leveldb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = settings.memtable_bytes;
  options.max_open_files = 10'000;
  options.block_cache = parts.cache.get();
  options.filter_policy = parts.filter.get();
  options.compression = settings.compress ? leveldb::kSnappyCompression : leveldb::kNoCompression;
  leveldb::DB* db = nullptr;
  need(leveldb::DB::Open(options, settings.dir, &db));
  return std::make_unique<LeveldbStore>(std::move(parts), db, settings);
}

}  // namespace nacre::bench
