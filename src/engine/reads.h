// reads.h - point reads: newest first until the key is found.
//
//   active memtable, frozen memtables, level 0 newest first, then one table of each deeper level
//
// The first entry of the key with a seq that the reader may see decides, whatever its kind: a
// delete means absent. Inside an epoch a get takes no lock, writes nothing shared and allocates
// nothing. When a block must be read from the device the get first takes a counted reference to its
// view, leaves the epoch, loads the block, and goes on from that table.
//
// THREADS    any.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/context.h"
#include "engine/view.h"
#include "nacre/result.h"
#include "nacre/value.h"

namespace nacre::engine {

class Reads {
 public:
  Reads(Context& context, const CurrentView& view) : context_(context), view_(view) {}

  /// `seq` unset reads what is visible now.
  Result<std::optional<Value>> get(std::string_view key, std::optional<Seq> seq) const;
  Result<bool> get_into(std::string_view key, std::string& value, std::optional<Seq> seq) const;
  /// All at one moment. Blocks that must be read are read together, table by table.
  Result<std::vector<std::optional<Value>>> multi_get(std::span<const std::string_view> keys,
                                                      std::optional<Seq> seq) const;

 private:
  Context& context_;
  const CurrentView& view_;
};

}  // namespace nacre::engine
