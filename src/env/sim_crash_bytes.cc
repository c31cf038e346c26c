#include "env/sim_crash_bytes.h"

#include <algorithm>
#include <string>

#include "base/hash.h"
#include "base/random.h"

namespace nacre {
namespace {

constexpr std::uint64_t kSector = kSimSectorBytes;

/// Does the part of `op` that lies in [begin, end).
void apply_part(SimContent& content, const SimDataOp& op, std::uint64_t begin, std::uint64_t end) {
  switch (op.kind) {
    case SimDataOp::Kind::kWrite:
      content.write(begin, std::string_view(*op.bytes).substr(begin - op.offset, end - begin));
      break;
    case SimDataOp::Kind::kZeros:
      content.write_zeros(begin, end - begin);
      break;
    case SimDataOp::Kind::kResize:
      content.resize(op.length);
      break;
  }
}

void apply(SimContent& content, const SimDataOp& op) {
  apply_part(content, op, op.offset, op.offset + op.length);
}

std::uint64_t size_between(std::uint64_t durable, std::uint64_t current, Random& random) {
  const auto [low, high] = std::minmax(durable, current);
  switch (random.below(3)) {
    case 0:
      return durable;
    case 1:
      return current;
    default:
      return low + random.below(high - low + 1);
  }
}

// The last operation that is there may be there in part: whole sectors from its front.
SimContent prefix_of(const SimFile& file, const SimPowerCut& cut, Random& random) {
  SimContent content = file.durable;
  for (const SimDataOp& op : file.unsynced) {
    if (op.seq > cut.last_seq) break;
    const std::uint64_t end = op.offset + op.length;
    const std::uint64_t first_cut = (op.offset / kSector + 1) * kSector;
    if (op.seq == cut.last_seq && op.kind == SimDataOp::Kind::kWrite && first_cut < end &&
        random.one_in(2)) {
      const std::uint64_t cuts = (end - first_cut + kSector - 1) / kSector;
      apply_part(content, op, op.offset, first_cut + random.below(cuts) * kSector);
    } else {
      apply(content, op);
    }
  }
  return content;
}

/// What becomes of each sector: a function of its number, so that it need not be remembered.
class SectorFates {
 public:
  SectorFates(const SimFile& file, std::uint64_t seed) : file_(file), seed_(seed) {}

  /// Operations up to this one reached the sector.
  std::uint64_t last_seq(std::uint64_t sector) const {
    const std::uint64_t roll = mix_seed(seed_, sector);
    switch (roll % 4) {
      case 0:
        return 0;
      case 1:
        return file_.unsynced[(roll >> 8) % file_.unsynced.size()].seq;
      default:
        return ~std::uint64_t{0};
    }
  }
  /// The sector was allocated but never written. Never one that holds synced bytes.
  bool is_blank(std::uint64_t sector) const {
    return sector * kSector >= file_.durable.size() && mix_seed(seed_, sector) % 4 == 2;
  }

 private:
  const SimFile& file_;
  std::uint64_t seed_;
};

template <typename Visit>
void each_sector(const SimDataOp& op, Visit&& visit) {
  if (op.kind == SimDataOp::Kind::kResize) return;
  const std::uint64_t end = op.offset + op.length;
  for (std::uint64_t at = op.offset; at < end;) {
    const std::uint64_t sector = at / kSector;
    const std::uint64_t next = std::min(end, (sector + 1) * kSector);
    visit(sector, at, next);
    at = next;
  }
}

std::string garbage_for(const SimState& state, std::uint64_t sector, Random& random) {
  std::string bytes(kSector, '\0');
  if (!state.removed.empty() && random.one_in(2)) {
    const SimContent& old = state.removed[random.below(state.removed.size())];
    // The same place as in the old file, so that its records are whole.
    if (old.read(sector * kSector, bytes) > 0) return bytes;
  }
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

SimContent sectors_of(const SimState& state, const SimFile& file, const SimPowerCut& cut,
                      Random& random) {
  SimContent content = file.durable;
  const SectorFates fates(file, random.next());
  for (const SimDataOp& op : file.unsynced) {
    each_sector(op, [&](std::uint64_t sector, std::uint64_t begin, std::uint64_t end) {
      if (op.seq <= fates.last_seq(sector)) apply_part(content, op, begin, end);
    });
  }
  // Blank ones last, and once for each: a sector may have been written often.
  std::vector<std::uint64_t> blank;
  for (const SimDataOp& op : file.unsynced) {
    each_sector(op, [&](std::uint64_t sector, std::uint64_t, std::uint64_t) {
      if (fates.is_blank(sector)) blank.push_back(sector);
    });
  }
  std::sort(blank.begin(), blank.end());
  blank.erase(std::unique(blank.begin(), blank.end()), blank.end());
  for (const std::uint64_t sector : blank) {
    if (cut.profile == CrashProfile::kGarbage) {
      content.write(sector * kSector, garbage_for(state, sector, random));
    } else {
      content.write_zeros(sector * kSector, kSector);
    }
  }
  content.resize(size_between(file.durable.size(), file.current.size(), random));
  return content;
}

// The last write stops inside its last sector; the file may end there, or go on with old bytes.
SimContent torn(const SimFile& file, Random& random) {
  const auto last =
      std::find_if(file.unsynced.rbegin(), file.unsynced.rend(),
                   [](const SimDataOp& op) { return op.kind == SimDataOp::Kind::kWrite; });
  SimContent content = file.durable;
  std::uint64_t size = file.current.size();
  for (const SimDataOp& op : file.unsynced) {
    if (last == file.unsynced.rend() || &op != &*last) {
      apply(content, op);
      continue;
    }
    const std::uint64_t end = op.offset + op.length;
    const std::uint64_t begin = std::max(op.offset, (end - 1) / kSector * kSector);
    const std::uint64_t tear = begin + random.below(end - begin);
    apply_part(content, op, op.offset, tear);
    if (random.one_in(2) && end == size) size = std::max(tear, file.durable.size());
  }
  content.resize(size);
  return content;
}

}  // namespace

SimContent sim_content_after(const SimState& state, const SimFile& file, const SimPowerCut& cut) {
  if (file.unsynced.empty()) return file.durable;
  Random random(mix_seed(cut.seed, file.id));
  switch (cut.profile) {
    case CrashProfile::kProcess:
      return file.current;
    case CrashProfile::kLoseUnsynced:
      return file.durable;
    case CrashProfile::kPrefix:
      return prefix_of(file, cut, random);
    case CrashProfile::kSectors:
    case CrashProfile::kGarbage:
      return sectors_of(state, file, cut, random);
    case CrashProfile::kZeroLength: {
      SimContent content = file.durable;
      if (random.one_in(2)) content.resize(std::max(file.durable.size(), file.current.size()));
      return content;
    }
    case CrashProfile::kNewestOnly: {
      SimContent content = file.durable;
      if (file.id < cut.oldest_kept) return content;
      for (const SimDataOp& op : file.unsynced) apply(content, op);
      return content;
    }
    case CrashProfile::kTornSector:
      return torn(file, random);
  }
  return file.durable;
}

}  // namespace nacre
