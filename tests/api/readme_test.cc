// What the documents say of the sources: the example of the README is the one that is built, and
// every file and every test that a document names is there.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::test {
namespace {

namespace fs = std::filesystem;

const fs::path& root() {
  static const fs::path path = fs::path(NACRE_TEST_DATA).parent_path().parent_path();
  return path;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> documents() {
  std::vector<fs::path> found = {root() / "README.md"};
  for (const auto& entry : fs::directory_iterator(root() / "docs")) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  return found;
}

/// What a document sets as `code` within a line.
std::vector<std::string> code_words(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream lines(text);
  bool block = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) block = !block;
    if (block) continue;
    for (std::size_t begin = line.find('`'); begin != line.npos; begin = line.find('`', begin)) {
      const std::size_t end = line.find('`', begin + 1);
      if (end == line.npos) break;
      words.push_back(line.substr(begin + 1, end - begin - 1));
      begin = end + 1;
    }
  }
  return words;
}

/// "engine/view.h", "tests/lsm/edit_test.cc": a path with a folder and no other characters.
bool is_source_path(std::string_view word) {
  if (word.find('/') == word.npos) return false;
  if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_/.") != word.npos) return false;
  return word.ends_with(".h") || word.ends_with(".cc") || word.ends_with(".txt");
}

/// "CrashSweepTest.NoticesADiskThatLies": two names with capitals and a dot between them.
bool is_test_name(std::string_view word) {
  const std::size_t dot = word.find('.');
  if (dot == word.npos || dot == 0 || dot + 1 == word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (i != dot && std::isalnum(static_cast<unsigned char>(word[i])) == 0) return false;
  }
  return std::isupper(static_cast<unsigned char>(word[0])) != 0 &&
         std::isupper(static_cast<unsigned char>(word[dot + 1])) != 0;
}

/// "Suite.Name" of every test in tests/.
std::set<std::string> all_tests() {
  std::set<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(root() / "tests")) {
    if (!entry.path().string().ends_with("_test.cc")) continue;
    std::istringstream lines(read_text(entry.path()));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("TEST")) continue;
      const std::size_t open = line.find('(');
      const std::size_t comma = line.find(", ", open);
      const std::size_t close = line.find(')', comma);
      if (close == line.npos) continue;
      found.insert(line.substr(open + 1, comma - open - 1) + "." +
                   line.substr(comma + 2, close - comma - 2));
    }
  }
  return found;
}

TEST(Documents, TheReadmeShowsTheExampleThatIsBuilt) {
  const std::string readme = read_text(root() / "README.md");
  const std::string mark = "<!-- examples/readme.cc -->\n```cpp\n";
  const std::size_t begin = readme.find(mark);
  ASSERT_NE(begin, readme.npos);
  const std::size_t end = readme.find("```\n", begin + mark.size());
  ASSERT_NE(end, readme.npos);
  EXPECT_EQ(readme.substr(begin + mark.size(), end - begin - mark.size()),
            read_text(root() / "examples" / "readme.cc"));
}

TEST(Documents, FilesTheyNameAreThere) {
  std::size_t named = 0;
  for (const fs::path& document : documents()) {
    for (const std::string& word : code_words(read_text(document))) {
      if (!is_source_path(word)) continue;
      ++named;
      EXPECT_TRUE(fs::exists(root() / word) || fs::exists(root() / "src" / word) ||
                  fs::exists(root() / "include" / word))
          << document.filename() << " names " << word;
    }
  }
  EXPECT_GT(named, 50U);
}

TEST(Documents, TestsTheyNameAreThere) {
  const std::set<std::string> tests = all_tests();
  EXPECT_GT(tests.size(), 300U);
  std::size_t named = 0;
  for (const fs::path& document : documents()) {
    for (const std::string& word : code_words(read_text(document))) {
      if (!is_test_name(word)) continue;
      ++named;
      EXPECT_TRUE(tests.contains(word)) << document.filename() << " names " << word;
    }
  }
  EXPECT_GT(named, 50U);
}

}  // namespace
}  // namespace nacre::test
