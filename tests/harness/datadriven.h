// datadriven.h - tests as text: a file of commands, their input, and the output they must print.
//
//   # comment
//   command arg=value other words
//   input line
//   ----
//   expected output, up to the next blank line
//
// With NACRE_REWRITE=1 in the environment the file is rewritten with what was printed instead; look
// at the difference before you commit it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace nacre::test {

struct Command {
  std::string name;
  std::vector<std::string> words;           // arguments without '='
  std::map<std::string, std::string> args;  // arguments with one
  std::string input;                        // lines, each with its newline
  int line = 0;

  std::string arg(const std::string& key, const std::string& fallback = "") const {
    const auto found = args.find(key);
    return found == args.end() ? fallback : found->second;
  }
  std::vector<std::string> input_lines() const;
};

/// Runs every command of tests/data/<file> through `handler` and fails the running test where the
/// output differs.
void run_datadriven(const std::string& file,
                    const std::function<std::string(const Command&)>& handler);

/// Words of a line, split at spaces.
std::vector<std::string> split_words(const std::string& line);

}  // namespace nacre::test
