// block_fuzz.cc - libFuzzer: hostile bytes as a block.
#include "fuzz/block_fuzz.h"

#include <algorithm>
#include <cstdint>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of exactly this size: a read past the end is seen.
  const auto bytes = std::make_unique<char[]>(size);
  std::copy_n(data, size, bytes.get());
  nacre::test::exercise_block({bytes.get(), size});
  return 0;
}
