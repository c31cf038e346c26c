// nacre/c.h: each function, the way a program in C uses it.

#include "nacre/c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "env/posix_temp_dir.h"
#include "nacre/status.h"

namespace nacre::test {
namespace {

nacre_str str(const std::string& text) { return {text.data(), text.size()}; }
std::string text(nacre_str view) { return {view.data, view.size}; }
constexpr nacre_str kOpen = {nullptr, 0};

/// "" for success, else "<code>: <message>". Frees the status.
std::string outcome(nacre_status* status) {
  if (status == nullptr) return {};
  const std::string said =
      std::to_string(nacre_status_code(status)) + ": " + nacre_status_message(status);
  nacre_status_free(status);
  return said;
}
/// The code. Frees the status.
nacre_code code(nacre_status* status) {
  const nacre_code code = nacre_status_code(status);
  nacre_status_free(status);
  return code;
}

class CTest : public ::testing::Test {
 protected:
  CTest() {
    options_ = nacre_options_new();
    EXPECT_EQ(set("memory_bytes", "1MiB"), "");
    EXPECT_EQ(set("memtable_bytes", "16KiB"), "");
    EXPECT_EQ(set("block_bytes", "256"), "");
    reopen();
  }
  ~CTest() override {
    EXPECT_EQ(outcome(nacre_close(db_)), "");
    nacre_options_free(options_);
  }
  void reopen() {
    EXPECT_EQ(outcome(nacre_close(db_)), "");
    db_ = nullptr;
    EXPECT_EQ(outcome(nacre_open(path_.c_str(), options_, &db_)), "");
  }
  std::string set(const char* name, const char* value) {
    return outcome(nacre_options_set(options_, name, value));
  }
  void put(const std::string& key, const std::string& value) {
    ASSERT_EQ(outcome(nacre_put(db_, str(key), str(value), NACRE_OS)), "");
  }
  std::string get(const std::string& key, const nacre_snapshot* snapshot = nullptr) {
    nacre_value* value = nullptr;
    EXPECT_EQ(outcome(nacre_get(db_, str(key), snapshot, &value)), "");
    if (value == nullptr) return "(absent)";
    const std::string found = text(nacre_value_bytes(value));
    nacre_value_free(value);
    return found;
  }
  nacre_cursor* cursor(nacre_str lower = kOpen, nacre_str upper = kOpen,
                       const nacre_snapshot* snapshot = nullptr) {
    nacre_cursor* made = nullptr;
    EXPECT_EQ(outcome(nacre_cursor_new(db_, lower, upper, snapshot, &made)), "");
    return made;
  }

  TempDir temp_;
  const std::string path_ = temp_ / "store";
  nacre_options* options_ = nullptr;
  nacre_db* db_ = nullptr;
};

TEST_F(CTest, TheCodesAreThoseOfTheCxxInterface) {
  EXPECT_EQ(NACRE_OK, static_cast<int>(Code::kOk));
  EXPECT_EQ(NACRE_IO, static_cast<int>(Code::kIo));
  EXPECT_EQ(NACRE_NO_SPACE, static_cast<int>(Code::kNoSpace));
  EXPECT_EQ(NACRE_CORRUPTION, static_cast<int>(Code::kCorruption));
  EXPECT_EQ(NACRE_INVALID, static_cast<int>(Code::kInvalid));
  EXPECT_EQ(NACRE_NOT_FOUND, static_cast<int>(Code::kNotFound));
  EXPECT_EQ(NACRE_LOCKED, static_cast<int>(Code::kLocked));
  EXPECT_EQ(NACRE_READ_ONLY, static_cast<int>(Code::kReadOnly));
  EXPECT_EQ(NACRE_CLOSED, static_cast<int>(Code::kClosed));
  EXPECT_EQ(NACRE_UNSUPPORTED, static_cast<int>(Code::kUnsupported));
  EXPECT_EQ(std::string(nacre_version()).find("0."), 0U);
}

TEST_F(CTest, NullIsSuccessAndCanBeFreed) {
  EXPECT_EQ(nacre_status_code(nullptr), NACRE_OK);
  EXPECT_STREQ(nacre_status_message(nullptr), "");
  nacre_status_free(nullptr);
  nacre_options_free(nullptr);
  nacre_batch_free(nullptr);
  nacre_value_free(nullptr);
  nacre_snapshot_free(nullptr);
  nacre_cursor_free(nullptr);
  EXPECT_EQ(nacre_close(nullptr), nullptr);
}

TEST_F(CTest, PutGetRemove) {
  EXPECT_EQ(get("k"), "(absent)");
  for (const nacre_durability durability : {NACRE_DEFAULT, NACRE_DISK, NACRE_OS, NACRE_MEMORY}) {
    const std::string value = "level " + std::to_string(durability);
    ASSERT_EQ(outcome(nacre_put(db_, str("k"), str(value), durability)), "");
    EXPECT_EQ(get("k"), value);
  }
  const std::string zeros("a\0b", 3);
  put(zeros, zeros + zeros);
  EXPECT_EQ(get(zeros), zeros + zeros);
  ASSERT_EQ(outcome(nacre_remove(db_, str("k"), NACRE_DEFAULT)), "");
  EXPECT_EQ(get("k"), "(absent)");
  ASSERT_EQ(outcome(nacre_sync(db_)), "");
  reopen();
  EXPECT_EQ(get(zeros), zeros + zeros);
  EXPECT_EQ(get("k"), "(absent)");
}

TEST_F(CTest, EmptyStringsMayHaveNoData) {
  ASSERT_EQ(outcome(nacre_put(db_, kOpen, kOpen, NACRE_OS)), "");
  nacre_value* value = nullptr;
  ASSERT_EQ(outcome(nacre_get(db_, kOpen, nullptr, &value)), "");
  ASSERT_NE(value, nullptr);  // an empty value is not an absent one
  EXPECT_EQ(nacre_value_bytes(value).size, 0U);
  nacre_value_free(value);
  ASSERT_EQ(outcome(nacre_flush(db_)), "");
  EXPECT_EQ(get(""), "");
  nacre_batch* batch = nacre_batch_new();
  ASSERT_EQ(outcome(nacre_batch_remove(batch, kOpen)), "");
  ASSERT_EQ(outcome(nacre_write(db_, batch, NACRE_OS)), "");
  nacre_batch_free(batch);
  EXPECT_EQ(get(""), "(absent)");
}

TEST_F(CTest, Batches) {
  nacre_batch* batch = nacre_batch_new();
  put("b", "old");
  EXPECT_EQ(nacre_batch_count(batch), 0U);
  ASSERT_EQ(outcome(nacre_batch_put(batch, str("a"), str("1"))), "");
  ASSERT_EQ(outcome(nacre_batch_remove(batch, str("b"))), "");
  EXPECT_EQ(nacre_batch_count(batch), 2U);
  EXPECT_EQ(code(nacre_batch_put(batch, str(std::string(65537, 'k')), str(""))), NACRE_INVALID);
  EXPECT_EQ(code(nacre_batch_remove(batch, str(std::string(65537, 'k')))), NACRE_INVALID);
  EXPECT_EQ(nacre_batch_count(batch), 2U);
  ASSERT_EQ(outcome(nacre_write(db_, batch, NACRE_DISK)), "");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "(absent)");
  nacre_batch_clear(batch);
  EXPECT_EQ(nacre_batch_count(batch), 0U);
  nacre_batch_free(batch);
}

TEST_F(CTest, MultiGetAndSnapshots) {
  put("a", "1");
  put("b", "2");
  nacre_snapshot* snapshot = nullptr;
  ASSERT_EQ(outcome(nacre_snapshot_new(db_, &snapshot)), "");
  put("a", "new");
  ASSERT_EQ(outcome(nacre_remove(db_, str("b"), NACRE_OS)), "");
  ASSERT_EQ(outcome(nacre_compact(db_, kOpen, kOpen)), "");
  EXPECT_EQ(get("a", snapshot), "1");
  EXPECT_EQ(get("a"), "new");
  const std::vector<std::string> names = {"b", "nothing", "a"};
  std::vector<nacre_str> keys;
  for (const std::string& name : names) keys.push_back(str(name));
  const auto ask = [&](const nacre_snapshot* at) {
    std::vector<nacre_value*> values(3, nullptr);
    EXPECT_EQ(outcome(nacre_multi_get(db_, keys.data(), keys.size(), at, values.data())), "");
    std::string found;
    for (nacre_value* value : values) {
      found += value == nullptr ? "-" : text(nacre_value_bytes(value));
      nacre_value_free(value);
    }
    return found;
  };
  EXPECT_EQ(ask(snapshot), "2-1");
  EXPECT_EQ(ask(nullptr), "--new");
  EXPECT_EQ(outcome(nacre_multi_get(db_, nullptr, 0, nullptr, nullptr)), "");
  nacre_snapshot_free(snapshot);
}

TEST_F(CTest, Cursors) {
  for (const char* key : {"a", "b", "c", "d"}) put(key, std::string("value ") + key);
  nacre_cursor* cursor = this->cursor();
  EXPECT_EQ(nacre_cursor_valid(cursor), 0);
  nacre_cursor_first(cursor);
  ASSERT_EQ(nacre_cursor_valid(cursor), 1);
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "a");
  EXPECT_EQ(text(nacre_cursor_value(cursor)), "value a");
  nacre_cursor_next(cursor);
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "b");
  nacre_cursor_last(cursor);
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "d");
  nacre_cursor_prev(cursor);
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "c");
  nacre_cursor_seek(cursor, str("bb"));
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "c");
  nacre_cursor_seek_for_prev(cursor, str("bb"));
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "b");
  nacre_cursor_seek(cursor, str("e"));
  EXPECT_EQ(nacre_cursor_valid(cursor), 0);
  EXPECT_EQ(nacre_cursor_status(cursor), nullptr);
  nacre_cursor_free(cursor);

  cursor = this->cursor(str("b"), str("d"));
  nacre_cursor_first(cursor);
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "b");
  nacre_cursor_last(cursor);
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "c");
  nacre_cursor_free(cursor);

  nacre_snapshot* snapshot = nullptr;
  ASSERT_EQ(outcome(nacre_snapshot_new(db_, &snapshot)), "");
  put("z", "later");
  cursor = this->cursor(kOpen, kOpen, snapshot);
  nacre_snapshot_free(snapshot);
  nacre_cursor_last(cursor);
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "d");
  nacre_cursor_free(cursor);
}

TEST_F(CTest, NextManyHandsOutWholeBatches) {
  std::map<std::string, std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "key" + std::to_string(10'000 + i);
    expected[key] = i % 7 == 0 ? "" : "value " + std::to_string(i);
    put(key, expected[key]);
    if (i == 500) {
      ASSERT_EQ(outcome(nacre_flush(db_)), "");
    }
  }
  for (const std::size_t max :
       {std::size_t{1}, std::size_t{7}, std::size_t{1000}, std::size_t{5000}}) {
    nacre_cursor* cursor = this->cursor();
    std::vector<nacre_str> keys(max);
    std::vector<nacre_str> values(max);
    nacre_cursor_first(cursor);
    std::map<std::string, std::string> seen;
    std::size_t calls = 0;
    while (const std::size_t count =
               nacre_cursor_next_many(cursor, max, keys.data(), values.data())) {
      ASSERT_LE(count, max);
      EXPECT_TRUE(count == max || nacre_cursor_valid(cursor) == 0);
      for (std::size_t i = 0; i < count; ++i) seen.emplace(text(keys[i]), text(values[i]));
      ++calls;
    }
    EXPECT_EQ(calls, (1000 + max - 1) / max);
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(nacre_cursor_status(cursor), nullptr);
    EXPECT_EQ(nacre_cursor_next_many(cursor, max, keys.data(), values.data()), 0U);
    // From where it was sought, mixed with single steps.
    nacre_cursor_seek(cursor, str("key10990"));
    EXPECT_EQ(nacre_cursor_next_many(cursor, 0, nullptr, nullptr), 0U);
    const std::size_t step = std::min<std::size_t>(max, 3);
    EXPECT_EQ(nacre_cursor_next_many(cursor, step, keys.data(), values.data()), step);
    EXPECT_EQ(text(keys[0]), "key10990");
    EXPECT_EQ(text(nacre_cursor_key(cursor)), "key" + std::to_string(10'990 + step));
    nacre_cursor_free(cursor);
  }
}

TEST_F(CTest, LookingAfterTheStore) {
  for (int i = 0; i < 300; ++i) put("key" + std::to_string(i), std::string(100, 'v'));
  ASSERT_EQ(outcome(nacre_flush(db_)), "");
  ASSERT_EQ(outcome(nacre_compact(db_, str("key1"), str("key2"))), "");
  ASSERT_EQ(outcome(nacre_wait_idle(db_)), "");
  std::uint64_t all = 0;
  std::uint64_t none = 1;
  ASSERT_EQ(outcome(nacre_approximate_size(db_, kOpen, kOpen, &all)), "");
  ASSERT_EQ(outcome(nacre_approximate_size(db_, str("x"), str("y"), &none)), "");
  EXPECT_GT(all, 0U);
  EXPECT_EQ(none, 0U);
  EXPECT_EQ(outcome(nacre_verify(db_)), "");
  EXPECT_EQ(outcome(nacre_health(db_)), "");
  EXPECT_EQ(outcome(nacre_resume(db_)), "");
  nacre_value* stats = nullptr;
  ASSERT_EQ(outcome(nacre_stats_text(db_, &stats)), "");
  EXPECT_NE(text(nacre_value_bytes(stats)).find("300 puts"), std::string::npos);
  nacre_value_free(stats);
}

TEST_F(CTest, VerifyReportsDamage) {
  put("k", std::string(1000, 'v'));
  ASSERT_EQ(outcome(nacre_flush(db_)), "");
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    if (entry.path().extension() != ".tbl") continue;
    std::string bytes = read_whole(entry.path());
    bytes[20] ^= 1;
    write_whole(entry.path(), bytes);
  }
  const std::string said = outcome(nacre_verify(db_));
  EXPECT_EQ(said.find("3: "), 0U) << said;
  EXPECT_NE(said.find(".tbl"), std::string::npos) << said;
}

TEST_F(CTest, HandedOutObjectsOutliveTheStore) {
  put("in table", "1");
  ASSERT_EQ(outcome(nacre_flush(db_)), "");
  put("in memory", "2");
  nacre_value* in_table = nullptr;
  nacre_value* in_memory = nullptr;
  nacre_snapshot* snapshot = nullptr;
  ASSERT_EQ(outcome(nacre_get(db_, str("in table"), nullptr, &in_table)), "");
  ASSERT_EQ(outcome(nacre_get(db_, str("in memory"), nullptr, &in_memory)), "");
  ASSERT_EQ(outcome(nacre_snapshot_new(db_, &snapshot)), "");
  nacre_cursor* cursor = this->cursor();
  reopen();
  EXPECT_EQ(text(nacre_value_bytes(in_table)), "1");
  EXPECT_EQ(text(nacre_value_bytes(in_memory)), "2");
  nacre_cursor_first(cursor);
  EXPECT_EQ(text(nacre_cursor_key(cursor)), "in memory");
  nacre_value* value = in_table;
  EXPECT_EQ(code(nacre_get(db_, str("in table"), snapshot, &value)), NACRE_INVALID);
  EXPECT_EQ(value, in_table);  // untouched on failure
  nacre_value_free(in_table);
  nacre_value_free(in_memory);
  nacre_snapshot_free(snapshot);
  nacre_cursor_free(cursor);
}

TEST_F(CTest, ErrorsHaveACodeAndAMessage) {
  nacre_db* second = nullptr;
  nacre_status* status = nacre_open(path_.c_str(), options_, &second);
  ASSERT_NE(status, nullptr);
  EXPECT_EQ(second, nullptr);
  EXPECT_EQ(nacre_status_code(status), NACRE_LOCKED);
  EXPECT_NE(std::strstr(nacre_status_message(status), path_.c_str()), nullptr);
  nacre_status_free(status);
  EXPECT_EQ(code(nacre_destroy(path_.c_str())), NACRE_LOCKED);
  EXPECT_EQ(code(nacre_put(db_, str(std::string(65537, 'k')), str(""), NACRE_OS)), NACRE_INVALID);
  EXPECT_EQ(code(nacre_remove(db_, str(std::string(65537, 'k')), NACRE_OS)), NACRE_INVALID);
  EXPECT_EQ(code(nacre_open((temp_ / "no/store").c_str(), nullptr, &second)), NACRE_NOT_FOUND);
  EXPECT_EQ(second, nullptr);
}

TEST_F(CTest, DestroyRemovesTheStore) {
  ASSERT_EQ(outcome(nacre_close(db_)), "");
  db_ = nullptr;
  ASSERT_EQ(outcome(nacre_destroy(path_.c_str())), "");
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(code(nacre_destroy(path_.c_str())), NACRE_NOT_FOUND);
}

TEST_F(CTest, EveryOptionIsSetByItsName) {
  const std::vector<std::pair<const char*, std::vector<const char*>>> good = {
      {"create_if_missing", {"true", "false"}},
      {"error_if_exists", {"true", "false"}},
      {"read_only", {"false", "true"}},
      {"memory_bytes", {"1MiB", "1048576", "2GiB", "3000000B"}},
      {"memtable_bytes", {"64KiB"}},
      {"durability", {"memory", "os", "disk"}},
      {"sync_every", {"0ms", "250ms", "5s"}},
      {"log_mode", {"mapped", "pwrite"}},
      {"compression", {"none", "lz4", "zstd"}},
      {"last_level_compression", {"none", "lz4", "zstd"}},
      {"block_bytes", {"4KiB", "4096"}},
      {"filter_bits", {"0", "10"}},
      {"table_bytes", {"64MiB", "4GiB"}},
      {"table_reads", {"auto", "buffered", "direct"}},
      {"background_threads", {"2"}},
      {"level0_tables", {"4"}},
      {"level_multiplier", {"10"}}};
  for (const auto& [name, values] : good) {
    for (const char* value : values) EXPECT_EQ(set(name, value), "") << name << " = " << value;
    for (const char* bad : {"", "maybe", "-1", " 1", "1 KiB", "1kb", "0x10", "1.5MiB", "TRUE",
                            "99999999999999999999", "99999999999GiB"}) {
      const std::string said = set(name, bad);
      EXPECT_EQ(said.find("4: "), 0U) << name << " = " << bad;
      EXPECT_NE(said.find(name), std::string::npos) << said;
      EXPECT_NE(said.find("'" + std::string(bad) + "'"), std::string::npos) << said;
    }
  }
  const std::string unknown = set("bloom_bits", "10");
  EXPECT_NE(unknown.find("bloom_bits"), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("filter_bits"), std::string::npos) << "it should tell which there are";
  EXPECT_EQ(set("block_bytes", "4GiB").find("4: "), 0U);  // does not fit: refused, not cut
  EXPECT_EQ(set("sync_every", "5").find("4: "), 0U);      // of what?
}

TEST_F(CTest, OptionsTakeEffect) {
  put("k", "v");
  ASSERT_EQ(outcome(nacre_close(db_)), "");
  db_ = nullptr;
  const auto refused = [&] { return code(nacre_open(path_.c_str(), options_, &db_)); };
  EXPECT_EQ(set("error_if_exists", "true"), "");
  EXPECT_EQ(refused(), NACRE_INVALID);
  EXPECT_EQ(set("error_if_exists", "false"), "");
  EXPECT_EQ(set("block_bytes", "1"), "");  // read, but out of its limits
  EXPECT_EQ(refused(), NACRE_INVALID);
  EXPECT_EQ(set("block_bytes", "256"), "");
  EXPECT_EQ(set("read_only", "true"), "");
  ASSERT_EQ(outcome(nacre_open(path_.c_str(), options_, &db_)), "");
  EXPECT_EQ(get("k"), "v");
  EXPECT_EQ(code(nacre_put(db_, str("k"), str("w"), NACRE_OS)), NACRE_READ_ONLY);
}

}  // namespace
}  // namespace nacre::test
