// model.h - a memtable as it should be: a sorted map of every entry.
#pragma once

#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "key/entry.h"
#include "key/entry_cursor.h"

namespace nacre::test {

struct ModelKey {
  std::string key;
  Trailer trailer;
  bool operator<(const ModelKey& other) const {
    return compare(key, trailer, other.key, other.trailer) < 0;
  }
};
using Model = std::map<ModelKey, std::string>;

/// A way to make keys.
struct KeyShape {
  std::string name;
  std::string prefix;    // of most keys
  std::string alphabet;  // of the rest
  std::size_t longest;

  std::string make(std::mt19937_64& random) const {
    std::string key = random() % 20 == 0 ? "" : prefix;
    const std::size_t size = random() % (longest + 1);
    for (std::size_t i = 0; i < size; ++i) key += alphabet[random() % alphabet.size()];
    return key;
  }
};

/// Small alphabets, so that keys collide, share heads, and are prefixes of one another.
inline std::vector<KeyShape> key_shapes() {
  const std::string zeros("\0\x01", 2);
  const std::string ends("\0\xff", 2);
  return {
      {"tiny", "", "ab", 4},
      {"zeros", "", zeros, 12},
      {"ends", "", ends, 11},
      {"halves", "", "\x7f\x80\xff", 9},
      {"user", "user", "0123456789", 7},
      {"long", "a/very/long/prefix/of/every/key/", "01", 14},
      {"ends after a prefix", std::string("\xff\xff\0\0\0\0\0\0\0\0", 10), ends, 10},
      {"spread", "", "abcdefghijklmnopqrstuvwxyz", 6},
  };
}

/// `cursor` stands where `at` does.
inline bool stands_at(const EntryCursor& cursor, const Model& model, Model::const_iterator at) {
  if (!cursor.status().ok()) return false;
  if (at == model.end()) return !cursor.valid();
  return cursor.valid() && cursor.entry().key == at->first.key &&
         cursor.entry().trailer == at->first.trailer && cursor.entry().value == at->second;
}

}  // namespace nacre::test
