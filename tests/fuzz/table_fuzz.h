// table_fuzz.h - what any file must survive: opened as a table, read in every way.
//
// A checksum stops accidents, not a forger: repair_table() makes the checksums of changed bytes
// right again, so that what lies behind them is tried too.
//
// Shared by the fuzzer and by the tests that replay its idea with seeded bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/page_pool.h"
#include "table/table_builder.h"
#include "table/table_reader.h"

namespace nacre::test {

inline constexpr std::uint64_t kFuzzSalt = 77;
inline constexpr FileNumber kFuzzNumber{5};

class FuzzFile final : public RandomAccessFile {
 public:
  explicit FuzzFile(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
    return offset >= bytes_.size() ? std::size_t{0} : bytes_.copy(out.data(), out.size(), offset);
  }
  void read_many(std::span<ReadRequest> requests) const override {
    for (ReadRequest& request : requests) request.count = *read(request.offset, request.out);
  }
  std::uint64_t size() const override { return bytes_.size(); }

 private:
  const std::string_view bytes_;
};

/// Makes the trailers of the blocks right, as far as an index can be read from the bytes.
inline void repair_blocks(const TableSeed& seed, std::string& bytes, const Section& index_section) {
  const std::string_view view = bytes;
  const auto index = TableIndex::decode(view.substr(index_section.offset, index_section.length),
                                        index_section.offset);
  if (!index.ok()) return;
  for (std::uint32_t i = 0; i < index->count(); ++i) {
    const std::size_t summed = index->stored_bytes(i) - 8;
    char* block = bytes.data() + index->offset(i);
    store(block + summed, hash64({block, summed}, seed.at(index->offset(i))));
  }
}

/// Makes the checksums of footer, directory, sections and blocks right, as far as their places in
/// the file are possible ones. Also claims the right store, number and version.
inline void repair_table(std::string& bytes) {
  if (bytes.size() < kFooterBytes) return;
  const TableSeed seed(kFuzzSalt, kFuzzNumber);
  const std::uint64_t footer_at = bytes.size() - kFooterBytes;
  Footer footer;
  footer.directory_offset = load<std::uint64_t>(bytes.data() + footer_at);
  footer.directory_length = load<std::uint32_t>(bytes.data() + footer_at + 8);
  footer.required_features =
      load<std::uint64_t>(bytes.data() + footer_at + 16) & kKnownTableFeatures;
  if (footer.directory_offset <= footer_at &&
      footer.directory_length == footer_at - footer.directory_offset) {
    char* const directory = bytes.data() + footer.directory_offset;
    for (std::uint32_t at = 0; at + kDirectoryEntryBytes <= footer.directory_length;
         at += kDirectoryEntryBytes) {
      const Section section{SectionId{load<std::uint32_t>(directory + at)}, 0,
                            load<std::uint64_t>(directory + at + 8),
                            load<std::uint64_t>(directory + at + 16), 0};
      if (section.offset > bytes.size() || section.length > bytes.size() - section.offset) continue;
      if (section.id == SectionId::kIndex) repair_blocks(seed, bytes, section);
      const std::string_view content(bytes.data() + section.offset, section.length);
      store(directory + at + 24, hash64(content, seed.at(section.offset)));
    }
    footer.directory_checksum =
        hash64({directory, footer.directory_length}, seed.at(footer.directory_offset));
  }
  const std::string repaired = encode_footer(seed, footer);
  repaired.copy(bytes.data() + footer_at, repaired.size());
}

/// Walks a cursor to its end both ways and checks that it keeps the order.
inline void exercise_cursor(EntryCursor& cursor, bool forward) {
  std::string key;
  Trailer trailer{};
  bool any = false;
  forward ? cursor.first() : cursor.last();
  for (; cursor.valid(); forward ? cursor.next() : cursor.prev()) {
    const Entry& entry = cursor.entry();
    if (any) {
      const int order = compare(key, trailer, entry.key, entry.trailer);
      // Only versions of one key in several blocks can come out of order: verify() sees it.
      NACRE_CHECK(key == entry.key || (forward ? order < 0 : order > 0));
    }
    any = true;
    key = entry.key;
    trailer = entry.trailer;
  }
}

/// True when the table opened and all of it could be read. Aborts on what must not be.
inline bool exercise_table(std::string_view bytes) {
  MemoryBudget budget(256 << 10);
  PagePool pages;
  bool whole = false;
  {
    const auto cache = std::make_shared<BlockCache>(budget, pages);
    auto opened =
        TableReader::open(std::make_unique<FuzzFile>(bytes),
                          TableReaderOptions{"fuzz", kFuzzSalt, kFuzzNumber, cache, budget});
    if (opened.ok()) {
      const std::shared_ptr<TableReader> table = std::move(opened).value();
      NACRE_CHECK(table->memory_bytes() <= 4096 + 64 * bytes.size());
      whole = true;
      for (const CursorUse use : {CursorUse::kRead, CursorUse::kCompaction}) {
        for (const bool forward : {true, false}) {
          const auto cursor = table->cursor(use);
          exercise_cursor(*cursor, forward);
          whole &= cursor->status().ok();
        }
      }
      for (const std::string& key : {std::string(), table->properties().smallest,
                                     table->properties().largest, std::string("key-0007")}) {
        const auto cursor = table->cursor(CursorUse::kRead);
        cursor->seek(key, read_trailer(kSeqMax));
        NACRE_CHECK(!cursor->valid() || cursor->entry().key >= key);
        const auto before = table->cursor(CursorUse::kCompaction);
        before->seek_before(key, read_trailer(kSeqMax));
        NACRE_CHECK(!before->valid() || before->entry().key < key);
        NACRE_CHECK(table->approximate_bytes("", key) <= bytes.size());
        const std::uint32_t block = table->block_of(key);
        if (block < table->block_count()) table->load(block).status().ignore();
        EpochGuard guard;
        Entry entry;
        std::uint32_t needed = 0;
        const Lookup found = table->find(key, hash64(key, kFuzzSalt), kSeqMax, &entry, &needed);
        NACRE_CHECK(found != Lookup::kNeedsBlock || needed < table->block_count());
      }
      NACRE_CHECK(!table->render().empty());
      const bool verified = table->verify().ok();
      NACRE_CHECK(!verified || whole);
      whole &= verified;
    }
  }
  epoch_drain();
  NACRE_CHECK(budget.used() == 0);
  return whole;
}

class FuzzSink final : public WritableFile {
 public:
  Status append(std::string_view bytes) override {
    written += bytes;
    return {};
  }
  Status sync() override { return {}; }
  Status close() override { return {}; }
  std::string written;
};

/// Small tables that among them use what the format has: to start from.
inline std::string fuzz_sample(Codec codec, std::size_t spill_bytes) {
  FuzzSink sink;
  TableBuilderOptions options;
  options.salt = kFuzzSalt;
  options.number = kFuzzNumber;
  options.codec = codec;
  options.block_bytes = 200;
  options.spill_bytes = spill_bytes;
  options.notes = {{"reason", "fuzz"}};
  TableBuilder builder(sink, options);
  for (int i = 0; i < 24; ++i) {
    const std::string key = "key-000" + std::to_string(i / 10) + std::string(i % 3, '\0');
    const std::string value(i % 7 * 5, static_cast<char>('a' + i % 3));
    const Kind kind = i % 5 == 0 ? Kind::kDelete : Kind::kPut;
    // Out of order ones are refused, which leaves a table with versions and without.
    builder
        .add({key, make_trailer(static_cast<Seq>(1000 - i), kind), value}, hash64(key, kFuzzSalt))
        .ignore();
  }
  NACRE_CHECK(builder.finish().ok());
  return sink.written;
}

}  // namespace nacre::test
