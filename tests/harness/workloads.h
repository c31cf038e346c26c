// workloads.h - short lives of a store, for tests that cut the power or fail operations in the
// middle of them.
//
// A workload goes on after a failed call, as a program would: what the call left open is settled by
// looking, and once the store is read-only every write must say so.
#pragma once

#include <string>
#include <vector>

#include "harness/history.h"
#include "nacre/db.h"

namespace nacre::test {

/// One life: the world it runs in, what it has written, and how it went.
struct Life {
  Env& env;
  History history;
  /// The first call that failed, with its message; empty when all went well.
  std::string failure;
  /// What no failure may cause: a wrong answer, a lost acknowledgement.
  std::string broken;
};

struct Workload {
  const char* name;
  void (*run)(Life&);
};

/// Opens what is in kStoreDir with tiny sizes.
Options workload_options(Env& env);

/// Every workload opens the store, and ends with it closed.
const std::vector<Workload>& workloads();

}  // namespace nacre::test
