#include "key/merging_cursor.h"

#include <gtest/gtest.h>

#include <random>

#include "base/ids.h"
#include "base/text.h"
#include "key/vector_cursor.h"

namespace nacre {
namespace {

using test::OwnedEntry;
using test::VectorCursor;

OwnedEntry put(std::string key, Seq seq) {
  return {std::move(key), make_trailer(seq, Kind::kPut), "v" + std::to_string(seq)};
}

std::string text(const EntryCursor& cursor) {
  if (!cursor.valid()) return cursor.status().ok() ? "end" : cursor.status().to_string();
  const Entry& entry = cursor.entry();
  return escape(entry.key) + ' ' + std::to_string(raw(entry.trailer)) + ' ' + escape(entry.value);
}

using Runs = std::vector<std::vector<OwnedEntry>>;

std::unique_ptr<EntryCursor> merge(const Runs& runs) {
  std::vector<std::unique_ptr<EntryCursor>> children;
  for (const auto& run : runs) children.push_back(std::make_unique<VectorCursor>(run));
  return make_merging_cursor(std::move(children));
}

std::vector<OwnedEntry> flatten(const Runs& runs) {
  std::vector<OwnedEntry> all;
  for (const auto& run : runs) all.insert(all.end(), run.begin(), run.end());
  std::sort(all.begin(), all.end());
  return all;
}

/// Random runs in which every (key, trailer) occurs once: seqs are dealt out one by one.
struct Random {
  explicit Random(unsigned seed) : random(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random() % bound; }

  std::string key() {
    switch (shape) {
      case 0:  // few keys, many versions
        return std::string(1, static_cast<char>('a' + below(4)));
      case 1: {  // heads of 8 bytes never decide
        std::string digits = std::to_string(below(3000));
        return std::string(20 - digits.size(), '0') + digits;
      }
      case 2: {  // zeros, and keys that are prefixes of others
        return std::string(below(12), below(3) == 0 ? '\xff' : '\0');
      }
      case 3: {  // far apart neighbourhoods
        return std::string(below(4) * 5, static_cast<char>('p' + below(3))) +
               std::to_string(below(100));
      }
      default: {
        std::string bytes(below(20), '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        return bytes;
      }
    }
  }

  Runs runs() {
    Runs result(below(9));
    for (auto& run : result) {
      // Some are empty, some much longer than others.
      const std::uint64_t size = below(below(4) == 0 ? 400 : 20);
      for (std::uint64_t i = 0; i < size; ++i) run.push_back(put(key(), ++seq));
      std::sort(run.begin(), run.end());
    }
    return result;
  }

  std::mt19937_64 random;
  std::uint64_t shape = below(5);
  Seq seq = 0;
};

/// Does one random move on both cursors.
void move(Random& random, EntryCursor& a, EntryCursor& b, bool& forward) {
  if (random.below(8) == 0) forward = !forward;
  const auto roll = random.below(40);
  if (roll == 0 || (!a.valid() && roll < 10)) {
    const std::string key = random.key();
    const Trailer trailer = read_trailer(random.below(2) == 0 ? random.below(500) : kSeqMax);
    if (random.below(2) == 0) {
      for (const auto step : {EntryCursor::Approach::kLocate, EntryCursor::Approach::kFetch}) {
        a.approach(key, step);
        b.approach(key, step);
      }
    }
    for (EntryCursor* cursor : {&a, &b}) {
      forward ? cursor->seek(key, trailer) : cursor->seek_before(key, trailer);
    }
  } else if (roll == 1 || !a.valid()) {
    for (EntryCursor* cursor : {&a, &b}) forward ? cursor->first() : cursor->last();
  } else if (roll < 15) {
    forward = true;
    for (EntryCursor* cursor : {&a, &b}) cursor->next_key();
  } else {
    for (EntryCursor* cursor : {&a, &b}) forward ? cursor->next() : cursor->prev();
  }
}

TEST(MergingCursor, NoChildrenIsEmpty) {
  auto cursor = make_merging_cursor({});
  cursor->first();
  EXPECT_EQ(text(*cursor), "end");
  cursor->seek_before("k", Trailer{});
  EXPECT_EQ(text(*cursor), "end");
}

TEST(MergingCursor, OneChildIsThatChild) {
  std::vector<std::unique_ptr<EntryCursor>> children;
  children.push_back(std::make_unique<VectorCursor>(std::vector{put("a", 1)}));
  const EntryCursor* child = children.front().get();
  EXPECT_EQ(make_merging_cursor(std::move(children)).get(), child);
}

TEST(MergingCursor, StandsOnNothingUntilMoved) {
  EXPECT_FALSE(merge({{put("a", 1)}, {put("b", 2)}})->valid());
}

TEST(MergingCursor, VersionsOfAKeyComeNewestFirst) {
  auto cursor = merge({{put("a", 9), put("b", 8)}, {put("a", 3), put("b", 4)}, {put("a", 5)}});
  std::string seen;
  for (cursor->first(); cursor->valid(); cursor->next()) {
    seen +=
        std::string(cursor->entry().key) + std::to_string(seq_of(cursor->entry().trailer)) + ' ';
  }
  EXPECT_EQ(seen, "a9 a5 a3 b8 b4 ");
  seen.clear();
  for (cursor->last(); cursor->valid(); cursor->prev()) {
    seen +=
        std::string(cursor->entry().key) + std::to_string(seq_of(cursor->entry().trailer)) + ' ';
  }
  EXPECT_EQ(seen, "b4 b8 a3 a5 a9 ");
}

class MergingCursorSeeds : public testing::TestWithParam<unsigned> {
 protected:
  // By seed, so that a failure says how to see it again.
  Random random_{GetParam()};
};

TEST_P(MergingCursorSeeds, WalksLikeOneSortedRun) {
  const Runs runs = random_.runs();
  const std::vector<OwnedEntry> all = flatten(runs);
  auto cursor = merge(runs);
  std::size_t i = 0;
  for (cursor->first(); cursor->valid(); cursor->next(), ++i) {
    ASSERT_LT(i, all.size());
    ASSERT_EQ(cursor->entry().key, all[i].key) << i;
    ASSERT_EQ(cursor->entry().trailer, all[i].trailer) << i;
    ASSERT_EQ(cursor->entry().value, all[i].value) << i;
  }
  ASSERT_EQ(i, all.size());
  for (cursor->last(); cursor->valid(); cursor->prev()) {
    ASSERT_GT(i, 0U);
    --i;
    ASSERT_EQ(cursor->entry().key, all[i].key) << i;
    ASSERT_EQ(cursor->entry().trailer, all[i].trailer) << i;
  }
  ASSERT_EQ(i, 0U);
  ASSERT_TRUE(cursor->status().ok());
}

TEST_P(MergingCursorSeeds, MovesAtRandomLikeOneSortedRun) {
  const Runs runs = random_.runs();
  VectorCursor oracle(flatten(runs));
  auto cursor = merge(runs);
  bool forward = true;
  for (int step = 0; step < 2000; ++step) {
    move(random_, *cursor, oracle, forward);
    ASSERT_EQ(text(*cursor), text(oracle)) << "step " << step;
  }
}

TEST_P(MergingCursorSeeds, AFailingChildNeverLooksLikeAnEnd) {
  Runs runs = random_.runs();
  runs.push_back({put(random_.key(), ++random_.seq)});  // at least two that hold something
  runs.push_back({put(random_.key(), ++random_.seq)});
  std::size_t bad_run = 0;
  do {
    bad_run = random_.below(runs.size());
  } while (runs[bad_run].empty());
  std::vector<std::unique_ptr<EntryCursor>> children;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::optional<std::size_t> bad;
    if (i == bad_run) bad = random_.below(runs[i].size());
    children.push_back(std::make_unique<VectorCursor>(runs[i], bad));
  }
  auto cursor = make_merging_cursor(std::move(children));

  // Random moves are right as long as there is no error; then a walk must meet it.
  VectorCursor oracle(flatten(runs));
  bool forward = true;
  for (std::uint64_t step = random_.below(60); step > 0 && cursor->status().ok(); --step) {
    move(random_, *cursor, oracle, forward);
    if (cursor->status().ok()) {
      ASSERT_EQ(text(*cursor), text(oracle));
    }
  }
  for (cursor->first(), oracle.first(); cursor->valid(); cursor->next(), oracle.next()) {
    ASSERT_EQ(text(*cursor), text(oracle));
  }
  ASSERT_EQ(text(*cursor), "corruption: bad entry");
  cursor->first();
  EXPECT_EQ(text(*cursor), "corruption: bad entry");
  cursor->seek_before("x", read_trailer(kSeqMax));
  EXPECT_EQ(text(*cursor), "corruption: bad entry");
}

INSTANTIATE_TEST_SUITE_P(Seeds, MergingCursorSeeds, testing::Range(1U, 201U));

}  // namespace
}  // namespace nacre
