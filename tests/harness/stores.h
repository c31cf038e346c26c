// stores.h - small helpers around an open store.
#pragma once

#include <string>

#include "harness/history.h"
#include "nacre/db.h"

namespace nacre::test {

/// Everything a scan sees; fails the test on an error.
Contents contents_of(const Db& db);
/// The same backwards.
Contents contents_backwards(const Db& db);

/// Options with every size at its least, so that a few hundred writes exercise the whole tree.
Options tiny_options(Env& env);

}  // namespace nacre::test
