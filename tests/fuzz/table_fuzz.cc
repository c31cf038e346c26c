// table_fuzz.cc - libFuzzer: hostile bytes as a table file.
//
// The first byte chooses whether the checksums are made right first; nearly always they are.
#include "fuzz/table_fuzz.h"

#include <algorithm>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] != 0) nacre::test::repair_table(bytes);
  nacre::test::exercise_table(bytes);
  return 0;
}
