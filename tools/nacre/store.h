// store.h - what all commands share: opening a store, ranges from arguments, and errors that say
// what to do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec.h"
#include "nacre/db.h"

namespace nacre::tool {

/// What a program that calls `nacre` may branch on.
enum ExitCode : int {
  kDone = 0,
  kKeyMissing = 1,
  kUsage = 2,    ///< The command line, or an option of the store, is wrong.
  kDamaged = 3,  ///< Corruption.
  kHeld = 4,     ///< Another process has the store open.
  kFailed = 5,   ///< I/O, and everything else.
};

struct StoreArgs {
  std::string dir;
  std::vector<std::string> options;  // "name=value"
  std::string durability;            // empty: what the options say
};

struct RangeArgs {
  std::optional<std::string> prefix;
  std::optional<std::string> from;
  std::optional<std::string> to;
};

/// The options that --option and --durability ask for, on top of `base`.
Result<Options> options_from(const StoreArgs& args, Options base = {});
/// Takes no lock and changes nothing, so that it can look beside a running writer.
Result<Db> open_for_reading(const StoreArgs& args);
enum class IfMissing : std::uint8_t { kFail, kCreate };
Result<Db> open_for_writing(const StoreArgs& args, IfMissing if_missing);

/// The keys that have the prefix and lie in [from, to).
Result<Range> range_from(const RangeArgs& args, ByteFormat key_format);

/// Prints "nacre: <command>: <message>" and what to do about it; returns the exit code.
int fail(std::string_view command, const Status& error);
/// The same for a mistake on the command line.
int usage_error(std::string_view command, std::string_view message);
int exit_code(const Status& error);

}  // namespace nacre::tool
