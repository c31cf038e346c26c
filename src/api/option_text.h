// option_text.h - one option set from text, for the C binding and the command-line tool.
#pragma once

#include <string_view>

#include "nacre/options.h"

namespace nacre {

/// Sets the option called `name`. kInvalid for a name that is none and for a value that can't be
/// read; limits are checked at the open.
NACRE_API Status set_option(Options& options, std::string_view name, std::string_view value);

}  // namespace nacre
