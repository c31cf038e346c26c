#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

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
std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

class RocksdbStore final : public Store {
 public:
  RocksdbStore(rocksdb::DB* db, bool sync) : db_(db) { write_.sync = sync; }
  ~RocksdbStore() override { need(db_->Close()); }

  void put(std::string_view key, std::string_view value) override {
    need(db_->Put(write_, slice(key), slice(value)));
  }
  void remove(std::string_view key) override { need(db_->Delete(write_, slice(key))); }
  void write(std::span<const Entry> entries) override {
    thread_local rocksdb::WriteBatch batch;
    batch.Clear();
    for (const auto& [key, value] : entries) need(batch.Put(slice(key), slice(value)));
    need(db_->Write(write_, &batch));
  }
  bool get(std::string_view key, std::string& value) override {
    const rocksdb::Status status = db_->Get(read_, slice(key), &value);
    if (status.IsNotFound()) return false;
    need(status);
    return true;
  }
  std::size_t multi_get(std::span<const std::string_view> keys,
                        std::vector<std::string>& values) override {
    thread_local std::vector<rocksdb::Slice> slices;
    thread_local std::vector<rocksdb::PinnableSlice> found;
    thread_local std::vector<rocksdb::Status> statuses;
    slices.clear();
    for (const std::string_view key : keys) slices.push_back(slice(key));
    found.resize(keys.size());
    statuses.resize(keys.size());
    db_->MultiGet(read_, db_->DefaultColumnFamily(), keys.size(), slices.data(), found.data(),
                  statuses.data());
    std::size_t there = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].ok()) {
        values[i].assign(found[i].data(), found[i].size());
        ++there;
      } else if (!statuses[i].IsNotFound()) {
        need(statuses[i]);
      }
      found[i].Reset();  // lets go of the block
    }
    return there;
  }
  std::uint64_t seek(std::string_view key, int count) override {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read_));
    std::uint64_t bytes = 0;
    for (it->Seek(slice(key)); it->Valid() && count > 0; it->Next(), --count) {
      bytes += it->key().size() + it->value().size();
    }
    need(it->status());
    return bytes;
  }
  std::uint64_t scan(bool reverse) override {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read_));
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
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read_));
    it->SeekToFirst();
    need(it->status());
    if (!it->Valid()) return false;
    key.assign(it->key().data(), it->key().size());
    return true;
  }
  void settle() override {
    need(db_->Flush(rocksdb::FlushOptions()));
    // Version 7.8 has no call that waits: ask until nothing runs and nothing is due.
    while (number(rocksdb::DB::Properties::kNumRunningCompactions) != 0 ||
           number(rocksdb::DB::Properties::kCompactionPending) != 0 ||
           number(rocksdb::DB::Properties::kNumRunningFlushes) != 0 ||
           number(rocksdb::DB::Properties::kMemTableFlushPending) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  std::uint64_t number(const std::string& property) const {
    std::uint64_t value = 0;
    if (!db_->GetIntProperty(property, &value)) fail("rocksdb: no property " + property);
    return value;
  }

  const std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions write_;
  const rocksdb::ReadOptions read_;
};

rocksdb::BlockBasedTableOptions table_options(const StoreSettings& settings) {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
#if ROCKSDB_MAJOR >= 9
  const std::size_t charge = 0;  // sizes its table by itself
#else
  const std::size_t charge = 4096;
#endif
  table.block_cache =
      rocksdb::HyperClockCacheOptions(settings.memory_bytes, charge).MakeSharedCache();
  return table;
}

}  // namespace

std::unique_ptr<Store> open_rocksdb(const StoreSettings& settings) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = settings.memtable_bytes;
  options.max_write_buffer_number = 4;
  options.max_background_jobs = 2;
  options.max_bytes_for_level_base = 4 * settings.memtable_bytes;  // as level 0 when it is merged
  options.compression = settings.compress ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  options.level_compaction_dynamic_level_bytes = true;
  // Measured: with one or two writers the plain write path is the fastest.
  options.enable_pipelined_write = false;
  options.allow_concurrent_memtable_write = false;
  options.memtable_prefix_bloom_size_ratio = 0.02;
  options.memtable_whole_key_filtering = true;
  options.max_open_files = -1;
  options.use_direct_reads = settings.direct_reads;
  options.use_direct_io_for_flush_and_compaction = settings.direct_reads;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(settings)));
  rocksdb::DB* db = nullptr;
  need(rocksdb::DB::Open(options, settings.dir, &db));
  return std::make_unique<RocksdbStore>(db, settings.durability == Durability::kPower);
}

}  // namespace nacre::bench
