#include "mem/leaf_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "mem/memtable_cursor.h"
#include "mem/model.h"

namespace nacre::test {
namespace {

struct ListWorld {
  explicit ListWorld(const HeadKernels& kernels, std::string_view hint = {})
      : list(arena, hint, kernels) {}

  void add(const std::string& key, Seq seq, const std::string& value) {
    const Trailer trailer = make_trailer(seq, seq % 5 == 0 ? Kind::kDelete : Kind::kPut);
    LeafTarget target(key);
    LeafNode* const from = list.approach(target);
    list.insert(from, target, Record::create(arena, trailer, key, value));
    model.emplace(ModelKey{key, trailer}, value);
  }

  MemoryBudget budget{std::uint64_t{1} << 40};
  PagePool pages;
  Arena arena{budget, pages, MemoryUse::kMemtable};
  LeafList list;
  Model model;
};

/// What find() and the version chain say of `key` at `seq`, against the model.
void check_read(const ListWorld& world, const std::string& key, Seq seq) {
  const Record* const found = Record::at_most(world.list.find(key), read_trailer(seq));
  const auto expected = world.model.lower_bound(ModelKey{key, read_trailer(seq)});
  const bool there = expected != world.model.end() && expected->first.key == key;
  ASSERT_EQ(found != nullptr, there);
  if (!there) return;
  ASSERT_EQ(found->key(), key);
  ASSERT_EQ(found->trailer, expected->first.trailer);
  ASSERT_EQ(found->value(), expected->second);
}

void check_walks(const ListWorld& world) {
  MemtableCursor cursor(world.list);
  auto at = world.model.begin();
  for (cursor.first(); cursor.valid(); cursor.next(), ++at) {
    ASSERT_TRUE(stands_at(cursor, world.model, at));
  }
  ASSERT_TRUE(at == world.model.end());
  for (cursor.last(); cursor.valid(); cursor.prev()) {
    ASSERT_TRUE(at != world.model.begin());
    ASSERT_TRUE(stands_at(cursor, world.model, --at));
  }
  ASSERT_TRUE(at == world.model.begin());
}

/// Whether another version of the key lies beside `at`, which is not the end.
bool has_neighbour(const Model& model, Model::const_iterator at, bool forward) {
  const std::string& key = at->first.key;
  if (forward) return ++at != model.end() && at->first.key == key;
  return at != model.begin() && std::prev(at)->first.key == key;
}

/// Seeks anywhere, with or without an approach before it, then moves to and fro.
void check_seeks(const ListWorld& world, const KeyShape& shape, std::mt19937_64& random) {
  const Model& model = world.model;
  MemtableCursor cursor(world.list);
  for (int round = 0; round < 300; ++round) {
    const ModelKey goal{shape.make(random),
                        round % 3 == 0 ? read_trailer(kSeqMax) : read_trailer(random() % 12'000)};
    auto at = model.lower_bound(goal);
    if (random() % 2 == 0) {
      cursor.approach(goal.key, EntryCursor::Approach::kLocate);
      cursor.approach(goal.key, EntryCursor::Approach::kFetch);
    }
    if (random() % 2 == 0) {
      cursor.seek(goal.key, goal.trailer);
    } else {
      cursor.seek_before(goal.key, goal.trailer);
      at = at == model.begin() ? model.end() : std::prev(at);
    }
    ASSERT_TRUE(stands_at(cursor, model, at));
    for (int move = 0; move < 12 && cursor.valid(); ++move) {
      const auto kind = random() % 5;
      if (kind == 0) {
        cursor.next_key();
        at = model.lower_bound({at->first.key + '\0', kNewestTrailer});
      } else if (kind < 3) {
        cursor.next();
        ++at;
      } else {
        cursor.prev();
        at = at == model.begin() ? model.end() : std::prev(at);
      }
      ASSERT_TRUE(stands_at(cursor, model, at));
      if (cursor.valid()) {
        ASSERT_EQ(cursor.alone(), !has_neighbour(model, at, kind < 3));
      }
    }
  }
}

class LeafListOracle : public testing::TestWithParam<std::tuple<std::size_t, int>> {};

TEST_P(LeafListOracle, AgreesWithAMap) {
  const auto [shape_index, hint_kind] = GetParam();
  const KeyShape shape = key_shapes()[shape_index];
  const std::string hint = hint_kind == 0 ? "" : hint_kind == 1 ? shape.prefix : "ab";
  for (const HeadKernels& kernels : head_kernels()) {
    const std::uint64_t seed = 100 * shape_index + hint_kind;
    SCOPED_TRACE(testing::Message() << shape.name << " " << kernels.name << " seed " << seed);
    std::mt19937_64 random(seed);
    ListWorld world(kernels, hint);
    check_walks(world);
    for (int size : {1, 20, 30, 200, 1500, 6000}) {
      std::vector<Seq> seqs;  // in any order
      for (Seq seq = world.model.size() + 1; seq <= static_cast<Seq>(size); ++seq) {
        seqs.push_back(seq);
      }
      std::shuffle(seqs.begin(), seqs.end(), random);
      for (const Seq seq : seqs) {
        const std::string key = shape.make(random);
        world.add(key, seq, key + "=" + std::to_string(seq));
      }
      check_walks(world);
      check_seeks(world, shape, random);
      for (int i = 0; i < 500; ++i) check_read(world, shape.make(random), random() % (size + 2));
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, LeafListOracle,
                         testing::Combine(testing::Range(std::size_t{0}, key_shapes().size()),
                                          testing::Range(0, 3)));

TEST(LeafList, TakesAscendingAndDescendingKeys) {
  for (const bool ascending : {true, false}) {
    for (const char* const prefix : {"", "key/of/some/length/"}) {
      ListWorld world(head_kernels().front());
      for (int i = 0; i < 20'000; ++i) {
        std::string digits = std::to_string(1'000'000 + (ascending ? i : 20'000 - i));
        world.add(prefix + digits, static_cast<Seq>(i + 1), "v");
      }
      check_walks(world);
      for (const auto& [key, value] : world.model) check_read(world, key.key, kSeqMax);
    }
  }
}

TEST(LeafList, AscendingKeysFillTheirLeaves) {
  ListWorld world(head_kernels().front());
  for (int i = 0; i < 29'000; ++i) {
    world.add(std::to_string(10'000'000 + i), static_cast<Seq>(i + 1), "");
  }
  int leaves = 0;
  LeafTarget start("");
  for (const LeafNode* leaf = LeafList::leaf(world.list.near_leaf(start), start); leaf != nullptr;
       leaf = leaf->next) {
    leaves += leaf->live() != 0;
  }
  EXPECT_LE(leaves, 1'100);  // 1,000 if every one were full
}

TEST(LeafList, LearnsPrefixesSoThatHeadsTellKeysApart) {
  // Several long prefixes and no hint: without learning, every head in a node would be the same.
  ListWorld world(head_kernels().front());
  std::mt19937_64 random(9);
  for (Seq seq = 1; seq <= 30'000; ++seq) {
    std::string key = "/tenants/00" + std::to_string(random() % 8) + "/orders/";
    key += std::to_string(10'000'000'000 + random() % 10'000'000'000);
    world.add(key, seq, "");
  }
  check_walks(world);
  std::size_t keys = 0;
  std::size_t ties = 0;
  LeafTarget start("");
  for (const LeafNode* leaf = LeafList::leaf(world.list.near_leaf(start), start); leaf != nullptr;
       leaf = leaf->next) {
    std::vector<std::uint64_t> heads;
    for (int lane = 0; lane < LeafNode::kSlots; ++lane) {
      if ((leaf->live() >> lane & 1) != 0) heads.push_back(leaf->heads[lane]);
    }
    std::sort(heads.begin(), heads.end());
    keys += heads.size();
    for (std::size_t i = 1; i < heads.size(); ++i) ties += heads[i] == heads[i - 1];
  }
  EXPECT_GE(keys, 29'000U);
  EXPECT_LT(ties, keys / 50);
}

}  // namespace
}  // namespace nacre::test
