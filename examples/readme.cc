// Stores a planet, looks it up, and walks over all planets.
#include <cstdio>
#include <string>

#include "nacre/nacre.h"

int fail(const nacre::Status& why) {
  std::fprintf(stderr, "%s\n", why.to_string().c_str());
  return 1;
}

int main() {
  auto db = nacre::Db::open("planets");
  if (!db) return fail(db.error());
  nacre::Status put = db->put("planet/earth", "blue");  // on stable storage when it returns
  if (!put.ok()) return fail(put);

  auto color = db->get("planet/earth");
  if (!color) return fail(color.error());                                       // could not be read
  if (*color) std::printf("the earth is %s\n", (*color)->to_string().c_str());  // is there

  nacre::Scan scan = db->scan(nacre::Range::prefix("planet/"));
  for (auto [key, value] : scan) {
    std::printf("%s = %s\n", std::string(key).c_str(), std::string(value).c_str());
  }
  return scan.status().ok() ? 0 : fail(scan.status());
}
