#include "lsm/splitter.h"

#include <gtest/gtest.h>

#include <list>
#include <random>

#include "harness/datadriven.h"

namespace nacre {
namespace {

/// Lines "grandparent smallest largest bytes", then words "key:bytes", an entry each.
TEST(Splitter, Text) {
  test::run_datadriven("lsm/splitter.txt", [](const test::Command& command) {
    if (command.name != "split") return std::string("unknown command");
    std::list<std::string> owned;  // keeps the keys where they are
    std::vector<Splitter::Grandparent> grandparents;
    std::vector<std::pair<std::string, std::uint64_t>> entries;
    for (const std::string& line : command.input_lines()) {
      const auto words = test::split_words(line);
      if (words[0] == "grandparent") {
        const std::string& smallest = owned.emplace_back(words[1]);
        const std::string& largest = owned.emplace_back(words[2]);
        grandparents.push_back({smallest, largest, std::stoull(words[3])});
        continue;
      }
      for (const std::string& word : words) {
        const auto colon = word.find(':');
        entries.emplace_back(word.substr(0, colon), std::stoull(word.substr(colon + 1)));
      }
    }
    Splitter splitter(std::stoull(command.arg("target")), grandparents);
    std::string out;
    std::uint64_t bytes = 0;
    for (const auto& [key, size] : entries) {
      const SplitReason reason = splitter.before(key, bytes);
      if (reason != SplitReason::kNone) {
        out += "| " + std::to_string(bytes) + " " + std::string(split_reason_name(reason)) + "\n";
        bytes = 0;
      }
      out += key + " ";
      bytes += size;
    }
    return out + "| " + std::to_string(bytes) + "\n";
  });
}

/// The rules hold on random work, judged by a slow look at whole tables.
TEST(Splitter, TheRulesHoldOnRandomWork) {
  constexpr std::uint64_t kTarget = 1000;
  const auto key_of = [](std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(6 - digits.size(), '0') + digits;
  };
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    std::list<std::string> owned;
    std::vector<Splitter::Grandparent> grandparents;
    for (std::uint64_t at = random() % 50; at < 5000;) {
      const std::uint64_t end = at + random() % 200;
      const std::string& smallest = owned.emplace_back(key_of(at));
      const std::string& largest = owned.emplace_back(key_of(end));
      grandparents.push_back({smallest, largest, 1 + random() % (4 * kTarget)});
      at = end + 1 + random() % 100;
    }
    const auto overlap = [&](const std::string& first, const std::string& last) {
      std::uint64_t sum = 0;
      for (const auto& g : grandparents) {
        if (g.smallest <= last && first <= g.largest) sum += g.bytes;
      }
      return sum;
    };
    const auto edge_between = [&](const std::string& last, const std::string& next) {
      for (const auto& g : grandparents) {
        if ((last < g.smallest && g.smallest <= next) || (last <= g.largest && g.largest < next)) {
          return true;
        }
      }
      return false;
    };

    Splitter splitter(kTarget, grandparents);
    std::string first;
    std::string last;
    std::uint64_t bytes = 0;
    for (std::uint64_t number = 0; number < 5000; number += 1 + random() % 60) {
      const std::string key = key_of(number);
      for (auto versions = 1 + random() % 3; versions > 0; --versions) {
        const SplitReason reason = splitter.before(key, bytes);
        const std::string where = "seed " + std::to_string(seed) + " key " + key;
        if (last.empty() || key == last) {
          ASSERT_EQ(reason, SplitReason::kNone) << where;
        } else {
          const bool too_wide = overlap(first, key) > Splitter::kOverlapFactor * kTarget &&
                                overlap(first, key) > overlap(first, last);
          const SplitReason expected = bytes >= kTarget ? SplitReason::kSize
                                       : too_wide       ? SplitReason::kOverlap
                                       : bytes >= kTarget / 2 && edge_between(last, key)
                                           ? SplitReason::kBoundary
                                           : SplitReason::kNone;
          ASSERT_EQ(split_reason_name(reason), split_reason_name(expected)) << where;
        }
        if (reason != SplitReason::kNone || last.empty()) {
          first = key;
          bytes = 0;
        }
        last = key;
        bytes += 1 + random() % 150;
      }
    }
  }
}

}  // namespace
}  // namespace nacre
