#include "lsm/version.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "base/random.h"
#include "harness/datadriven.h"
#include "lsm/edit.h"
#include "lsm_test_text.h"

namespace nacre {
namespace {

using test::Command;

std::string numbers(std::span<const TablePtr> tables) {
  std::string text;
  for (const TablePtr& table : tables) text += std::to_string(raw(table->meta.number)) + " ";
  return text.empty() ? "none" : text.substr(0, text.size() - 1);
}

/// The commands of tests/data/lsm/version.txt, which say what they do.
class VersionScript {
 public:
  std::string run(const Command& command) {
    if (command.name == "version") return set(test::version_from_lines(command.input_lines()));
    if (command.name == "edit") {
      return set(version_->next(test::edit_from_lines(command.input_lines()), nullptr));
    }
    const int level = std::stoi(command.arg("level", "0"));
    if (command.name == "find") {
      std::string out;
      for (const std::string& key : command.words) out += key + ": " + find(level, key) + "\n";
      return out;
    }
    if (command.name == "overlapping") {
      return numbers(version_->overlapping(level, command.arg("lower"), command.arg("upper")));
    }
    if (command.name == "below") {
      std::string out;
      for (const std::string& key : command.words) {
        out += key + ": " + (version_->may_exist_below(level, key) ? "yes" : "no") + "\n";
      }
      return out;
    }
    if (command.name == "sizes") {
      return "tables " + std::to_string(version_->table_count()) + " bytes " +
             std::to_string(version_->bytes()) + " level " +
             std::to_string(version_->bytes(level)) + " max_seq " +
             std::to_string(version_->max_seq());
    }
    return "no such command";
  }

 private:
  std::string set(Result<VersionPtr> version) {
    if (!version.ok()) return version.error().to_string();
    version_ = *version;
    return version_->render();
  }
  std::string find(int level, const std::string& key) const {
    const Table* table = version_->find(level, unescape(key).value());
    return table == nullptr ? "none" : std::to_string(raw(table->meta.number));
  }

  VersionPtr version_ = Version::empty();
};

TEST(Version, Text) {
  VersionScript script;
  test::run_datadriven("lsm/version.txt",
                       [&](const Command& command) { return script.run(command); });
}

TEST(Version, SharesLevelsThatAnEditLeavesAlone) {
  const VersionPtr before =
      test::version_from_lines({"L1 1:[a..b]@1-2 2:[c..d]@1-2", "L2 3:[a..z]@1-1"}).value();
  const VersionPtr after = before->next(test::edit_from_lines({"-L1 1"}), nullptr).value();
  EXPECT_EQ(before->level(2).data(), after->level(2).data());
  EXPECT_EQ(after->level(1).front(), before->level(1).back());
  EXPECT_EQ(before->render(), "L1 1:[a..b]@1-2 2:[c..d]@1-2\nL2 3:[a..z]@1-1\n");
}

TEST(Version, TablesDieWithTheLastVersionThatHoldsThem) {
  VersionPtr before = test::version_from_lines({"L1 1:[a..b]@1-2"}).value();
  const std::weak_ptr<const Table> table = before->level(1).front();
  VersionPtr after = before->next(test::edit_from_lines({"-L1 1"}), nullptr).value();
  EXPECT_FALSE(table.expired());
  before.reset();
  EXPECT_TRUE(table.expired());
}

TEST(Version, AsksTheResolverOnlyForNewTables) {
  const VersionPtr before = test::version_from_lines({"L0 1:[a..b]@1-2"}).value();
  const Edit edit = test::edit_from_lines({"-L0 1", "+L1 1:[a..b]@1-2", "+L1 2:[c..d]@3-4"});
  std::vector<FileNumber> asked;
  const TablePtr two = std::make_shared<Table>(edit.added[1].meta);
  const VersionPtr after = before
                               ->next(edit,
                                      [&](FileNumber number) {
                                        asked.push_back(number);
                                        return two;
                                      })
                               .value();
  EXPECT_EQ(asked, std::vector<FileNumber>{FileNumber{2}});
  EXPECT_EQ(after->level(1)[0], before->level(0)[0]);
  EXPECT_EQ(after->level(1)[1], two);
}

TEST(Version, RefusesAResolverThatAnswersWrong) {
  const Edit edit = test::edit_from_lines({"+L1 2:[c..d]@3-4"});
  const auto none = Version::empty()->next(edit, [](FileNumber) { return TablePtr(); });
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().to_string(), "invalid: 000002.tbl is not open");
  TableMeta meta = edit.added[0].meta;
  ++meta.entries;
  const auto other =
      Version::empty()->next(edit, [&](FileNumber) { return std::make_shared<const Table>(meta); });
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), Code::kInvalid);
}

TEST(Version, RefusesMetadataThatCannotBe) {
  const TableMeta good = test::table_from_text("5:[a..c]@1-2");
  ASSERT_TRUE(check_table_meta(good).ok());
  std::vector<TableMeta> bad(8, good);
  bad[0].number = FileNumber{0};
  bad[1].smallest = "d";
  bad[2].min_seq = 3;
  bad[3].max_seq = kSeqMax + 1;
  bad[4].entries = 0;
  bad[5].deletes = 11;
  bad[6].largest = std::string(kKeyBytesMax + 1, 'x');
  bad[7].smallest = std::string(kKeyBytesMax + 1, 'a');
  for (const TableMeta& meta : bad) {
    Edit edit;
    edit.added.push_back({1, meta});
    const auto next = Version::empty()->next(edit, nullptr);
    ASSERT_FALSE(next.ok()) << render(meta);
    EXPECT_EQ(next.error().code(), Code::kCorruption);
  }
  for (const int level : {-1, kLevelCount}) {
    Edit edit;
    edit.added.push_back({level, good});
    EXPECT_FALSE(Version::empty()->next(edit, nullptr).ok());
    Edit gone;
    gone.removed.push_back({level, good.number});
    EXPECT_FALSE(Version::empty()->next(gone, nullptr).ok());
  }
  Edit nameless;
  nameless.removed.push_back({1, FileNumber{0}});
  EXPECT_FALSE(Version::empty()->next(nameless, nullptr).ok());
}

TEST(Version, SnapshotMakesTheSameVersion) {
  const std::vector<std::string> lines = {"L0 9:[a..c]@7-9 8:[b..d]@5-6", "L1 1:[a..b]@1-2",
                                          "L6 2:[a..b]@0-0 3:[c..d]@0-0"};
  const VersionPtr version = test::version_from_lines(lines).value();
  EXPECT_EQ(Version::empty()->next(version->snapshot(), nullptr).value()->render(),
            version->render());
  EXPECT_EQ(Version::empty()->render(), "empty\n");
}

/// A key of a few bytes out of few letters, so that heads tie, prefixes are shared, and zeros and
/// high bytes meet the padding of heads and the sign of char.
std::string random_key(Random& random, const std::string& prefix) {
  static constexpr char kLetters[] = {'\0', '\x01', 'a', '\x7f', '\x80', '\xff'};
  std::string key = random.one_in(20) ? "" : prefix;
  for (std::uint64_t n = random.below(12); n > 0; --n) {
    key += kLetters[random.below(random.one_in(2) ? 2 : 6)];
  }
  return key;
}

TEST(Version, FindAgreesWithALinearSearch) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string prefix = random.one_in(2) ? "" : std::string(random.below(20), 'k');
    std::set<std::string> ends;
    const std::uint64_t wanted = random.below(40);
    for (std::uint64_t i = 0; i < wanted; ++i) ends.insert(random_key(random, prefix));
    Edit edit;
    for (auto end = ends.begin(); end != ends.end(); ++end) {
      TableMeta meta = test::table_from_text("1:[a..a]@1-1");
      meta.number = FileNumber{edit.added.size() + 1};
      meta.smallest = *end;
      if (!random.one_in(3) && std::next(end) != ends.end()) ++end;
      meta.largest = *end;
      edit.added.push_back({1, meta});
    }
    const VersionPtr version = Version::empty()->next(edit, nullptr).value();
    std::vector<std::string> keys(ends.begin(), ends.end());
    for (int i = 0; i < 100; ++i) keys.push_back(random_key(random, prefix));
    for (const std::string& key : keys) {
      std::size_t at = 0;
      while (at < edit.added.size() && edit.added[at].meta.largest < key) ++at;
      const bool holds = at < edit.added.size() && edit.added[at].meta.smallest <= key;
      EXPECT_EQ(version->seek(1, key), at) << escape(key);
      EXPECT_EQ(version->find(1, key), holds ? version->level(1)[at].get() : nullptr)
          << escape(key);
      EXPECT_EQ(version->may_exist_below(0, key), holds);
      EXPECT_FALSE(version->may_exist_below(1, key));
    }
  }
}

TEST(Version, LevelZeroCheckAgreesWithEveryPair) {
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Edit edit;
    const std::uint64_t count = 2 + random.below(6);
    for (std::uint64_t i = 1; i <= count; ++i) {
      TableMeta meta = test::table_from_text("1:[a..a]@1-1");
      meta.number = FileNumber{i};
      const std::uint64_t low = random.below(20);
      meta.smallest = std::string(1, static_cast<char>('a' + low));
      meta.largest = std::string(1, static_cast<char>('a' + low + random.below(6)));
      meta.min_seq = random.below(30);
      meta.max_seq = meta.min_seq + random.below(6);
      edit.added.push_back({0, meta});
    }
    bool clash = false;
    for (const AddedTable& a : edit.added) {
      for (const AddedTable& b : edit.added) {
        clash |= a.meta.number < b.meta.number && a.meta.smallest <= b.meta.largest &&
                 b.meta.smallest <= a.meta.largest && a.meta.min_seq <= b.meta.max_seq &&
                 b.meta.min_seq <= a.meta.max_seq;
      }
    }
    EXPECT_EQ(Version::empty()->next(edit, nullptr).ok(), !clash);
    refused += clash ? 1 : 0;
  }
  EXPECT_GT(refused, 200);
  EXPECT_LT(refused, 1'800);
}

TEST(Version, ALargeHostileEditIsJudgedInTime) {
  // Quadratic work on this many tables would take minutes.
  constexpr std::uint64_t kTables = 100'000;
  Edit edit;
  for (std::uint64_t i = 1; i <= kTables; ++i) {
    TableMeta meta = test::table_from_text("1:[a..a]@5-9");
    meta.number = FileNumber{i};
    meta.smallest = meta.largest = std::to_string(kTables + i);
    edit.added.push_back({0, meta});
  }
  const VersionPtr version = Version::empty()->next(edit, nullptr).value();
  EXPECT_EQ(version->table_count(0), kTables);
  Edit remove;
  for (std::uint64_t i = kTables; i > 0; --i) remove.removed.push_back({0, FileNumber{i}});
  EXPECT_EQ(version->next(remove, nullptr).value()->table_count(), 0U);
}

}  // namespace
}  // namespace nacre
