// Part of reader.h: Debian control files (deb822), such as /var/lib/dpkg/status.
//
//   Package: bash                 a stanza is lines up to an empty one; a field is "Name: text",
//   Description: GNU shell        continued by lines that begin with a space or a tab; lines that
//    Bash is a command language   begin with # are comments
//
// The value is the stanza as it is, without comments and without its last newline.
#include <strings.h>

#include "base/try.h"
#include "reader.h"

namespace nacre::tool {

namespace {

constexpr std::string_view kBlanks = " \t\r";

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

class ControlReader : public EntryReader {
 public:
  ControlReader(LineSource& source, ReaderSettings settings)
      : source_(source), settings_(std::move(settings)) {}

  Result<bool> next(Entry& entry) override {
    entry.value.clear();
    std::optional<std::string> key;
    bool any = false;
    for (;;) {
      const std::optional<std::string_view> line = NACRE_TRY(source_.next());
      if (source_.stopped()) return false;  // the stanza may go on: not an entry
      const bool ends = !line.has_value() || trimmed(*line).empty();
      if (ends && any) break;
      if (!line.has_value()) return false;
      if (ends || line->starts_with('#')) continue;
      NACRE_TRY(add_line(*line, any, key, entry.value));
      any = true;
    }
    if (!key.has_value()) {
      return source_.error("the stanza that ends here has no field " + field());
    }
    entry.key = std::move(*key);
    return true;
  }

 private:
  const std::string& field() const {
    static const std::string fallback = "Package";
    return settings_.key_field.empty() ? fallback : settings_.key_field;
  }

  Status add_line(std::string_view line, bool any, std::optional<std::string>& key,
                  std::string& stanza) const {
    if (line.front() == ' ' || line.front() == '\t') {
      if (!any) return source_.error("a stanza can't begin with a continuation line");
    } else {
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) return source_.error("no colon: not \"Field: text\"");
      if (!key.has_value() && same_name(line.substr(0, colon), field())) {
        key = std::string(trimmed(line.substr(colon + 1)));
      }
    }
    if (any) stanza += '\n';
    stanza += line;
    return {};
  }

  LineSource& source_;
  const ReaderSettings settings_;
};

}  // namespace

std::unique_ptr<EntryReader> make_control_reader(LineSource& source, ReaderSettings settings) {
  return std::make_unique<ControlReader>(source, std::move(settings));
}

}  // namespace nacre::tool
