#include "key/entry_cursor.h"

#include <string>

namespace nacre {

namespace {
/// So many versions of a key are stepped over before a search is the shorter way.
constexpr int kStepsMax = 64;
}  // namespace

void EntryCursor::next_key() {
  std::string key(entry().key);
  for (int steps = 0; steps < kStepsMax; ++steps) {
    next();
    if (!valid_ || entry().key != key) return;
  }
  key += '\0';
  seek(key, kNewestTrailer);
}

}  // namespace nacre
