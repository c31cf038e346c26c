#include "lsm/retention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>

#include "harness/datadriven.h"

namespace nacre {
namespace {

/// An entry that owns its bytes: "a.put.9=x" or "a.del.8".
struct OldVersion {
  std::string key;
  Seq seq = 0;
  Kind kind = Kind::kPut;
  std::string value;

  Entry entry() const { return {key, make_trailer(seq, kind), value}; }
  std::string text() const {
    return key + (kind == Kind::kPut ? ".put." : ".del.") + std::to_string(seq) +
           (kind == Kind::kPut ? "=" + value : "");
  }
  static OldVersion parse(const std::string& text) {
    const auto first = text.find('.');
    const auto second = text.find('.', first + 1);
    const auto equals = text.find('=');
    OldVersion version;
    version.key = text.substr(0, first);
    version.seq = std::stoull(text.substr(second + 1));
    version.kind = text.substr(first + 1, 3) == "put" ? Kind::kPut : Kind::kDelete;
    if (equals != std::string::npos) version.value = text.substr(equals + 1);
    return version;
  }
};

std::vector<OldVersion> retain(Retention& retention, const std::vector<OldVersion>& merged) {
  std::vector<OldVersion> kept;
  for (const OldVersion& version : merged) {
    const Verdict verdict = retention.decide(version.entry());
    if (verdict == Verdict::kDrop) continue;
    kept.push_back(version);
    if (verdict == Verdict::kKeepZeroed) kept.back().seq = 0;
  }
  return kept;
}

TEST(Retention, Text) {
  test::run_datadriven("lsm/retention.txt", [](const test::Command& command) {
    if (command.name != "retain") return std::string("unknown command");
    std::vector<Seq> readers;
    std::istringstream numbers(command.arg("readers"));
    for (std::string number; std::getline(numbers, number, ',');) {
      readers.push_back(std::stoull(number));
    }
    const std::string below = "," + command.arg("below") + ",";
    std::string asked;
    Retention retention(readers, [&](std::string_view key) {
      asked += " '" + std::string(key) + "'";
      return below == ",all," || below.find("," + std::string(key) + ",") != std::string::npos;
    });
    std::vector<OldVersion> merged;
    for (const std::string& word : test::split_words(command.input)) {
      merged.push_back(OldVersion::parse(word));
    }
    std::string out;
    for (const OldVersion& version : retain(retention, merged)) out += version.text() + "\n";
    if (out.empty()) out = "nothing\n";
    return out + (asked.empty() ? "" : "asked about" + asked + "\n");
  });
}

using History = std::vector<OldVersion>;

/// What a reader at `seq` sees of each key: the value, or no entry for a key without one.
std::map<std::string, std::string> visible(const History& history, Seq seq) {
  std::map<std::string, const OldVersion*> newest;
  for (const OldVersion& version : history) {
    if (version.seq > seq) continue;
    const OldVersion*& best = newest[version.key];
    if (best == nullptr || best->seq < version.seq) best = &version;
  }
  std::map<std::string, std::string> out;
  for (const auto& [key, version] : newest) {
    if (version->kind == Kind::kPut) out[key] = version->value;
  }
  return out;
}

struct Scenario {
  History merged;  // in internal order
  History below;   // of each key, older than all that is merged
  std::vector<Seq> readers;
  Seq last_seq = 0;

  explicit Scenario(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below_bound = [&](std::uint64_t bound) { return random() % bound; };
    last_seq = 1 + below_bound(14);
    const std::uint64_t keys = 1 + below_bound(3);
    std::vector<Seq> sunk(keys);  // versions of a key up to this seq lie below
    for (Seq& seq : sunk) seq = below_bound(2) == 0 ? 0 : below_bound(last_seq + 1);
    for (Seq seq = 1; seq <= last_seq; ++seq) {
      const std::uint64_t key = below_bound(keys);
      const bool is_put = below_bound(3) != 0;
      OldVersion version{.key = std::string(1, static_cast<char>('a' + key)),
                         .seq = seq,
                         .kind = is_put ? Kind::kPut : Kind::kDelete,
                         .value = is_put ? "v" + std::to_string(seq) : ""};
      (seq <= sunk[key] ? below : merged).push_back(version);
    }
    std::sort(merged.begin(), merged.end(), [](const OldVersion& a, const OldVersion& b) {
      return compare(a.key, a.entry().trailer, b.key, b.entry().trailer) < 0;
    });
    const Seq now = below_bound(4) == 0 ? below_bound(last_seq + 1) : last_seq;
    for (auto count = below_bound(4); count > 0; --count) readers.push_back(below_bound(now + 1));
    readers.push_back(now);
    std::sort(readers.begin(), readers.end());
  }

  std::string text() const {
    std::string out = "readers";
    for (const Seq reader : readers) out += " " + std::to_string(reader);
    out += "; merged";
    for (const OldVersion& version : merged) out += " " + version.text();
    out += "; below";
    for (const OldVersion& version : below) out += " " + version.text();
    return out;
  }
};

History all_of(const History& upper, const History& lower) {
  History all = upper;
  all.insert(all.end(), lower.begin(), lower.end());
  return all;
}

TEST(Retention, NoReaderSeesADifference) {
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    const Scenario scenario(seed);
    std::set<std::string> keys_below;
    for (const OldVersion& version : scenario.below) keys_below.insert(version.key);
    std::map<std::string, int> asked;
    Retention retention(scenario.readers, [&](std::string_view key) {
      ++asked[std::string(key)];
      // Every third time a doubt that is not justified, as a key range gives.
      return keys_below.count(std::string(key)) != 0 || seed % 3 == 0;
    });
    const History kept = retain(retention, scenario.merged);
    const History before = all_of(scenario.merged, scenario.below);
    const History after = all_of(kept, scenario.below);
    // The readers there are, and those to come: at now or any later seq.
    std::vector<Seq> at = scenario.readers;
    for (Seq seq = scenario.readers.back(); seq <= scenario.last_seq + 1; ++seq) at.push_back(seq);
    for (const Seq seq : at) {
      ASSERT_EQ(visible(before, seq), visible(after, seq))
          << "seed " << seed << " reader " << seq << ": " << scenario.text();
    }
    for (const auto& [key, times] : asked) ASSERT_EQ(times, 1) << key << " seed " << seed;
    for (std::size_t i = 1; i < kept.size(); ++i) {
      ASSERT_LT(compare(kept[i - 1].key, kept[i - 1].entry().trailer, kept[i].key,
                        kept[i].entry().trailer),
                0)
          << "seed " << seed << ": the output is out of order";
    }
  }
}

/// Leaving out any one of the entries that stay would be noticed, except a delete above the oldest
/// stripe, which nobody can judge without looking at what is older.
TEST(Retention, WhatIsKeptIsNeeded) {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    Scenario scenario(seed);
    scenario.below.clear();
    Retention retention(scenario.readers, [](std::string_view) { return false; });
    const History kept = retain(retention, scenario.merged);
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (kept[i].kind == Kind::kDelete && kept[i].seq > scenario.readers.front()) continue;
      History less = kept;
      less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
      bool noticed = false;
      std::vector<Seq> at = scenario.readers;
      for (Seq seq = at.back(); seq <= scenario.last_seq; ++seq) at.push_back(seq);
      for (const Seq seq : at) noticed |= visible(kept, seq) != visible(less, seq);
      ASSERT_TRUE(noticed) << "seed " << seed << " " << kept[i].text() << ": " << scenario.text();
    }
  }
}

/// Merging again what was merged, with fewer readers each time, ends with the newest puts at seq 0.
TEST(Retention, RepeatedMergesEndInTheNewestValues) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Scenario scenario(seed);
    scenario.below.clear();
    History history = scenario.merged;
    const auto expected = visible(history, scenario.last_seq);
    for (std::vector<Seq> readers = scenario.readers; !readers.empty();
         readers.erase(readers.begin())) {
      readers.back() = std::max(readers.back(), scenario.last_seq);
      Retention retention(readers, [](std::string_view) { return false; });
      history = retain(retention, history);
    }
    ASSERT_EQ(visible(history, scenario.last_seq), expected) << "seed " << seed;
    ASSERT_EQ(history.size(), expected.size()) << "seed " << seed;
    for (const OldVersion& version : history) ASSERT_EQ(version.seq, 0U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace nacre
