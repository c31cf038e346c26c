// lsm_test_text.h - versions and edits from the text that they render to, for text-driven tests.
//
//   table    12:[a..c]@5-9            keys escaped as in base/text.h
//   version  L0 12:[a..c]@5-9 11:[b..d]@1-4     one level a line
//   edit     -L0 12                   or  +L1 12:[a..c]@5-9, one table a line
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "harness/datadriven.h"
#include "lsm/edit.h"
#include "lsm/version.h"

namespace nacre::test {

/// A table with the range and seqs of the text; its other figures follow from its number. Text that
/// is not a table throws, which fails the test.
inline TableMeta table_from_text(const std::string& text) {
  const auto part = [&](std::size_t from, std::size_t to) { return text.substr(from, to - from); };
  const std::size_t open = text.find(":[");
  const std::size_t dots = text.find("..", open);
  const std::size_t close = text.find("]@", dots);
  const std::size_t dash = text.find('-', close);
  TableMeta meta;
  meta.number = FileNumber{std::stoull(part(0, open))};
  meta.smallest = unescape(part(open + 2, dots)).value();
  meta.largest = unescape(part(dots + 2, close)).value();
  meta.min_seq = std::stoull(part(close + 2, dash));
  meta.max_seq = std::stoull(text.substr(dash + 1));
  meta.bytes = 1000 + raw(meta.number);
  meta.entries = 10;
  meta.deletes = 1;
  meta.key_bytes = 160;
  meta.value_bytes = 1000;
  return meta;
}

/// Adds what a line of a version or an edit says to `edit`.
inline void add_line(const std::string& line, Edit& edit) {
  const std::vector<std::string> words = split_words(line);
  if (words.empty()) return;
  const std::size_t sign = words[0][0] == 'L' ? 0 : 1;
  const int level = std::stoi(words[0].substr(sign + 1));
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[0][0] == '-') {
      edit.removed.push_back({level, FileNumber{std::stoull(words[i])}});
    } else {
      edit.added.push_back({level, table_from_text(words[i])});
    }
  }
}

inline std::vector<std::string> split_lines(const std::string& text) {
  return Command{.name = {}, .words = {}, .args = {}, .input = text}.input_lines();
}

inline Edit edit_from_lines(const std::vector<std::string>& lines) {
  Edit edit;
  for (const std::string& line : lines) add_line(line, edit);
  return edit;
}

/// The version whose render() is `lines`, or why there is none.
inline Result<VersionPtr> version_from_lines(const std::vector<std::string>& lines) {
  return Version::empty()->next(edit_from_lines(lines), nullptr);
}

}  // namespace nacre::test
