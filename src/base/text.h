// text.h - how bytes, sizes and rates are printed everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nacre/result.h"

namespace nacre {

/// Printable ASCII as it is; backslash as \\, the rest as \n \t \r \0 or \xHH. Reversible.
std::string escape(std::string_view bytes);
/// The inverse of escape(); kInvalid names the offset of a bad escape.
Result<std::string> unescape(std::string_view text);
/// Lower-case hexadecimal and back.
std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);
/// "0 B", "512 B", "1.5 KiB", "64.0 MiB": at most one decimal.
std::string human_bytes(std::uint64_t bytes);
/// "850 ns", "12.3 us", "4.0 ms", "1.2 s".
std::string human_nanos(std::uint64_t nanos);

}  // namespace nacre
