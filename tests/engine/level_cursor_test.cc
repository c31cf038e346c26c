// A run of tables as one cursor, against the same entries in a vector.

#include "engine/level_cursor.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"
#include "engine/engine_world.h"
#include "engine/table_files.h"
#include "engine/table_output.h"
#include "key/vector_cursor.h"
#include "lsm/file_name.h"

namespace nacre::engine {
namespace {

using test::OwnedEntry;
using test::VectorCursor;

constexpr Trailer kNewest{~std::uint64_t{0}};
constexpr Trailer kOldest{0};

/// Tables with the entries of `parts`, one each.
class TableRun {
 public:
  void add_table(const std::vector<OwnedEntry>& entries) {
    const FileNumber number{tables_.size() + 1};
    auto output = TableOutput::create(ground_.context, number, OutputKind::kMerge);
    ASSERT_TRUE(output.ok()) << output.error().to_string();
    for (const OwnedEntry& entry : entries) {
      ASSERT_TRUE((*output)->add({entry.key, entry.trailer, entry.value}).ok());
    }
    auto built = (*output)->finish();
    ASSERT_TRUE(built.ok()) << built.error().to_string();
    auto table = open_table(ground_.context, (*built)->meta);  // with none of its blocks in memory
    ASSERT_TRUE(table.ok()) << table.error().to_string();
    tables_.push_back(*std::move(table));
    all_.insert(all_.end(), entries.begin(), entries.end());
  }

  std::unique_ptr<EntryCursor> cursor(CursorUse use) const {
    return make_level_cursor(tables_, use);
  }
  const std::vector<OwnedEntry>& all() const { return all_; }
  const std::vector<TablePtr>& tables() const { return tables_; }
  SimDisk& disk() { return ground_.world.disk(); }

 private:
  EngineWorld ground_;
  std::vector<TablePtr> tables_;
  std::vector<OwnedEntry> all_;
};

/// Several tables over the keys "k000", "k003", ...: a key in three, with one to four versions, and
/// gaps between the tables. Some tables have several blocks, some a single entry.
void fill(TableRun& run, Random& random) {
  const std::size_t sizes[] = {1, 40, 2, 1, 25, 7};
  std::uint64_t next_key = 3;
  for (const std::size_t keys : sizes) {
    std::vector<OwnedEntry> entries;
    for (std::size_t i = 0; i < keys; ++i, next_key += 3) {
      std::string key = std::to_string(1000 + next_key);
      for (std::uint64_t versions = random.below(4) + 1; versions > 0; --versions) {
        const Kind kind = random.one_in(4) ? Kind::kDelete : Kind::kPut;
        entries.push_back({key, make_trailer(versions * 10, kind),
                           kind == Kind::kPut ? std::string(random.below(60), 'v') : ""});
      }
    }
    run.add_table(entries);
    next_key += 9;
  }
}

std::string place_of(const EntryCursor& cursor) {
  if (!cursor.valid()) return "nowhere, " + cursor.status().to_string();
  const Entry& entry = cursor.entry();
  return escape(entry.key) + "@" + std::to_string(raw(entry.trailer)) + "=" + escape(entry.value);
}

class LevelCursorTest : public ::testing::TestWithParam<CursorUse> {};

TEST_P(LevelCursorTest, FullWalksInBothDirections) {
  Random random(1);
  TableRun run;
  fill(run, random);
  const auto cursor = run.cursor(GetParam());
  std::size_t i = 0;
  for (cursor->first(); cursor->valid(); cursor->next(), ++i) {
    ASSERT_LT(i, run.all().size());
    EXPECT_EQ(cursor->entry().key, run.all()[i].key);
    EXPECT_EQ(cursor->entry().trailer, run.all()[i].trailer);
    EXPECT_EQ(cursor->entry().value, run.all()[i].value);
  }
  EXPECT_EQ(i, run.all().size());
  for (cursor->last(); cursor->valid(); cursor->prev()) {
    ASSERT_GT(i, 0U);
    --i;
    EXPECT_EQ(cursor->entry().key, run.all()[i].key);
    EXPECT_EQ(cursor->entry().trailer, run.all()[i].trailer);
  }
  EXPECT_EQ(i, 0U);
  EXPECT_TRUE(cursor->status().ok());
}

// Every key from before the first table to behind the last: in tables, between them, at their ends.
TEST_P(LevelCursorTest, SeeksToEveryPlaceAndGoesOnFromThere) {
  Random random(2);
  TableRun run;
  fill(run, random);
  VectorCursor oracle(run.all());
  for (std::uint64_t number = 1000; number < 1000 + 3 * 76 + 60; ++number) {
    const std::string key = std::to_string(number);
    for (const Trailer trailer : {kNewest, read_trailer(20), make_trailer(20, Kind::kPut),
                                  make_trailer(10, Kind::kDelete), kOldest}) {
      for (const bool before : {false, true}) {
        SCOPED_TRACE((before ? "seek_before " : "seek ") + key + " " +
                     std::to_string(raw(trailer)));
        const auto cursor = run.cursor(GetParam());
        for (EntryCursor* each :
             {static_cast<EntryCursor*>(cursor.get()), static_cast<EntryCursor*>(&oracle)}) {
          before ? each->seek_before(key, trailer) : each->seek(key, trailer);
        }
        ASSERT_EQ(place_of(*cursor), place_of(oracle));
        for (int steps = 0; steps < 3 && oracle.valid(); ++steps) {
          before ? cursor->prev() : cursor->next();
          before ? oracle.prev() : oracle.next();
          ASSERT_EQ(place_of(*cursor), place_of(oracle)) << "step " << steps;
        }
      }
    }
  }
}

TEST_P(LevelCursorTest, RandomMovesEqualThoseOfAVector) {
  for (std::uint64_t seed = 10; seed < 16; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    TableRun run;
    fill(run, random);
    VectorCursor oracle(run.all());
    const auto cursor = run.cursor(GetParam());
    for (int move = 0; move < 3000; ++move) {
      std::uint64_t roll = random.below(12);
      if (roll >= 4 && !oracle.valid()) roll = random.below(4);
      const std::string key = std::to_string(1000 + random.below(300));
      const Trailer trailer = make_trailer(random.below(50), Kind::kPut);
      for (EntryCursor* each :
           {static_cast<EntryCursor*>(cursor.get()), static_cast<EntryCursor*>(&oracle)}) {
        switch (roll) {
          case 0:
            each->first();
            break;
          case 1:
            each->last();
            break;
          case 2:
            each->approach(key, EntryCursor::Approach::kLocate);
            each->approach(key, EntryCursor::Approach::kFetch);
            each->seek(key, trailer);
            break;
          case 3:
            each->seek_before(key, trailer);
            break;
          case 4:
            each->next_key();
            break;
          case 5:
          case 6:
          case 7:
            each->next();
            break;
          default:
            each->prev();
            break;
        }
      }
      ASSERT_EQ(place_of(*cursor), place_of(oracle)) << "move " << move << ", kind " << roll;
    }
  }
}

TEST_P(LevelCursorTest, NoTablesIsAnEmptyRun) {
  const auto cursor = make_level_cursor({}, GetParam());
  cursor->first();
  EXPECT_EQ(place_of(*cursor), "nowhere, ok");
  cursor->last();
  EXPECT_EQ(place_of(*cursor), "nowhere, ok");
  cursor->seek("k", kNewest);
  EXPECT_EQ(place_of(*cursor), "nowhere, ok");
  cursor->seek_before("k", kNewest);
  EXPECT_EQ(place_of(*cursor), "nowhere, ok");
}

// A table that can't be read ends the walk with its name, wherever the walk comes from, and for
// good.
TEST_P(LevelCursorTest, ABadTableIsAnErrorAndNotAnEnd) {
  using Move = void (*)(EntryCursor&);
  const Move moves[] = {
      [](EntryCursor& cursor) {
        for (cursor.first(); cursor.valid(); cursor.next()) {
        }
      },
      [](EntryCursor& cursor) {
        for (cursor.last(); cursor.valid(); cursor.prev()) {
        }
      },
      [](EntryCursor& cursor) { cursor.seek("1225", kNewest); },
      [](EntryCursor& cursor) { cursor.seek_before("1230", kNewest); },
  };
  for (const Move move : moves) {
    Random random(3);
    TableRun run;
    fill(run, random);
    const TableMeta& bad = run.tables()[4]->meta;
    ASSERT_LT(bad.smallest, "1225");
    ASSERT_GT(bad.largest, "1230");
    const std::string path = std::string(test::kStoreDir) + "/" + table_name(bad.number);
    const std::string bytes = run.disk().read_file(path).value();
    // Where its blocks are: the front of the file. The rest is in memory since the open.
    ASSERT_TRUE(run.disk().overwrite(path, 0, std::string(bytes.size() / 2, '\xAA')).ok());

    const auto cursor = run.cursor(GetParam());
    move(*cursor);
    EXPECT_FALSE(cursor->valid());
    EXPECT_EQ(cursor->status().code(), Code::kCorruption);
    EXPECT_NE(cursor->status().message().find(path), std::string::npos)
        << cursor->status().to_string();
    cursor->first();  // the first table is sound
    EXPECT_FALSE(cursor->valid()) << "an error is for good";
    EXPECT_EQ(cursor->status().code(), Code::kCorruption);
  }
}

// Entries in front of the bad table are shown before the error, none is left out.
TEST_P(LevelCursorTest, ShowsEverythingInFrontOfABadTable) {
  Random random(4);
  TableRun run;
  fill(run, random);
  const TableMeta& bad = run.tables()[1]->meta;
  const std::string path = std::string(test::kStoreDir) + "/" + table_name(bad.number);
  ASSERT_TRUE(run.disk().overwrite(path, 0, std::string(64, '\xAA')).ok());
  const auto cursor = run.cursor(GetParam());
  std::size_t shown = 0;
  for (cursor->first(); cursor->valid(); cursor->next()) {
    EXPECT_EQ(cursor->entry().key, run.all()[shown].key);
    ++shown;
  }
  EXPECT_EQ(shown, run.tables()[0]->meta.entries);
  EXPECT_EQ(cursor->status().code(), Code::kCorruption);
}

INSTANTIATE_TEST_SUITE_P(Uses, LevelCursorTest,
                         ::testing::Values(CursorUse::kRead, CursorUse::kCompaction),
                         [](const auto& use) {
                           return use.param == CursorUse::kRead ? "Read" : "Compaction";
                         });

}  // namespace
}  // namespace nacre::engine
