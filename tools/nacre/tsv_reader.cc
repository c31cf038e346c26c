// Part of reader.h: "key TAB value" a line. The first tab ends the key.
#include "base/try.h"
#include "reader.h"

namespace nacre::tool {

namespace {

class TsvReader : public EntryReader {
 public:
  TsvReader(LineSource& source, ReaderSettings settings)
      : source_(source), settings_(std::move(settings)) {}

  Result<bool> next(Entry& entry) override {
    for (;;) {
      const std::optional<std::string_view> line = NACRE_TRY(source_.next());
      if (!line.has_value()) return false;
      if (line->empty()) continue;  // an entry has at least its tab
      const std::size_t tab = line->find('\t');
      if (tab == std::string_view::npos) return source_.error("no tab between key and value");
      Result<std::string> key = decode(settings_.key_format, line->substr(0, tab));
      if (!key.ok()) return source_.error("key: " + std::string(key.error().message()));
      Result<std::string> value = decode(settings_.value_format, line->substr(tab + 1));
      if (!value.ok()) return source_.error("value: " + std::string(value.error().message()));
      entry.key = std::move(*key);
      entry.value = std::move(*value);
      return true;
    }
  }

 private:
  LineSource& source_;
  const ReaderSettings settings_;
};

}  // namespace

std::unique_ptr<EntryReader> make_tsv_reader(LineSource& source, ReaderSettings settings) {
  return std::make_unique<TsvReader>(source, std::move(settings));
}

std::unique_ptr<EntryReader> make_reader(TextKind kind, LineSource& source,
                                         ReaderSettings settings) {
  switch (kind) {
    case TextKind::kJsonLines:
      return make_jsonl_reader(source, std::move(settings));
    case TextKind::kControl:
      return make_control_reader(source, std::move(settings));
    case TextKind::kTsv:
      break;
  }
  return make_tsv_reader(source, std::move(settings));
}

}  // namespace nacre::tool
