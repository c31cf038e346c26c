// consumer.cc - a user's program in C++: opens a store, writes, reads, closes.
#include <cstdio>
#include <string>

#include "nacre/nacre.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string path = std::string(argv[1]) + "/consumer-cc";
  auto db = nacre::Db::open(path);
  if (!db) {
    std::fprintf(stderr, "open: %s\n", db.error().to_string().c_str());
    return 1;
  }
  if (!db->put("planet/earth", "blue").ok()) return 1;
  const auto value = db->get("planet/earth");
  if (!value || !value->has_value() || **value != "blue") return 1;
  if (!db->close().ok()) return 1;
  return nacre::Db::destroy(path).ok() ? 0 : 1;
}
