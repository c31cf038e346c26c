// batch.h - writes that happen together or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nacre/export.h"
#include "nacre/status.h"

namespace nacre {

/// An ordered list of puts and removes. Applied by Db::write() as one: after a crash all of it is
/// there or none of it. A later operation on a key beats an earlier one.
///
/// THREADS  one at a time; a batch that nobody changes may be written from several threads.
class NACRE_API Batch {
 public:
  /// kInvalid when the key or value is over its limit (64 KiB, 1 GiB) or the batch would pass
  /// 1 GiB + 2 MiB; the batch is then unchanged.
  Status put(std::string_view key, std::string_view value);
  Status remove(std::string_view key);
  void clear();

  std::uint32_t count() const { return count_; }
  /// How many of them are puts.
  std::uint32_t puts() const { return puts_; }
  /// Key and value bytes of all operations.
  std::uint64_t user_bytes() const { return user_bytes_; }
  bool empty() const { return count_ == 0; }
  /// Encoded size in bytes: what the write adds to the log.
  std::uint64_t bytes() const { return rep_.size(); }

  /// The operations as they are logged (docs/format.md, "Batch").
  std::string_view encoded() const { return rep_; }

 private:
  std::string rep_;
  std::uint32_t count_ = 0;
  std::uint32_t puts_ = 0;
  std::uint64_t user_bytes_ = 0;
};

}  // namespace nacre
