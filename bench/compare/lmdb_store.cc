#include <lmdb.h>

#include <atomic>
#include <bit>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "compare/store.h"

namespace nacre::bench {

namespace {

void need(int code) {
  if (code != MDB_SUCCESS) fail(std::string("lmdb: ") + mdb_strerror(code));
}

MDB_val value_of(std::string_view text) {
  // The library takes no pointer to const, and does not write through this one.
  return {text.size(), std::bit_cast<void*>(text.data())};
}
std::string_view view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

/// A reading transaction of one thread and its cursor, kept and renewed for each operation: the
/// cheapest way that sees every write before it.
struct Reader {
  MDB_txn* txn = nullptr;
  MDB_cursor* cursor = nullptr;
};

std::atomic<std::uint64_t> stores_opened{0};

class LmdbStore final : public Store {
 public:
  LmdbStore(MDB_env* env, bool ascending)
      : env_(env), put_flags_(ascending ? MDB_APPEND : 0u), id_(++stores_opened) {
    MDB_txn* txn = begin_write();
    need(mdb_dbi_open(txn, nullptr, 0, &dbi_));
    need(mdb_txn_commit(txn));
  }
  ~LmdbStore() override {
    for (const auto& reader : readers_) {
      mdb_cursor_close(reader->cursor);
      mdb_txn_abort(reader->txn);
    }
    mdb_env_close(env_);
  }

  void put(std::string_view key, std::string_view value) override {
    MDB_txn* txn = begin_write();
    put_in(txn, key, value);
    need(mdb_txn_commit(txn));
  }
  void remove(std::string_view key) override {
    MDB_txn* txn = begin_write();
    MDB_val name = value_of(key);
    const int code = mdb_del(txn, dbi_, &name, nullptr);
    if (code == MDB_NOTFOUND) return mdb_txn_abort(txn);
    need(code);
    need(mdb_txn_commit(txn));
  }
  void write(std::span<const Entry> entries) override {
    MDB_txn* txn = begin_write();
    for (const auto& [key, value] : entries) put_in(txn, key, value);
    need(mdb_txn_commit(txn));
  }
  bool get(std::string_view key, std::string& value) override {
    const Reading reading(*this);
    return get_in(reading.reader.txn, key, value);
  }
  std::size_t multi_get(std::span<const std::string_view> keys,
                        std::vector<std::string>& values) override {
    const Reading reading(*this);
    std::size_t there = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      there += get_in(reading.reader.txn, keys[i], values[i]) ? 1 : 0;
    }
    return there;
  }
  std::uint64_t seek(std::string_view from, int count) override {
    const Reading reading(*this);
    std::uint64_t bytes = 0;
    MDB_val key = value_of(from);
    MDB_val value;
    int code = step(reading, key, value, MDB_SET_RANGE);
    for (; code == MDB_SUCCESS; code = step(reading, key, value, MDB_NEXT)) {
      bytes += key.mv_size + value.mv_size;
      if (--count == 0) break;
    }
    return bytes;
  }
  std::uint64_t scan(bool reverse) override {
    const Reading reading(*this);
    std::uint64_t entries = 0;
    MDB_val key;
    MDB_val value;
    int code = step(reading, key, value, reverse ? MDB_LAST : MDB_FIRST);
    for (; code == MDB_SUCCESS; code = step(reading, key, value, reverse ? MDB_PREV : MDB_NEXT)) {
      entries += sees(view(key), view(value));
    }
    return entries;
  }
  bool first(std::string& key) override {
    const Reading reading(*this);
    MDB_val name;
    MDB_val value;
    if (step(reading, name, value, MDB_FIRST) != MDB_SUCCESS) return false;
    key.assign(view(name));
    return true;
  }
  void settle() override { need(mdb_env_sync(env_, 1)); }

 private:
  /// The reader of this thread, renewed; reset at the end, so that it keeps no pages from reuse.
  struct Reading {
    explicit Reading(LmdbStore& store) : reader(store.own_reader()) {}
    ~Reading() { mdb_txn_reset(reader.txn); }
    Reader& reader;
  };

  Reader& own_reader() {
    thread_local std::uint64_t owner = 0;
    thread_local Reader* own = nullptr;
    if (owner == id_) {
      need(mdb_txn_renew(own->txn));
      need(mdb_cursor_renew(own->txn, own->cursor));
      return *own;
    }
    auto reader = std::make_unique<Reader>();
    need(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader->txn));
    need(mdb_cursor_open(reader->txn, dbi_, &reader->cursor));
    own = reader.get();
    owner = id_;
    const std::lock_guard lock(mutex_);
    readers_.push_back(std::move(reader));
    return *own;
  }

  MDB_txn* begin_write() {
    MDB_txn* txn = nullptr;
    need(mdb_txn_begin(env_, nullptr, 0, &txn));
    return txn;
  }
  void put_in(MDB_txn* txn, std::string_view key, std::string_view value) {
    MDB_val name = value_of(key);
    MDB_val content = value_of(value);
    need(mdb_put(txn, dbi_, &name, &content, put_flags_));
  }
  bool get_in(MDB_txn* txn, std::string_view key, std::string& value) {
    MDB_val name = value_of(key);
    MDB_val found;
    const int code = mdb_get(txn, dbi_, &name, &found);
    if (code == MDB_NOTFOUND) return false;
    need(code);
    value.assign(view(found));
    return true;
  }
  static int step(const Reading& reading, MDB_val& key, MDB_val& value, MDB_cursor_op op) {
    const int code = mdb_cursor_get(reading.reader.cursor, &key, &value, op);
    if (code != MDB_NOTFOUND) need(code);
    return code;
  }

  MDB_env* const env_;
  const unsigned put_flags_;
  const std::uint64_t id_;
  MDB_dbi dbi_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> readers_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<Store> open_lmdb(const StoreSettings& settings) {
  MDB_env* env = nullptr;
  need(mdb_env_create(&env));
  need(mdb_env_set_mapsize(env, std::size_t{64} << 30));  // only address space
  need(mdb_env_set_maxreaders(env, 512));
  unsigned flags = MDB_NORDAHEAD | MDB_NOTLS;
  if (settings.durability == Durability::kProcess) {
    // Commits change pages of the shared mapping: they are the kernel's as soon as they are made,
    // and outlive the process without a system call.
    flags |= MDB_WRITEMAP | MDB_NOSYNC;
  }
  std::filesystem::create_directories(settings.dir);
  need(mdb_env_open(env, settings.dir.c_str(), flags, 0644));
  return std::make_unique<LmdbStore>(env, settings.ascending);
}

}  // namespace nacre::bench
