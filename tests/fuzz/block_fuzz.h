// block_fuzz.h - what any bytes must survive: a block that validate() accepts, used in every way.
//
// Shared by the fuzzer and by the tests that replay its idea with seeded bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/check.h"
#include "table/block.h"

namespace nacre::test {

/// True when the bytes were accepted. Aborts when a later call contradicts that.
inline bool exercise_block(std::string_view bytes) {
  if (!Block::validate(bytes, "fuzz", 0).ok()) return false;
  const Block block(bytes.data());
  Block::Rows rows;
  rows.enter(block);
  std::string key;
  std::size_t sum = 0;
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    block.copy_key(i, key);
    Entry shown;
    rows.show(i, &shown);
    NACRE_CHECK(shown.key == key && shown.trailer == block.trailer(i));
    NACRE_CHECK(shown.value.data() == block.value(i).data());
    NACRE_CHECK(key.starts_with(block.prefix()));
    const Trailer trailer = block.trailer(i);
    NACRE_CHECK(block.lower_bound(key, trailer) == i);
    Entry entry;
    NACRE_CHECK(block.find(key, seq_of(trailer), &entry));
    NACRE_CHECK(seq_of(entry.trailer) == seq_of(trailer));
    for (const char byte : block.value(i)) sum += static_cast<unsigned char>(byte);
    key += '\0';
    NACRE_CHECK(block.lower_bound(key, trailer) > i);
  }
  NACRE_CHECK(block.lower_bound("", read_trailer(kSeqMax)) == 0);
  NACRE_CHECK(block.render().size() + sum > 0);
  return true;
}

}  // namespace nacre::test
