#include <cstdlib>
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
  bool get(std::string_view key, std::string& value) override {
    const auto found = db_.get_into(key, value);
    need(found.status());
    return *found;
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
    for (const auto& [key, value] : scan) entries += key.empty() && value.empty() ? 0 : 1;
    need(scan.status());
    return entries;
  }
  void settle() override {
    need(db_.flush());
    need(db_.wait_idle());
  }
  void verify() override {
    const auto report = db_.verify();
    need(report.status());
    if (!report->damage.empty()) need(report->damage.front().error);
  }

 private:
  Db db_;
};

}  // namespace

std::unique_ptr<Store> open_nacre(const StoreSettings& settings) {
  Options options;
  options.memory_bytes = settings.memory_bytes;
  options.memtable_bytes = settings.memtable_bytes;
  options.durability = Durability::kOs;
  options.table_reads = settings.direct_reads ? TableReads::kDirect : TableReads::kBuffered;
  auto db = Db::open(settings.dir, options);
  need(db.status());
  return std::make_unique<NacreStore>(std::move(*db));
}

}  // namespace nacre::bench
