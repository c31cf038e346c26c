#include "compare/store.h"

#include <cstdio>
#include <cstdlib>

namespace nacre::bench {

std::unique_ptr<Store> open_store(const std::string& engine, const StoreSettings& settings) {
  if (engine == "nacre") return open_nacre(settings);
  if (engine == "rocksdb") return open_rocksdb(settings);
  if (engine == "leveldb") return open_leveldb(settings);
  if (engine == "lmdb") return open_lmdb(settings);
  fail("no engine is called " + engine);
}

void fail(const std::string& what) {
  std::fprintf(stderr, "failed: %s\n", what.c_str());
  std::_Exit(1);
}

}  // namespace nacre::bench
