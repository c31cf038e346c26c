#include "harness/datadriven.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace nacre::test {

namespace {

Command parse_command(const std::string& text, int line) {
  Command command;
  command.line = line;
  for (const std::string& word : split_words(text)) {
    const auto equals = word.find('=');
    if (command.name.empty()) {
      command.name = word;
    } else if (equals == std::string::npos) {
      command.words.push_back(word);
    } else {
      command.args[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  return command;
}

std::string with_newline(std::string text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

/// Reads lines until one that `stops` accepts, which is left out; joins them.
template <typename Stops>
std::string read_until(std::istream& in, int& line_number, Stops&& stops) {
  std::string out;
  for (std::string line; std::getline(in, line);) {
    ++line_number;
    if (stops(line)) break;
    out += line + '\n';
  }
  return out;
}

}  // namespace

std::vector<std::string> split_words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> Command::input_lines() const {
  std::istringstream in(input);
  std::vector<std::string> lines;
  for (std::string text; std::getline(in, text);) lines.push_back(text);
  return lines;
}

void run_datadriven(const std::string& file,
                    const std::function<std::string(const Command&)>& handler) {
  const std::string path = std::string(NACRE_TEST_DATA) + "/" + file;
  std::ifstream in(path);
  ASSERT_TRUE(in.good()) << "no test data at " << path;
  const bool rewrite = std::getenv("NACRE_REWRITE") != nullptr;
  std::string rewritten;
  int line_number = 0;
  int commands = 0;
  for (std::string line; std::getline(in, line);) {
    ++line_number;
    if (line.empty() || line[0] == '#') {
      rewritten += line + '\n';
      continue;
    }
    Command command = parse_command(line, line_number);
    command.input = read_until(in, line_number, [](const std::string& l) { return l == "----"; });
    const std::string expected =
        read_until(in, line_number, [](const std::string& l) { return l.empty(); });
    const std::string actual = with_newline(handler(command));
    rewritten += line + '\n' + command.input + "----\n" + actual + '\n';
    ++commands;
    if (!rewrite) {
      EXPECT_EQ(expected, actual) << path << ":" << command.line << ": " << line;
    }
  }
  EXPECT_GT(commands, 0) << path << " holds no commands";
  if (rewrite) {
    while (rewritten.size() > 1 && rewritten.ends_with("\n\n")) rewritten.pop_back();
    std::ofstream(path) << rewritten;
  }
}

}  // namespace nacre::test
