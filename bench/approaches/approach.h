// approach.h - a way to keep keys and values in files, as simple as it can honestly be.
//
// All of them keep the same entries: number i is 16 digits and a value of 100 bytes of which LZ4
// saves half. The files of the simple ways rely on that size; the engines do not know it.
//
// THREADS    one at a time.
// ERRORS     any ends the program with a message (fail()).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compare/keys.h"
#include "compare/values.h"

namespace nacre::bench {

inline constexpr std::uint64_t kKeyBytes = 16;
inline constexpr std::uint64_t kValueBytes = 100;
inline constexpr std::uint64_t kEntryBytes = kKeyBytes + kValueBytes;

struct ApproachSettings {
  std::string dir;                 // of its own, empty
  std::uint64_t memory_bytes = 0;  // that the process may use, the page cache of its files included
  std::uint64_t entries = 0;       // that load() will bring
};

class Approach {
 public:
  virtual ~Approach() = default;
  /// Brings entries 0 to entries - 1, in the order of their keys, at the least cost: they are what
  /// was there before. Once, before all else. Returns why it can't go on, or nothing.
  virtual std::string load() = 0;
  virtual void put(std::string_view key, std::string_view value) = 0;
  /// Copies the value out. Returns whether the key is there.
  virtual bool get(std::string_view key, std::string& value) = 0;
  /// Everything on stable storage, and no work left that puts have caused.
  virtual void settle() = 0;
  /// Puts that make one unit of work: a measurement ends only after a whole one.
  virtual std::uint64_t stride() const { return 1; }
};

struct ApproachKind {
  const char* name;   // in the JSON and on the command line
  const char* title;  // for people
  const char* kept;   // what survives when put() has returned: "process" or "power"
  std::unique_ptr<Approach> (*make)(const ApproachSettings&);
};

/// In the order of the table.
const std::vector<ApproachKind>& approach_kinds();

std::unique_ptr<Approach> make_append_file(const ApproachSettings& settings);
std::unique_ptr<Approach> make_indexed_file(const ApproachSettings& settings);
std::unique_ptr<Approach> make_sorted_file(const ApproachSettings& settings);
std::unique_ptr<Approach> make_lmdb(const ApproachSettings& settings);
std::unique_ptr<Approach> make_lmdb_synced(const ApproachSettings& settings);
std::unique_ptr<Approach> make_nacre(const ApproachSettings& settings);
std::unique_ptr<Approach> make_nacre_disk(const ApproachSettings& settings);

}  // namespace nacre::bench
