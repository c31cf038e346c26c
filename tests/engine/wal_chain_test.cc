// Which segments are the wal, and which of them an open keeps in memory: as text
// (tests/data/engine/wal_chain.txt).
//
//   chain                NUMBER<PREVIOUS ...          members, fresh chains, what is astray
//   group target=BYTES   BYTES ...                    where the groups are
//   room limit=BYTES     GROUP:BYTES | keepGROUP ...  what each is told, and who is there in the
//   end

#include "engine/wal_chain.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/replay_room.h"
#include "harness/datadriven.h"

namespace nacre::engine {
namespace {

using test::Command;

std::vector<std::string> words_of(const Command& command) {
  return test::split_words(command.input.substr(0, command.input.find('\n')));
}

std::string chain(const Command& command) {
  std::vector<ChainLink> links;
  for (const std::string& word : words_of(command)) {
    const std::size_t mark = word.find_first_of("<+?");
    ChainLink link;
    link.number = FileNumber{std::stoull(word.substr(0, mark))};
    link.has_header = word[mark] != '?';
    link.begun = word[mark] == '<';
    const std::string previous = word.substr(mark + 1);
    if (link.has_header && previous != "-") link.previous = FileNumber{std::stoull(previous)};
    links.push_back(link);
  }
  const WalChain found = find_chain(links);
  std::string text = "wal:";
  for (const std::size_t i : found.members) text += " " + std::to_string(raw(links[i].number));
  if (!found.fresh.empty()) text += ", must be empty:";
  for (const std::size_t i : found.fresh) text += " " + std::to_string(raw(links[i].number));
  if (found.stray) text += ", astray: " + std::to_string(raw(links[*found.stray].number));
  return text + "\n";
}

std::string group(const Command& command) {
  std::vector<std::uint64_t> bytes;
  for (const std::string& word : words_of(command)) bytes.push_back(std::stoull(word));
  std::string text;
  for (const SegmentGroup& one : group_segments(bytes, std::stoull(command.arg("target")))) {
    text += "[" + std::to_string(one.begin) + ", " + std::to_string(one.end) + ")\n";
  }
  return text.empty() ? "none\n" : text;
}

std::string room(const Command& command) {
  ReplayRoom kept(std::stoull(command.arg("limit")));
  PagePool pages;
  MemoryBudget budget(std::uint64_t{1} << 40);
  std::string text;
  for (const std::string& word : words_of(command)) {
    if (word.starts_with("keep")) {
      kept.keep(std::stoull(word.substr(4)),
                std::make_shared<LiveMemtable>(1 << 20, budget, pages, ""));
      continue;
    }
    const std::size_t colon = word.find(':');
    const bool stays =
        kept.charge(std::stoull(word.substr(0, colon)), std::stoull(word.substr(colon + 1)));
    text += word + (stays ? " stays\n" : " goes\n");
  }
  text += "there from " + std::to_string(kept.first_kept()) + " on:";
  for (std::size_t i = 0; i < 4; ++i) {
    if (kept.find(i) != nullptr) text += " " + std::to_string(i);
  }
  return text + "\n";
}

TEST(WalChainTest, Script) {
  test::run_datadriven("engine/wal_chain.txt", [](const Command& command) -> std::string {
    if (command.name == "chain") return chain(command);
    if (command.name == "group") return group(command);
    if (command.name == "room") return room(command);
    return "unknown command\n";
  });
}

}  // namespace
}  // namespace nacre::engine
