// manifest_fuzz.cc - libFuzzer: hostile bytes as an edit, a manifest and CURRENT.
#include "fuzz/manifest_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of exactly this size: a read past the end is seen.
  const std::string input(reinterpret_cast<const char*>(data), size);
  nacre::test::exercise_edit(input);
  nacre::test::exercise_manifest(input);
  nacre::test::exercise_manifest(nacre::test::with_checksums(input));
  (void)nacre::parse_current(input);
  return 0;
}
