// fault_plan.h - which operation on the world is to fail, how, and what it did before it failed.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace nacre {

/// The operations of nacre/env.h that can fail.
enum class FaultOp : std::uint8_t {
  kOpen,
  kRead,  ///< Each request of a read_many counts by itself.
  kCreate,
  kAppend,
  kSync,
  kClose,
  kCreateLog,
  kPrepare,
  kLogWrite,
  kLogSync,
  kSeal,
  kList,
  kKind,
  kCreateDir,
  kRemoveDir,
  kRemove,
  kRename,
  kSyncDir,
  kLock,
  kFreeBytes,
};
inline constexpr std::size_t kFaultOps = 20;

/// As in error messages: "sync", "log sync", "create directory".
std::string_view fault_op_name(FaultOp op);

/// A set of operations: {FaultOp::kSync, FaultOp::kLogSync}.
class FaultOpSet {
 public:
  constexpr FaultOpSet(std::initializer_list<FaultOp> ops) {
    for (const FaultOp op : ops) bits_ |= bit(op);
  }
  static constexpr FaultOpSet all() {
    FaultOpSet set({});
    set.bits_ = (std::uint32_t{1} << kFaultOps) - 1;
    return set;
  }
  /// Everything that changes the disk or makes it durable.
  static constexpr FaultOpSet changes() {
    FaultOpSet set = all();
    for (const FaultOp op : {FaultOp::kOpen, FaultOp::kRead, FaultOp::kList, FaultOp::kKind,
                             FaultOp::kLock, FaultOp::kFreeBytes}) {
      set.bits_ &= ~bit(op);
    }
    return set;
  }
  constexpr bool contains(FaultOp op) const { return (bits_ & bit(op)) != 0; }

 private:
  static constexpr std::uint32_t bit(FaultOp op) {
    return std::uint32_t{1} << static_cast<std::uint32_t>(op);
  }
  std::uint32_t bits_ = 0;
};

/// What an operation that is struck did. An effect that an operation can't have is kNothing.
enum class FaultEffect : std::uint8_t {
  kNothing,  ///< The operation is not done.
  kDone,     ///< It is done, but reported as failed.
  /// For sync, log sync and seal on a simulated disk: it is not done, and the unsynced bytes of the
  /// file are forgotten: reads still see them, but no later sync makes them durable.
  kDropped,
  /// For reads: it succeeds with one bit of the data wrong.
  kBitFlip,
};

struct FaultPlan {
  FaultOpSet ops = FaultOpSet::all();
  std::string path_contains = {};  ///< Empty: any path. A rename has the path "from -> to".
  std::uint64_t nth = 1;           ///< The n-th matching operation after arm(), from 1.
  bool sticky = false;             ///< So do all matching ones after it.
  int error_number = EIO;          ///< ENOSPC: kNoSpace, as a full disk would say.
  FaultEffect effect = FaultEffect::kNothing;
  std::uint64_t seed = 1;  ///< Of the bit that flips.
};

}  // namespace nacre
