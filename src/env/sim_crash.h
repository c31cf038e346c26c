// sim_crash.h - what a simulated disk holds when the machine or the process comes back.
//
// What was synced is always there: bytes after sync() of their file, names after sync_dir() of
// their directory. A profile says what becomes of the rest, a seed chooses where a profile leaves
// a choice. Operations on one name keep their order, and a rename is whole or absent, in every
// profile. A sector (512 bytes) that has synced bytes holds what some moment of its history gave
// it: writing a sector again never damages it, except in kTornSector, which may cut the write.
//
// SOURCE     the file-system behaviours of Pillai et al., All file systems are not created equal
//            (OSDI 2014).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "env/sim_state.h"

namespace nacre {

enum class CrashProfile : std::uint8_t {
  /// The process died: the page cache is intact, and what was unsynced is still unsynced.
  kProcess,
  /// All that was not synced is lost.
  kLoseUnsynced,
  /// A journal that keeps order: of all unsynced operations the first few are there, the last of
  /// them perhaps in part (whole sectors from its front).
  kPrefix,
  /// Every unsynced sector for itself: old, new, a state between, or zeros where nothing was synced
  /// before. Every size anywhere between the synced and the current one. Names for themselves.
  kSectors,
  /// As kSectors, but where it leaves zeros there is what the blocks held before: bytes of removed
  /// files, or noise.
  kGarbage,
  /// Delayed allocation: all names are there, but unsynced bytes never arrived. A file has its
  /// synced length, or its current one with zeros.
  kZeroLength,
  /// The unsynced data of the youngest files is there, that of older files is lost: holes between
  /// logs. The names are all there, or only those of the files that are kept.
  kNewestOnly,
  /// All is there, but the last unsynced write of each file ends inside its last sector.
  kTornSector,
};

inline constexpr std::array kAllCrashProfiles = {
    CrashProfile::kProcess,    CrashProfile::kLoseUnsynced, CrashProfile::kPrefix,
    CrashProfile::kSectors,    CrashProfile::kGarbage,      CrashProfile::kZeroLength,
    CrashProfile::kNewestOnly, CrashProfile::kTornSector,
};

inline constexpr std::uint64_t kSimSectorBytes = 512;

std::string_view crash_profile_name(CrashProfile profile);

/// The state that a new boot finds. `state` shares bytes with the result and goes on unharmed;
/// after kProcess the unsynced operations live on, after a power cut there are none.
SimState crash_state(const SimState& state, CrashProfile profile, std::uint64_t seed);

}  // namespace nacre
