#include "store.h"

#include <fmt/format.h>

#include <cstdio>

#include "api/option_text.h"
#include "base/try.h"

namespace nacre::tool {

namespace {

std::string_view advice(Code code) {
  switch (code) {
    case Code::kLocked:
      return "stop the program that has it open, or use a command that only reads";
    case Code::kCorruption:
      return "nothing was changed; `nacre verify` checks every file of the store";
    case Code::kNoSpace:
      return "free some space, then try again";
    case Code::kNotFound:
      return "check the path; `nacre put` and `nacre load` create a store";
    case Code::kUnsupported:
      return "use the version of nacre that wrote the store";
    default:
      return {};
  }
}

}  // namespace

Result<Options> options_from(const StoreArgs& args, Options base) {
  for (const std::string& option : args.options) {
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos) {
      return Status::invalid("--option takes name=value, not '" + option + "'");
    }
    const std::string_view text = option;
    NACRE_TRY(set_option(base, text.substr(0, equals), text.substr(equals + 1)));
  }
  if (!args.durability.empty()) NACRE_TRY(set_option(base, "durability", args.durability));
  return base;
}

Result<Db> open_for_reading(const StoreArgs& args) {
  Options options = NACRE_TRY(options_from(args));
  options.read_only = true;
  return Db::open(args.dir, options);
}

Result<Db> open_for_writing(const StoreArgs& args, IfMissing if_missing) {
  Options base;
  base.create_if_missing = if_missing == IfMissing::kCreate;
  return Db::open(args.dir, NACRE_TRY(options_from(args, base)));
}

Result<Range> range_from(const RangeArgs& args, ByteFormat key_format) {
  Range range;
  if (args.prefix.has_value()) {
    range = Range::prefix(NACRE_TRY(decode(key_format, *args.prefix)));
  }
  if (args.from.has_value()) {
    std::string from = NACRE_TRY(decode(key_format, *args.from));
    if (!range.lower.has_value() || *range.lower < from) range.lower = std::move(from);
  }
  if (args.to.has_value()) {
    std::string to = NACRE_TRY(decode(key_format, *args.to));
    if (!range.upper.has_value() || *range.upper > to) range.upper = std::move(to);
  }
  return range;
}

int exit_code(const Status& error) {
  switch (error.code()) {
    case Code::kOk:
      return kDone;
    case Code::kInvalid:
      return kUsage;
    case Code::kCorruption:
      return kDamaged;
    case Code::kLocked:
      return kHeld;
    default:
      return kFailed;
  }
}

int fail(std::string_view command, const Status& error) {
  std::string text = fmt::format("nacre: {}: {}", command, error.message());
  if (const std::string_view hint = advice(error.code()); !hint.empty()) {
    text += fmt::format("\n  -> {}", hint);
  }
  fmt::print(stderr, "{}\n", text);
  return exit_code(error);
}

int usage_error(std::string_view command, std::string_view message) {
  fmt::print(stderr, "nacre: {}: {}\n  -> see `nacre {} --help`\n", command, message, command);
  return kUsage;
}

}  // namespace nacre::tool
