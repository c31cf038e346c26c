// A memtable that was loaded at once must be the same as one that was filled by add().

#include "mem/memtable_loader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "mem/mem_world.h"
#include "mem/model.h"

namespace nacre {
namespace {

using test::MemWorld;

struct Write {
  std::string key;
  Seq seq = 0;
  Kind kind = Kind::kPut;
  std::string value() const { return kind == Kind::kDelete ? "" : "value" + std::to_string(seq); }
};

std::uint64_t hash_of(std::string_view key) { return hash64(key, 7); }

void load(MemWorld& world, Memtable& memtable, const std::vector<Write>& writes) {
  MemtableLoader loader(memtable, world.budget);
  for (const Write& write : writes) {
    loader.add(make_trailer(write.seq, write.kind), write.key, write.value(), hash_of(write.key));
  }
  loader.finish();
}

test::Model model_of(const std::vector<Write>& writes) {
  test::Model model;
  for (const Write& write : writes) {
    model[{write.key, make_trailer(write.seq, write.kind)}] = write.value();
  }
  return model;
}

void expect_walks(const Memtable& memtable, const test::Model& model) {
  const auto cursor = memtable.cursor();
  cursor->first();
  for (auto at = model.begin(); at != model.end(); ++at, cursor->next()) {
    ASSERT_TRUE(test::stands_at(*cursor, model, at));
  }
  ASSERT_FALSE(cursor->valid());
  cursor->last();
  for (auto at = model.end(); at != model.begin(); cursor->prev()) {
    ASSERT_TRUE(test::stands_at(*cursor, model, --at));
  }
  ASSERT_FALSE(cursor->valid());
}

void expect_gets(const Memtable& memtable, const test::Model& model) {
  for (const auto& [at, value] : model) {
    Entry entry;
    ASSERT_TRUE(memtable.get(at.key, hash_of(at.key), seq_of(at.trailer), &entry));
    ASSERT_EQ(raw(entry.trailer), raw(at.trailer));
    ASSERT_EQ(entry.key, at.key);
    ASSERT_EQ(entry.value, value);
  }
}

void expect_seeks(const Memtable& memtable, const test::Model& model, const std::string& key) {
  const Trailer newest = read_trailer(kSeqMax);
  const auto cursor = memtable.cursor();
  cursor->seek(key, newest);
  const auto at = model.lower_bound({key, newest});
  ASSERT_TRUE(test::stands_at(*cursor, model, at));
  cursor->seek_before(key, newest);
  ASSERT_TRUE(test::stands_at(*cursor, model, at == model.begin() ? model.end() : std::prev(at)));
}

TEST(MemtableLoader, NothingMakesAnEmptyOne) {
  MemWorld world;
  Memtable memtable(world.budget, world.pages);
  load(world, memtable, {});
  EXPECT_TRUE(memtable.empty());
  expect_walks(memtable, {});
}

TEST(MemtableLoader, EveryShapeOfKeysInEverySizeIsWhatWasAdded) {
  std::mt19937_64 random(1);
  for (const test::KeyShape& shape : test::key_shapes()) {
    for (const int count : {1, 2, 28, 29, 30, 58, 59, 900, 6000}) {
      SCOPED_TRACE(shape.name + ", " + std::to_string(count));
      MemWorld world;
      Memtable memtable(world.budget, world.pages);
      std::vector<Write> writes;
      for (int i = 0; i < count; ++i) {
        writes.push_back({shape.make(random), static_cast<Seq>(i + 1),
                          random() % 5 == 0 ? Kind::kDelete : Kind::kPut});
      }
      load(world, memtable, writes);
      test::Model model = model_of(writes);
      expect_walks(memtable, model);
      expect_gets(memtable, model);
      for (int i = 0; i < 50; ++i) expect_seeks(memtable, model, shape.make(random));
      EXPECT_EQ(memtable.entries(), writes.size());
      std::uint64_t bytes = 0;
      for (const Write& write : writes) {
        bytes += sizeof(Record) + write.key.size() + write.value().size();
      }
      EXPECT_EQ(memtable.data_bytes(), bytes);
      EXPECT_EQ(memtable.deletes(), static_cast<std::uint64_t>(std::count_if(
                                        writes.begin(), writes.end(), [](const Write& write) {
                                          return write.kind == Kind::kDelete;
                                        })));

      // And it takes more writes, new versions among them.
      for (int i = 0; i < count; ++i) {
        writes.push_back({shape.make(random), static_cast<Seq>(count + i + 1)});
        const Write& write = writes.back();
        memtable.add(make_trailer(write.seq, write.kind), write.key, write.value(),
                     hash_of(write.key));
      }
      model = model_of(writes);
      expect_walks(memtable, model);
      expect_gets(memtable, model);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(MemtableLoader, OrdersOfArrivalMakeNoDifference) {
  std::vector<Write> writes;
  for (Seq seq = 1; seq <= 3000; ++seq) {
    // Every key begins alike, goes on alike for longer than a head, and has a few versions.
    writes.push_back({"the same beginning/" + std::to_string(1000 + seq % 7) + "/which goes on/" +
                          std::to_string(100000 + seq / 3),
                      seq});
  }
  const test::Model model = model_of(writes);
  const auto expect_same = [&] {
    MemWorld world;
    Memtable memtable(world.budget, world.pages);
    load(world, memtable, writes);
    expect_walks(memtable, model);
  };
  expect_same();
  std::reverse(writes.begin(), writes.end());
  expect_same();
  std::sort(writes.begin(), writes.end(),
            [](const Write& a, const Write& b) { return a.key < b.key; });
  expect_same();
  std::mt19937_64 random(2);
  std::shuffle(writes.begin(), writes.end(), random);
  expect_same();
}

TEST(MemtableLoader, ManyVersionsOfOneKey) {
  for (const bool backwards : {false, true}) {
    MemWorld world;
    Memtable memtable(world.budget, world.pages);
    std::vector<Write> writes;
    for (Seq seq = 1; seq <= 5000; ++seq) writes.push_back({"counter", seq});
    writes.push_back({"counter\0", 6000});
    writes.push_back({"counter" + std::string(1, '\0'), 6001});
    if (backwards) std::reverse(writes.begin(), writes.end());
    load(world, memtable, writes);
    expect_walks(memtable, model_of(writes));
  }
}

// Each key is the beginning of the next: heads padded with zeros say little.
TEST(MemtableLoader, KeysThatAreBeginningsOfOneAnother) {
  MemWorld world;
  Memtable memtable(world.budget, world.pages);
  std::vector<Write> writes;
  Seq seq = 0;
  for (const char fill : {'\0', 'a', '\xff'}) {
    for (std::size_t size = 0; size < 700; ++size)
      writes.push_back({std::string(size, fill), ++seq});
  }
  std::mt19937_64 random(3);
  std::shuffle(writes.begin(), writes.end(), random);
  load(world, memtable, writes);
  expect_walks(memtable, model_of(writes));
}

TEST(MemtableLoader, OneWorksInTheMemoryOfAnother) {
  MemWorld world;
  LoaderMemory memory;
  const HeadedRecord* first_records = nullptr;
  for (const std::uint64_t entries : {3000, 500, 0, 2999}) {
    std::vector<Write> writes;
    for (Seq seq = 1; seq <= entries; ++seq) {
      writes.push_back({"key" + std::to_string(hash_of(std::to_string(seq))), seq});
    }
    Memtable memtable(world.budget, world.pages);
    MemtableLoader loader(memtable, world.budget, std::move(memory));
    for (const Write& write : writes) {
      loader.add(make_trailer(write.seq, write.kind), write.key, write.value(), hash_of(write.key));
    }
    loader.finish();
    expect_walks(memtable, model_of(writes));
    expect_gets(memtable, model_of(writes));
    memory = loader.take_memory();
    if (first_records == nullptr) first_records = memory.records.data();
    EXPECT_EQ(memory.records.data(), first_records);
  }
}

TEST(MemtableLoader, WhatItHoldsIsChargedAndReleased) {
  MemWorld world;
  {
    Memtable memtable(world.budget, world.pages);
    MemtableLoader loader(memtable, world.budget);
    for (Seq seq = 1; seq <= 1000; ++seq) {
      const std::string key = std::to_string(seq);
      loader.add(make_trailer(seq, Kind::kPut), key, "value", hash_of(key));
      ASSERT_EQ(loader.memory_bytes(), world.budget.used());
    }
    EXPECT_GE(world.budget.used(MemoryUse::kBuffer), 1000 * 2 * sizeof(HeadedRecord));
    loader.finish();
    EXPECT_EQ(world.budget.used(MemoryUse::kBuffer), 0U);
    EXPECT_EQ(world.budget.used(), memtable.memory_bytes());
  }
  EXPECT_EQ(world.budget.used(), 0U);
}

}  // namespace
}  // namespace nacre
