// stores.h - small helpers around an open store.
#pragma once

#include <cstdint>
#include <string>

#include "harness/history.h"
#include "nacre/db.h"

namespace nacre::test {

/// Where tests have their store when they have one.
inline constexpr char kStoreDir[] = "/store";
inline constexpr std::uint64_t kMiB = 1 << 20;

/// Everything a scan sees; fails the test on an error.
Contents contents_of(const Db& db);
/// The same backwards.
Contents contents_backwards(const Db& db);

/// Options with every size at its least, so that a few hundred writes exercise the whole tree.
Options tiny_options(Env& env);

}  // namespace nacre::test
