// machine_limits.h - what the machine itself can do, beneath the tables of a comparison.
//
// The figures come from nacre_limits (bench/limits), which lies beside this program: a comparison
// stays one of engines, and runs without them where that program was not built.
#pragma once

#include <string>

#include "common/machine.h"

namespace nacre::bench {

/// Runs `nacre_limits --quick` on the device of `dir`, some seconds: a list of
/// {name, value, unit, what}. Empty when there is no such program, or it failed.
Json machine_limits(const std::string& dir);

/// The same for a terminal and for a page; "" for an empty list.
std::string limits_text(const Json& limits);
std::string limits_table(const Json& limits);

}  // namespace nacre::bench
