// multi_get.h - many keys at one moment: their waits for memory and for the device overlap.
//
// Keys advance side by side, a group at a time: for each table in its turn the filter lines of all
// of them are fetched, then their slots, then their blocks, and only then is anything compared. A
// cache miss is waited for once a group and not once a key. Blocks that are not in memory are read
// together, table by table, once every key has got as far as it can; so are tables not yet loaded.
//
// THREADS    one at a time.
// LIFETIME   view and keys outlive it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/context.h"
#include "engine/search.h"
#include "nacre/value.h"

namespace nacre::engine {

class MultiGet {
 public:
  MultiGet(Context& context, const View& view, Seq seq)
      : context_(context), view_(view), seq_(seq) {}

  Status run(std::span<const std::string_view> keys);
  /// In the order of the keys.
  std::vector<std::optional<Value>> take_values() { return std::move(values_); }

 private:
  struct Pending {
    Search search;
    std::size_t index = 0;  // of its key
    bool located = false;   // in search.table, unless its filter says no
  };
  using Group = std::vector<Pending>;

  void look_in_memtables(Group& group);
  void advance(Group& group);
  bool go_to_table(Pending& pending);
  bool look_in_block(Pending& pending);
  Status load_round();
  Status load_blocks(std::span<Pending> pending, Group& go_on);
  void found(const Pending& pending, std::uint32_t block);

  Context& context_;
  const View& view_;
  const Seq seq_;
  std::vector<std::optional<Value>> values_;
  Group waiting_;  // need search.block or search.unloaded, which is not in memory
};

}  // namespace nacre::engine
