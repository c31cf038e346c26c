// The n-th operation on the disk fails, for every n of every workload: no acknowledged write is
// lost, no read is wrong, and the store opens again.

#include <gtest/gtest.h>

#include <memory>

#include "env/fault_env.h"
#include "env/sim_env.h"
#include "harness/stores.h"
#include "harness/workloads.h"
#include "nacre/db.h"

namespace nacre::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kFailEvery = 29;
#else
constexpr std::uint64_t kFailEvery = 1;
#endif

/// Operations between two crashes after the fault.
constexpr std::uint64_t kCrashEvery = 7;

struct FaultKind {
  const char* name;
  bool sticky;
  int error_number;
  FaultEffect effect;
};

constexpr FaultKind kKinds[] = {
    {"OnceNotDone", false, EIO, FaultEffect::kNothing},
    {"OnceDone", false, EIO, FaultEffect::kDone},
    {"OnceDropped", false, EIO, FaultEffect::kDropped},
    {"ForeverNotDone", true, EIO, FaultEffect::kNothing},
    {"DiskFull", true, ENOSPC, FaultEffect::kNothing},
};

/// Whether a store that crashed in `world` opens and holds a state that `history` allows; what is
/// wrong otherwise.
std::optional<std::string> wrong_after_crash(const SimEnv& world, CrashProfile profile,
                                             std::uint64_t seed, History history) {
  const auto later = world.crash_image(profile, seed);
  const auto opened = Db::open(kStoreDir, workload_options(*later));
  if (!opened.ok()) return "does not open: " + opened.error().to_string();
  return history.recover_to(contents_of(*opened), profile != CrashProfile::kProcess);
}

/// Runs the workload with the fault at operation `n`. False when the fault never struck.
bool run_once(const Workload& workload, const FaultKind& kind, std::uint64_t n) {
  SimEnv world(SimOptions{.seed = n, .order_seed = n + 1});
  FaultEnv faulty(world);
  FaultPlan plan;
  plan.ops = kind.error_number == ENOSPC
                 ? FaultOpSet({FaultOp::kCreate, FaultOp::kAppend, FaultOp::kCreateLog,
                               FaultOp::kPrepare, FaultOp::kSync, FaultOp::kClose,
                               FaultOp::kLogWrite, FaultOp::kLogSync, FaultOp::kSeal})
                 : FaultOpSet::all();
  plan.nth = n;
  plan.sticky = kind.sticky;
  plan.error_number = kind.error_number;
  plan.effect = kind.effect;
  faulty.injector().arm(plan);

  Life life{.env = faulty, .history = {}, .failure = {}, .broken = {}};
  // After the fault, crashes in between: what was half done when it struck must not be in the way.
  std::string mid_run;
  world.disk().on_mutation([&] {
    if (faulty.injector().hits() == 0 || !mid_run.empty()) return;
    if ((world.disk().mutations() + n) % kCrashEvery != 0) return;
    const CrashProfile profile = kAllCrashProfiles[n % kAllCrashProfiles.size()];
    mid_run = wrong_after_crash(world, profile, n, life.history).value_or("");
  });
  workload.run(life);
  world.disk().on_mutation(nullptr);
  const bool struck = faulty.injector().hits() > 0;
  const std::string where = std::string(workload.name) + ", " + kind.name +
                            ", n = " + std::to_string(n) + ", " + faulty.injector().hit() +
                            ", first failure: " + life.failure;
  EXPECT_EQ(life.broken, "") << where;

  EXPECT_EQ(mid_run, "") << where << ", crash in the middle";

  // Whatever happened, a later boot on a sound disk must find every acknowledged write.
  for (const CrashProfile profile : {CrashProfile::kProcess, CrashProfile::kLoseUnsynced}) {
    const auto wrong = wrong_after_crash(world, profile, n, life.history);
    EXPECT_FALSE(wrong.has_value())
        << where << ", " << crash_profile_name(profile) << ": " << *wrong;
  }
  return struck;
}

class FaultSweepTest : public ::testing::TestWithParam<std::tuple<Workload, FaultKind>> {};

TEST_P(FaultSweepTest, EveryOperationFailsOnce) {
  const auto& [workload, kind] = GetParam();
  std::uint64_t n = 1;
  while (run_once(workload, kind, n) && !HasFailure()) n += kFailEvery;
  EXPECT_GT(n, 20U);
  std::printf("%s, %s: %llu operations failed\n", workload.name, kind.name,
              static_cast<unsigned long long>(n / kFailEvery));
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultSweepTest,
                         ::testing::Combine(::testing::ValuesIn(workloads()),
                                            ::testing::ValuesIn(kKinds)),
                         [](const auto& sweep) {
                           return std::string(std::get<0>(sweep.param).name) +
                                  std::get<1>(sweep.param).name;
                         });

}  // namespace
}  // namespace nacre::test
