// manifest_fuzz.h - what any bytes must survive as an edit and as a manifest.
//
// Shared by the fuzzer and by the tests that replay its idea with seeded bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "base/check.h"
#include "lsm/manifest.h"

namespace nacre::test {

inline constexpr FileNumber kFuzzNumber{7};

/// What is accepted must encode to something that is accepted and means the same.
/// Returns whether the bytes were accepted.
inline bool exercise_edit(std::string_view bytes) {
  const Result<Edit> edit = decode_edit(bytes);
  if (!edit.ok()) return false;
  std::string again;
  encode_edit(*edit, again);
  const Result<Edit> back = decode_edit(again);
  NACRE_CHECK(back.ok() && *back == *edit);
  NACRE_CHECK(!render(*edit).empty());
  return true;
}

/// Returns whether the bytes were accepted.
inline bool exercise_manifest(std::string_view bytes) {
  const Result<ManifestContents> contents = decode_manifest(bytes, kFuzzNumber, "fuzz");
  if (!contents.ok()) {
    NACRE_CHECK(!contents.error().message().empty());
    return false;
  }
  NACRE_CHECK(!contents->edits.empty());
  NACRE_CHECK(contents->bytes <= bytes.size());
  EditFold fold;
  for (const Edit& edit : contents->edits) NACRE_CHECK(fold.apply(edit).ok());
  NACRE_CHECK(fold.result() == contents->state);
  return true;
}

/// A manifest with right checksums out of any bytes: a row of records, each a kind, a length and a
/// payload, behind a good header. An attacker would make the checksums right, too.
inline std::string with_checksums(std::string_view input) {
  const StoreIdentity identity{.salt = 1, .id = {}};
  std::string file = encode_manifest_header(identity, kFuzzNumber);
  const std::uint64_t seed = manifest_seed(identity, kFuzzNumber);
  for (ByteReader reader(input); reader.remaining() > 0;) {
    const auto kind = static_cast<ManifestKind>(reader.fixed<std::uint8_t>());
    const auto length = reader.fixed<std::uint8_t>();
    const std::string_view payload = reader.take(length);
    if (!reader.ok()) break;
    file += encode_manifest_record({seed, file.size()}, kind, payload);
  }
  file += input.substr(0, input.size() % 64);  // something torn behind it
  return file;
}

}  // namespace nacre::test
