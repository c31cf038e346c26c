#include <utility>

#include "compare/store.h"
#include "nacre/db.h"

namespace nacre::bench {

namespace {

void need(const Status& status) {
  if (!status.ok()) fail("nacre: " + status.to_string());
}

class NacreStore final : public Store {
 public:
  explicit NacreStore(Db db) : db_(std::move(db)) {}

  void put(std::string_view key, std::string_view value) override { need(db_.put(key, value)); }
  void remove(std::string_view key) override { need(db_.remove(key)); }
  void write(std::span<const Entry> entries) override {
    thread_local Batch batch;
    batch.clear();
    for (const auto& [key, value] : entries) need(batch.put(key, value));
    need(db_.write(batch));
  }
  bool get(std::string_view key, std::string& value) override {
    const auto found = db_.get_into(key, value);
    need(found.status());
    return *found;
  }
  std::size_t multi_get(std::span<const std::string_view> keys,
                        std::vector<std::string>& values) override {
    const auto found = db_.multi_get(keys);
    need(found.status());
    std::size_t there = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto& value = (*found)[i];
      if (!value) continue;
      values[i].assign(value->view());
      ++there;
    }
    return there;
  }
  std::uint64_t seek(std::string_view key, int count) override {
    Cursor cursor = db_.cursor().value();
    std::uint64_t bytes = 0;
    for (cursor.seek(key); cursor.valid() && count > 0; cursor.next(), --count) {
      bytes += cursor.key().size() + cursor.value().size();
    }
    need(cursor.status());
    return bytes;
  }
  std::uint64_t scan(bool reverse) override {
    Scan scan = db_.scan(ScanOptions{.range = {}, .reverse = reverse, .snapshot = nullptr});
    std::uint64_t entries = 0;
    for (const auto& [key, value] : scan) entries += sees(key, value);
    need(scan.status());
    return entries;
  }
  bool first(std::string& key) override {
    Cursor cursor = db_.cursor().value();
    cursor.first();
    need(cursor.status());
    if (!cursor.valid()) return false;
    key.assign(cursor.key());
    return true;
  }
  void settle() override {
    need(db_.flush());
    need(db_.wait_idle());
  }

 private:
  Db db_;
};

}  // namespace

std::unique_ptr<Store> open_nacre(const StoreSettings& settings) {
  Options options;
  options.memory_bytes = settings.memory_bytes;
  options.memtable_bytes = settings.memtable_bytes;
  options.durability =
      settings.durability == Durability::kPower ? nacre::Durability::kDisk : nacre::Durability::kOs;
  if (!settings.compress) options.compression = Compression::kNone;
  if (settings.direct_reads) options.table_reads = TableReads::kDirect;
  auto db = Db::open(settings.dir, options);
  need(db.status());
  return std::make_unique<NacreStore>(std::move(*db));
}

}  // namespace nacre::bench
