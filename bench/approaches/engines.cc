// engines.cc - a B-tree in place and a log-structured merge-tree, as the other benchmarks open
// them.
//
// LMDB has no memory setting: its pages are those of the page cache. Nacre gets what it would take
// by default: a quarter of the memory, an eighth of which are memtables; the rest is left to the
// page cache, through which it reads.
#include "approaches/approach.h"
#include "compare/store.h"

namespace nacre::bench {

namespace {

class EngineApproach final : public Approach {
 public:
  EngineApproach(std::string engine, Durability durability, const ApproachSettings& settings)
      : engine_(std::move(engine)), settings_(settings) {
    store_settings_.dir = settings.dir + "/store";
    store_settings_.memory_bytes = settings.memory_bytes / 4;
    store_settings_.memtable_bytes = store_settings_.memory_bytes / 8;
    store_settings_.durability = durability;
  }

  std::string load() override {
    constexpr std::uint64_t kBatch = 1000;
    StoreSettings loading = store_settings_;
    loading.durability = Durability::kProcess;
    loading.ascending = true;
    store_ = open_store(engine_, loading);
    Keys keys(KeyKind::kDecimal);
    Values values(kValueBytes);
    std::vector<std::string> bytes;
    std::vector<Entry> entries;
    for (std::uint64_t begin = 0; begin < settings_.entries; begin += kBatch) {
      bytes.clear();
      entries.clear();
      const std::uint64_t end = std::min(begin + kBatch, settings_.entries);
      for (std::uint64_t i = begin; i < end; ++i) {
        bytes.emplace_back(keys.text(i)).append(values.of(i, 0));
      }
      for (const std::string_view entry : bytes) {
        entries.emplace_back(entry.substr(0, kKeyBytes), entry.substr(kKeyBytes));
      }
      store_->write(entries);
    }
    store_->settle();
    store_.reset();
    store_ = open_store(engine_, store_settings_);
    return {};
  }
  void put(std::string_view key, std::string_view value) override { store_->put(key, value); }
  bool get(std::string_view key, std::string& value) override { return store_->get(key, value); }
  void settle() override { store_->settle(); }

 private:
  const std::string engine_;
  const ApproachSettings settings_;
  StoreSettings store_settings_;
  std::unique_ptr<Store> store_;
};

}  // namespace

std::unique_ptr<Approach> make_lmdb(const ApproachSettings& settings) {
  return std::make_unique<EngineApproach>("lmdb", Durability::kProcess, settings);
}
std::unique_ptr<Approach> make_lmdb_synced(const ApproachSettings& settings) {
  return std::make_unique<EngineApproach>("lmdb", Durability::kPower, settings);
}
std::unique_ptr<Approach> make_nacre(const ApproachSettings& settings) {
  return std::make_unique<EngineApproach>("nacre", Durability::kProcess, settings);
}
std::unique_ptr<Approach> make_nacre_disk(const ApproachSettings& settings) {
  return std::make_unique<EngineApproach>("nacre", Durability::kPower, settings);
}

const std::vector<ApproachKind>& approach_kinds() {
  static const std::vector<ApproachKind> kinds = {
      {"append", "append-only file", "process", make_append_file},
      {"index", "append-only file, index in memory", "process", make_indexed_file},
      {"sorted", "sorted file, rewritten per 1,000 puts", "power", make_sorted_file},
      {"lmdb", "B-tree in place (LMDB), not synced", "process", make_lmdb},
      {"lmdb-sync", "B-tree in place (LMDB), synced", "power", make_lmdb_synced},
      {"nacre", "LSM-tree (Nacre), os", "process", make_nacre},
      {"nacre-disk", "LSM-tree (Nacre), disk", "power", make_nacre_disk},
  };
  return kinds;
}

}  // namespace nacre::bench
