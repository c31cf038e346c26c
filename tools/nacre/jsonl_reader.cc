// Part of reader.h: one JSON object a line.
#include <nlohmann/json.hpp>

#include "base/try.h"
#include "reader.h"

namespace nacre::tool {

namespace {

using nlohmann::json;

class JsonLinesReader : public EntryReader {
 public:
  JsonLinesReader(LineSource& source, ReaderSettings settings)
      : source_(source), settings_(std::move(settings)) {}

  Result<bool> next(Entry& entry) override {
    for (;;) {
      const std::optional<std::string_view> line = NACRE_TRY(source_.next());
      if (!line.has_value()) return false;
      if (line->find_first_not_of(" \t\r") == std::string_view::npos) continue;
      NACRE_TRY(read(*line, entry));
      return true;
    }
  }

 private:
  Status read(std::string_view line, Entry& entry) const {
    json object;
    try {
      object = json::parse(line);
    } catch (const json::parse_error& error) {
      return source_.error("not JSON near byte " + std::to_string(error.byte));
    }
    if (!object.is_object()) return source_.error("not a JSON object");
    if (!settings_.key_field.empty()) {
      entry.key = NACRE_TRY(member(object, settings_.key_field, ByteFormat::kRaw));
      entry.value = line;
      return {};
    }
    entry.key = NACRE_TRY(member(object, "key", settings_.key_format));
    entry.value = NACRE_TRY(member(object, "value", settings_.value_format));
    return {};
  }

  /// The bytes of a member, the inverse of json_bytes(). A number, true or false stands for its
  /// text.
  Result<std::string> member(const json& object, const std::string& name, ByteFormat format) const {
    const auto found = object.find(name);
    if (found == object.end()) return source_.error("no member \"" + name + "\"");
    if (found->is_number() || found->is_boolean()) return found->dump();
    const bool wrapped = found->is_object() && found->size() == 1 && found->contains("base64") &&
                         found->begin()->is_string();
    if (!wrapped && !found->is_string()) {
      return source_.error("member \"" + name + "\" is neither a string nor {\"base64\": \"...\"}");
    }
    const auto& text = (wrapped ? *found->begin() : *found).get_ref<const std::string&>();
    if (wrapped) format = ByteFormat::kBase64;
    // JSON has escapes of its own: text is taken as it is.
    if (format == ByteFormat::kText) format = ByteFormat::kRaw;
    Result<std::string> bytes = decode(format, text);
    if (bytes.ok()) return bytes;
    return source_.error("member \"" + name + "\": " + std::string(bytes.error().message()));
  }

  LineSource& source_;
  const ReaderSettings settings_;
};

}  // namespace

std::unique_ptr<EntryReader> make_jsonl_reader(LineSource& source, ReaderSettings settings) {
  return std::make_unique<JsonLinesReader>(source, std::move(settings));
}

}  // namespace nacre::tool
