// splitter.h - where a compaction ends one output table and begins the next.
//
// An output of level L will one day be merged with the tables of level L + 1 that its range meets,
// its grandparents as seen from the inputs. Three reasons end a table:
//
//   size      it has reached the target.
//   overlap   with the next key it would meet more than kOverlapFactor targets of grandparents, and
//             its own merge would be large.
//   boundary  it is at least half full, and between its last key and the next a grandparent begins
//             or ends. A table that ends where grandparents end rewrites none of them for the sake
//             of a few keys at its edge.
//
// All versions of a user key go to one table: a get looks for a key in one table of a level.
//
// THREADS    one at a time.
// LIFETIME   the keys of the grandparents must outlive the splitter.
// COST       per entry one compare with the key before, one or two with a grandparent's edge.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {

enum class SplitReason : std::uint8_t { kNone, kSize, kOverlap, kBoundary };
/// "none", "size", "overlap", "boundary".
std::string_view split_reason_name(SplitReason reason);

class Splitter {
 public:
  static constexpr std::uint64_t kOverlapFactor = 10;

  struct Grandparent {
    std::string_view smallest;  // user keys, both inclusive
    std::string_view largest;
    std::uint64_t bytes = 0;
  };

  /// `grandparents` are disjoint and in key order.
  Splitter(std::uint64_t target_bytes, std::vector<Grandparent> grandparents);

  /// Called for every entry that is to be written, in order, with the bytes that the current table
  /// has reached. Unless the answer is kNone the table ends here and `key` begins the next one.
  SplitReason before(std::string_view key, std::uint64_t table_bytes);

 private:
  bool advance(std::string_view key);
  void begin_table();

  const std::uint64_t target_bytes_;
  const std::vector<Grandparent> grandparents_;
  bool begun_ = false;
  std::string key_;            // of the entry before
  std::size_t reached_ = 0;    // grandparents that begin at or before the entry
  std::size_t passed_ = 0;     // grandparents that end before the entry; at most reached_
  std::uint64_t overlap_ = 0;  // bytes of grandparents that the current table meets
};

}  // namespace nacre
