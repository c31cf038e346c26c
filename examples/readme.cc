// Stores a planet, looks it up, and walks over all planets.
#include <iostream>

#include "nacre/nacre.h"

int fail(const nacre::Status& why) {
  std::cerr << why.to_string() << '\n';
  return 1;
}

int main() {
  auto db = nacre::Db::open("planets");
  if (!db) return fail(db.error());
  nacre::Status put = db->put("planet/earth", "blue");  // on stable storage when it returns
  if (!put.ok()) return fail(put);

  auto color = db->get("planet/earth");
  if (!color) return fail(color.error());                                // could not be read
  if (*color) std::cout << "the earth is " << (*color)->view() << '\n';  // is there

  nacre::Scan scan = db->scan(nacre::Range::prefix("planet/"));
  for (auto [key, value] : scan) std::cout << key << " = " << value << '\n';
  return scan.status().ok() ? 0 : fail(scan.status());
}
