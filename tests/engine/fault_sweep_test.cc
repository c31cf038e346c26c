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
constexpr std::uint64_t kEvery = 29;
#else
constexpr std::uint64_t kEvery = 1;
#endif

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

/// Runs the workload with the fault at operation `n`. False when the fault never struck.
bool run_once(const Workload& workload, const FaultKind& kind, std::uint64_t n) {
  SimEnv world(SimOptions{.seed = n, .order_seed = n + 1});
  FaultEnv faulty(world);
  FaultPlan plan;
  plan.ops = kind.error_number == ENOSPC
                 ? FaultOpSet({FaultOp::kCreate, FaultOp::kAppend, FaultOp::kCreateLog,
                               FaultOp::kPrepare, FaultOp::kSync, FaultOp::kClose})
                 : FaultOpSet::all();
  plan.nth = n;
  plan.sticky = kind.sticky;
  plan.error_number = kind.error_number;
  plan.effect = kind.effect;
  faulty.injector().arm(plan);

  Life life{.env = faulty, .history = {}, .failure = {}, .broken = {}};
  workload.run(life);
  const bool struck = faulty.injector().hits() > 0;
  const std::string where = std::string(workload.name) + ", " + kind.name +
                            ", n = " + std::to_string(n) + ", " + faulty.injector().hit() +
                            ", first failure: " + life.failure;
  EXPECT_EQ(life.broken, "") << where;

  // Whatever happened, a later boot on a sound disk must find every acknowledged write.
  for (const CrashProfile profile : {CrashProfile::kProcess, CrashProfile::kLoseUnsynced}) {
    auto later = world.crash_image(profile, n);
    auto opened = Db::open(kStoreDir, workload_options(*later));
    if (!opened.ok()) {
      ADD_FAILURE() << where << ": does not open: " << opened.error().to_string();
      continue;
    }
    History history = life.history;
    const auto wrong = history.recover_to(contents_of(*opened), profile != CrashProfile::kProcess);
    EXPECT_FALSE(wrong.has_value())
        << where << ", " << crash_profile_name(profile) << ": " << *wrong;
  }
  return struck;
}

class FaultSweepTest : public ::testing::TestWithParam<std::tuple<Workload, FaultKind>> {};

TEST_P(FaultSweepTest, EveryOperationFailsOnce) {
  const auto& [workload, kind] = GetParam();
  std::uint64_t n = 1;
  while (run_once(workload, kind, n) && !HasFailure()) n += kEvery;
  EXPECT_GT(n, 20U);
  std::printf("%s, %s: %llu operations failed\n", workload.name, kind.name,
              static_cast<unsigned long long>(n / kEvery));
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
