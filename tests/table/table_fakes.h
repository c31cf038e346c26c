// table_fakes.h - tables in strings: files that live in memory, a small world to open tables in,
// and a model that says what a table must answer.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/page_pool.h"
#include "base/random.h"
#include "nacre/env.h"
#include "table/table_builder.h"
#include "table/table_reader.h"

namespace nacre::test {

inline constexpr std::uint64_t kTestSalt = 0x5A17;
inline constexpr FileNumber kTestNumber{12};

/// What was asked of a file; outlives it.
struct FileCalls {
  std::atomic<int> reads{0};      // requests, alone or in a batch
  std::atomic<int> batches{0};    // calls of read_many
  std::atomic<bool> fail{false};  // every read then fails
};

class MemoryFile final : public RandomAccessFile {
 public:
  explicit MemoryFile(std::string bytes, std::shared_ptr<FileCalls> calls = nullptr)
      : bytes_(std::move(bytes)),
        calls_(calls ? std::move(calls) : std::make_shared<FileCalls>()) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    ++calls_->reads;
    if (calls_->fail) return Status(Code::kIo, "the disk is gone");
    if (offset >= bytes_.size()) return std::size_t{0};
    return bytes_.copy(out.data(), out.size(), offset);
  }
  void read_many(std::span<ReadRequest> requests) const override {
    ++calls_->batches;
    for (ReadRequest& request : requests) {
      auto count = read(request.offset, request.out);
      request.status = count.status();
      request.count = std::move(count).value_or(0);
    }
  }
  std::uint64_t size() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
  const std::shared_ptr<FileCalls> calls_;
};

class StringSink final : public WritableFile {
 public:
  Status append(std::string_view bytes) override {
    if (fail) return Status(Code::kNoSpace, "the disk is full");
    written += bytes;
    ++appends;
    return {};
  }
  Status sync() override {
    ++syncs;
    return {};
  }
  Status close() override { return {}; }

  std::string written;
  int appends = 0;
  int syncs = 0;
  bool fail = false;
};

/// An entry that owns its bytes.
struct Row {
  std::string key;
  Trailer trailer{};
  std::string value;

  Entry entry() const { return {key, trailer, value}; }
  bool operator==(const Row&) const = default;
};
inline bool operator<(const Row& a, const Row& b) {
  return compare(a.key, a.trailer, b.key, b.trailer) < 0;
}
inline Row row_of(const Entry& entry) {
  return {std::string(entry.key), entry.trailer, std::string(entry.value)};
}

inline TableBuilderOptions test_options() {
  TableBuilderOptions options;
  options.salt = kTestSalt;
  options.number = kTestNumber;
  return options;
}

struct Built {
  std::string bytes;
  TableSummary summary;
};
inline Built build_table(const std::vector<Row>& rows, TableBuilderOptions options) {
  StringSink sink;
  TableBuilder builder(sink, options);
  for (const Row& row : rows) {
    const Status status = builder.add(row.entry(), hash64(row.key, options.salt));
    EXPECT_TRUE(status.ok()) << status.to_string();
  }
  auto summary = builder.finish();
  EXPECT_TRUE(summary.ok()) << summary.status().to_string();
  EXPECT_EQ(sink.syncs, 0) << "syncing is the caller's";
  return {std::move(sink.written), std::move(summary).value()};
}

/// A budget, a cache, and tables opened in it.
class TableWorld {
 public:
  explicit TableWorld(std::uint64_t memory = 64 << 20) : budget(memory) {
    cache = std::make_shared<BlockCache>(budget, pages);
  }
  ~TableWorld() {
    cache.reset();
    epoch_drain();
  }

  Result<std::shared_ptr<TableReader>> open(std::string bytes, std::uint64_t salt = kTestSalt,
                                            FileNumber number = kTestNumber) {
    return TableReader::open(std::make_unique<MemoryFile>(std::move(bytes), calls),
                             TableReaderOptions{"12.tbl", salt, number, cache, budget});
  }
  std::shared_ptr<TableReader> must_open(std::string bytes) {
    auto table = open(std::move(bytes));
    EXPECT_TRUE(table.ok()) << table.status().to_string();
    return table.ok() ? std::move(table).value() : nullptr;
  }

  MemoryBudget budget;
  PagePool pages;
  std::shared_ptr<BlockCache> cache;
  std::shared_ptr<FileCalls> calls = std::make_shared<FileCalls>();
};

/// A get the way the engine does it: in memory first, then block by block. Empty when absent.
inline Result<std::optional<Row>> get(const TableReader& table, std::string_view key, Seq seq) {
  Entry entry;
  std::uint32_t block = 0;
  Lookup found;
  {
    EpochGuard guard;
    found = table.find(key, hash64(key, kTestSalt), seq, &entry, &block);
    if (found == Lookup::kFound) return std::optional(row_of(entry));
  }
  while (found == Lookup::kNeedsBlock) {
    auto pin = table.load(block);
    if (!pin.ok()) return std::move(pin).error();
    found = table.find_in(*pin, key, seq, &entry, &block);
    if (found == Lookup::kFound) return std::optional(row_of(entry));
  }
  return std::optional<Row>();
}

/// What get() must answer: the newest version of `key` with a seq of at most `seq`.
inline std::optional<Row> model_get(const std::vector<Row>& rows, const std::string& key, Seq seq) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), Row{key, read_trailer(seq), ""});
  if (at == rows.end() || at->key != key) return std::nullopt;
  return *at;
}

/// Sorted rows of about `keys` keys of all shapes, some with several versions.
inline std::vector<Row> random_rows(Random& random, std::size_t keys, std::size_t value_max = 60) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < keys; ++i) {
    std::string key;
    switch (random.below(4)) {
      case 0:  // heads that tie, zeros at the end
        key = "user/aaaaaaaaaaaaaaaa" + std::string(random.below(4), '\0') +
              std::string(random.below(3), 'b');
        break;
      case 1:
        key = "user/" + std::to_string(random.below(keys * 10));
        break;
      case 2:
        for (std::size_t n = random.below(12); n > 0; --n) {
          key += static_cast<char>(random.below(256));
        }
        break;
      default:
        key = "user/" + std::string(1 + random.below(3), '\xff') + std::to_string(random.below(50));
    }
    for (std::size_t n = 1 + (random.one_in(5) ? random.below(6) : 0); n > 0; --n) {
      const Kind kind = random.one_in(8) ? Kind::kDelete : Kind::kPut;
      std::string value(kind == Kind::kPut ? random.below(value_max + 1) : 0, 'v');
      for (char& byte : value) {
        if (random.one_in(3)) byte = static_cast<char>(random.below(256));
      }
      rows.push_back({key, make_trailer(random.below(1 << 20), kind), std::move(value)});
    }
  }
  std::sort(rows.begin(), rows.end());
  const auto same = [](const Row& a, const Row& b) {
    return a.key == b.key && seq_of(a.trailer) == seq_of(b.trailer);
  };
  rows.erase(std::unique(rows.begin(), rows.end(), same), rows.end());
  return rows;
}

inline std::vector<VectorPath> paths_here() {
  std::vector<VectorPath> paths;
  for (const VectorPath path : {VectorPath::kPortable, VectorPath::kAvx2, VectorPath::kAvx512}) {
    if (has_path(path)) paths.push_back(path);
  }
  return paths;
}

}  // namespace nacre::test
