#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <chrono>
#include <memory>
#include <thread>

#include "compare/store.h"

namespace nacre::bench {

namespace {

void need(const rocksdb::Status& status) {
  if (!status.ok()) fail("rocksdb: " + status.ToString());
}

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

class RocksdbStore final : public Store {
 public:
  explicit RocksdbStore(rocksdb::DB* db) : db_(db) {}
  ~RocksdbStore() override { need(db_->Close()); }

  void put(std::string_view key, std::string_view value) override {
    need(db_->Put(rocksdb::WriteOptions(), slice(key), slice(value)));
  }
  bool get(std::string_view key, std::string& value) override {
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), slice(key), &value);
    if (status.IsNotFound()) return false;
    need(status);
    return true;
  }
  std::uint64_t seek(std::string_view key, int count) override {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions()));
    std::uint64_t bytes = 0;
    for (it->Seek(slice(key)); it->Valid() && count > 0; it->Next(), --count) {
      bytes += it->key().size() + it->value().size();
    }
    need(it->status());
    return bytes;
  }
  std::uint64_t scan(bool reverse) override {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions()));
    std::uint64_t entries = 0;
    if (reverse) {
      for (it->SeekToLast(); it->Valid(); it->Prev()) entries += it->key().empty() ? 0 : 1;
    } else {
      for (it->SeekToFirst(); it->Valid(); it->Next()) entries += it->key().empty() ? 0 : 1;
    }
    need(it->status());
    return entries;
  }
  void settle() override {
    need(db_->Flush(rocksdb::FlushOptions()));
    // This version has no call that waits: ask until nothing runs and nothing is due.
    while (number(rocksdb::DB::Properties::kNumRunningCompactions) != 0 ||
           number(rocksdb::DB::Properties::kCompactionPending) != 0 ||
           number(rocksdb::DB::Properties::kNumRunningFlushes) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  void verify() override { need(db_->VerifyChecksum()); }

 private:
  std::uint64_t number(const std::string& property) const {
    std::uint64_t value = 0;
    if (!db_->GetIntProperty(property, &value)) fail("rocksdb: no property " + property);
    return value;
  }

  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace

std::unique_ptr<Store> open_rocksdb(const StoreSettings& settings) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = settings.memtable_bytes;
  options.max_write_buffer_number = 4;
  options.max_background_jobs = 2;
  options.compression = rocksdb::kLZ4Compression;
  options.level_compaction_dynamic_level_bytes = true;
  options.max_open_files = -1;
  options.use_direct_reads = settings.direct_reads;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache =
      rocksdb::HyperClockCacheOptions(settings.memory_bytes, /*estimated_entry_charge=*/4096)
          .MakeSharedCache();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* db = nullptr;
  need(rocksdb::DB::Open(options, settings.dir, &db));
  return std::make_unique<RocksdbStore>(db);
}

}  // namespace nacre::bench
