// report.h - the points of nacre_approaches as one table, for a terminal and for a page.
#pragma once

#include <string>

#include "common/machine.h"

namespace nacre::bench {

/// The results of a run as text: a block of rows for each question, a column for each size.
std::string approaches_table(const Json& result);

/// A whole page in Markdown: command, machine, tables. Says that it was generated.
std::string approaches_page(const Json& result);

}  // namespace nacre::bench
