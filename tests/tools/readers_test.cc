#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "reader.h"

namespace nacre::tool {
namespace {

/// A file that holds `text` and is gone when closed, open for reading.
int file_with(const std::string& text) {
  std::FILE* const file = std::tmpfile();
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
  std::fflush(file);
  const int fd = ::dup(::fileno(file));
  std::fclose(file);
  ::lseek(fd, 0, SEEK_SET);
  return fd;
}

/// "key=value" of each entry, escaped, a line each; then the error, if one ended it.
std::string entries_of(EntryReader& reader) {
  std::string out;
  Entry entry;
  for (;;) {
    const auto more = reader.next(entry);
    if (!more.ok()) return out + "error " + std::string(more.error().message()) + "\n";
    if (!*more) return out;
    out +=
        encode(ByteFormat::kText, entry.key) + "=" + encode(ByteFormat::kText, entry.value) + "\n";
  }
}

std::string read(TextKind kind, const std::string& text, ReaderSettings settings = {}) {
  LineSource source(file_with(text), "input");
  return entries_of(*make_reader(kind, source, std::move(settings)));
}

TEST(LineSource, GivesLinesWithTheirNumbers) {
  LineSource source(file_with("one\n\nthree"), "input");
  EXPECT_EQ(source.total_bytes(), 10U);
  EXPECT_EQ(**source.next(), "one");
  EXPECT_EQ(source.line(), 1U);
  EXPECT_EQ(**source.next(), "");
  EXPECT_EQ(**source.next(), "three");
  EXPECT_EQ(source.line(), 3U);
  EXPECT_EQ(source.bytes(), 10U);
  EXPECT_FALSE(source.next()->has_value());
  EXPECT_FALSE(source.stopped());
}

TEST(LineSource, JoinsLinesThatAreLongerThanItsBuffer) {
  std::string text;
  for (const std::size_t length : {300'000, 1, 900'000, 262'144, 262'143}) {
    text += std::string(length, 'x') + "\n";
  }
  LineSource source(file_with(text), "input");
  for (const std::size_t length : {300'000, 1, 900'000, 262'144, 262'143}) {
    const auto line = source.next();
    ASSERT_TRUE(line.ok() && line->has_value());
    EXPECT_EQ((*line)->size(), length);
  }
  EXPECT_FALSE(source.next()->has_value());
}

TEST(LineSource, TellsBeforeItWaitsAndStopsWhenToldTo) {
  int input[2];
  int stop[2];
  ASSERT_EQ(::pipe(input), 0);
  ASSERT_EQ(::pipe(stop), 0);
  LineSource source(input[0], "pipe");
  source.stop_when_readable(stop[0]);
  EXPECT_FALSE(source.total_bytes().has_value());
  int waits = 0;
  source.before_waiting([&]() -> Status {
    if (++waits == 1) {
      EXPECT_EQ(::write(input[1], "a\nb", 3), 3);
    }
    if (waits == 2) {
      EXPECT_EQ(::write(stop[1], "", 1), 1);
    }
    return {};
  });
  EXPECT_EQ(**source.next(), "a");
  EXPECT_EQ(waits, 1);
  EXPECT_FALSE(source.next()->has_value());  // "b" may be half a line: it is not shown
  EXPECT_EQ(waits, 2);
  EXPECT_TRUE(source.stopped());
  ::close(input[1]);
  ::close(stop[0]);
  ::close(stop[1]);
}

TEST(LineSource, HandsOnTheErrorOfTheCallBeforeWaiting) {
  int input[2];
  ASSERT_EQ(::pipe(input), 0);
  LineSource source(input[0], "pipe");
  source.before_waiting([] { return Status(Code::kNoSpace, "full"); });
  const auto line = source.next();
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().code(), Code::kNoSpace);
  ::close(input[1]);
}

TEST(LineSource, NamesAFileThatIsNotThere) {
  const auto source = LineSource::open("/nonexistent/file");
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code(), Code::kNotFound);
}

TEST(TsvReader, TakesTheFirstTabAsTheEndOfTheKey) {
  EXPECT_EQ(read(TextKind::kTsv, "a\t1\n\nb\\t\t2\t3\n\t\nc\t"), "a=1\nb\\t=2\\t3\n=\nc=\n");
}

TEST(TsvReader, ReadsOtherFormats) {
  EXPECT_EQ(read(TextKind::kTsv, "00ff\tYQ==\n", {ByteFormat::kHex, ByteFormat::kBase64, ""}),
            "\\0\\xff=a\n");
}

TEST(TsvReader, NamesTheLineOfAMistake) {
  EXPECT_EQ(read(TextKind::kTsv, "a\t1\nno tab\nb\t2\n"),
            "a=1\nerror input: line 2: no tab between key and value\n");
  EXPECT_EQ(read(TextKind::kTsv, "a\\q\t1\n").substr(0, 48),
            "error input: line 1: key: bad escape at offset 1");
  EXPECT_EQ(read(TextKind::kTsv, "a\t0\n", {ByteFormat::kText, ByteFormat::kHex, ""}).substr(0, 27),
            "error input: line 1: value:");
}

TEST(JsonLinesReader, ReadsStringsBase64AndNumbers) {
  EXPECT_EQ(read(TextKind::kJsonLines, R"({"key": "a\n\\x", "value": "\u00e9"})"
                                       "\n \n"
                                       R"({"value": {"base64": "/w=="}, "key": 17, "more": []})"),
            "a\\n\\\\x=\\xc3\\xa9\n17=\\xff\n");
}

TEST(JsonLinesReader, ReadsHexWhenAsked) {
  EXPECT_EQ(read(TextKind::kJsonLines, R"({"key": "ff00", "value": "61"})",
                 {ByteFormat::kHex, ByteFormat::kHex, ""}),
            "\\xff\\0=a\n");
}

TEST(JsonLinesReader, TakesTheWholeLineWhenAMemberIsTheKey) {
  EXPECT_EQ(read(TextKind::kJsonLines, R"({"id": 7, "name": "x"})",
                 {ByteFormat::kText, ByteFormat::kText, "id"}),
            "7={\"id\": 7, \"name\": \"x\"}\n");
}

TEST(JsonLinesReader, NamesTheLineOfAMistake) {
  const std::string good = R"({"key": "a", "value": "b"})";
  const std::string begin = "a=b\nerror input: line 2: ";
  const auto second = [&](const std::string& line) {
    return read(TextKind::kJsonLines, good + "\n" + line + "\n").substr(begin.size());
  };
  EXPECT_EQ(second("{"), "not JSON near byte 2\n");
  EXPECT_EQ(second("[]"), "not a JSON object\n");
  EXPECT_EQ(second(R"({"key": "a"})"), "no member \"value\"\n");
  EXPECT_EQ(second(R"({"key": null, "value": ""})"),
            "member \"key\" is neither a string nor {\"base64\": \"...\"}\n");
  EXPECT_EQ(second(R"({"key": {"base64": 1}, "value": ""})"),
            "member \"key\" is neither a string nor {\"base64\": \"...\"}\n");
  EXPECT_EQ(second(R"({"key": {"base64": "*"}, "value": ""})").substr(0, 20),
            "member \"key\": base64");
}

TEST(JsonLinesReader, SurvivesDeepNesting) {
  const std::string deep = R"({"key": "a", "value": "b", "x": )" + std::string(200'000, '[') +
                           std::string(200'000, ']') + "}";
  EXPECT_EQ(read(TextKind::kJsonLines, deep), "a=b\n");
}

TEST(ControlReader, MakesAnEntryOfEachStanza) {
  EXPECT_EQ(read(TextKind::kControl,
                 "\n# comment\nPackage: bash\nVersion: 1\nDescription: shell\n more\n\n \n"
                 "# comment\nVersion: 2\npackage:  zsh \n# in between\n"),
            "bash=Package: bash\\nVersion: 1\\nDescription: shell\\n more\n"
            "zsh=Version: 2\\npackage:  zsh \n");
}

TEST(ControlReader, TakesAnotherFieldAsTheKey) {
  EXPECT_EQ(read(TextKind::kControl, "Package: a\nVersion: 1\n",
                 {ByteFormat::kText, ByteFormat::kText, "version"}),
            "1=Package: a\\nVersion: 1\n");
}

TEST(ControlReader, NamesTheLineOfAMistake) {
  EXPECT_EQ(read(TextKind::kControl, "Package: a\n\nVersion: 1\n\nPackage: b\n"),
            "a=Package: a\nerror input: line 4: the stanza that ends here has no field Package\n");
  EXPECT_EQ(read(TextKind::kControl, " a\n"),
            "error input: line 1: a stanza can't begin with a continuation line\n");
  EXPECT_EQ(read(TextKind::kControl, "Package a\n"),
            "error input: line 1: no colon: not \"Field: text\"\n");
}

TEST(ControlReader, DropsAStanzaThatAStopCut) {
  int input[2];
  int stop[2];
  ASSERT_EQ(::pipe(input), 0);
  ASSERT_EQ(::pipe(stop), 0);
  ASSERT_EQ(::write(input[1], "Package: a\n\nPackage: b\n", 23), 23);
  LineSource source(input[0], "pipe");
  source.stop_when_readable(stop[0]);
  source.before_waiting([&]() -> Status {
    EXPECT_EQ(::write(stop[1], "", 1), 1);
    return {};
  });
  EXPECT_EQ(entries_of(*make_control_reader(source, {})), "a=Package: a\n");
  ::close(input[1]);
  ::close(stop[0]);
  ::close(stop[1]);
}

}  // namespace
}  // namespace nacre::tool
