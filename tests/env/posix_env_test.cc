#include "env/posix_env.h"

#include <sys/resource.h>
#include <unistd.h>

#include <latch>
#include <map>
#include <set>

#include "env/posix_memory.h"
#include "gtest/gtest.h"

namespace nacre {
namespace {

TEST(PosixEnvTest, OneForTheProcess) {
  EXPECT_EQ(&Env::posix(), &Env::posix());
  EXPECT_EQ(Env::posix().fs().kind("/").value(), PathKind::kDirectory);
}

TEST(PosixEnvTest, PrivateEnvHasItsOwnThreads) {
  const std::unique_ptr<Env> env = make_posix_env(1);
  std::latch done{1};
  env->executor().submit(Lane::kCompaction, [&] { done.count_down(); });
  done.wait();
  EXPECT_NE(&env->executor(), &Env::posix().executor());
}

TEST(PosixEnvTest, EntropyDiffers) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(Env::posix().entropy());
  EXPECT_EQ(seen.size(), 100U);
  std::uint64_t all = 0;
  for (const std::uint64_t bits : seen) all |= bits;
  EXPECT_EQ(all, UINT64_MAX) << "every bit is used";
}

TEST(PosixClockTest, MonotonicGrowsAndSleepIsNeverShort) {
  Clock& clock = Env::posix().clock();
  std::uint64_t before = clock.monotonic_nanos();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = clock.monotonic_nanos();
    ASSERT_GE(now, before);
    before = now;
  }
  clock.sleep_nanos(2'000'000);
  EXPECT_GE(clock.monotonic_nanos(), before + 2'000'000);
}

TEST(PosixClockTest, WallCountsMicrosecondsSince1970) {
  const std::uint64_t micros = Env::posix().clock().wall_micros();
  EXPECT_GT(micros, 1'600'000'000'000'000U);  // 2020
  EXPECT_LT(micros, 4'000'000'000'000'000U);  // 2096
}

// Not under sanitizers: their shadow memory passes any limit, and the next allocation would fail.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(PosixMemoryTest, AtMostTheMachineAndTheLimitOfTheProcess) {
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t all = Env::posix().memory_bytes();
  EXPECT_GT(all, 0U);
  EXPECT_LE(all, machine);
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  const rlimit less = {rlim_t{123} << 20, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  const std::uint64_t limited = Env::posix().memory_bytes();
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(limited, std::min<std::uint64_t>(all, 123 << 20));
}
#endif

class CgroupTest : public ::testing::Test {
 protected:
  std::uint64_t limit(std::string_view membership) {
    return cgroup_memory_limit(membership,
                               [&](const std::string& path) -> std::optional<std::string> {
                                 const auto found = files_.find(path);
                                 if (found == files_.end()) return std::nullopt;
                                 return found->second;
                               });
  }

  std::map<std::string, std::string> files_;
};

TEST_F(CgroupTest, NoGroupNoLimit) {
  for (const char* text :
       {"", "\n", "garbage", "0:", "0::", "0::/", "3:cpu:/a\n0::/b/c\n", ":::::"}) {
    EXPECT_EQ(limit(text), UINT64_MAX) << text;
  }
}

TEST_F(CgroupTest, Version2TakesTheLeastUpToTheRoot) {
  files_ = {{"/sys/fs/cgroup/a/b/memory.max", "max\n"},
            {"/sys/fs/cgroup/a/memory.max", "1000\n"},
            {"/sys/fs/cgroup/memory.max", "2000\n"}};
  EXPECT_EQ(limit("0::/a/b\n"), 1000U);
  EXPECT_EQ(limit("0::/a/b/\n"), 1000U);
  EXPECT_EQ(limit("0::/elsewhere\n"), 2000U);
  EXPECT_EQ(limit("0::/\n"), 2000U);
  EXPECT_EQ(limit("0::/../a\n"), 2000U);
}

TEST_F(CgroupTest, Version1InsideAContainerSeesOnlyTheRoot) {
  files_ = {{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "4096000\n"}};
  EXPECT_EQ(limit("5:cpu,cpuacct:/x\n4:memory:/docker/0123\n"), 4096000U);
  EXPECT_EQ(limit("4:hugetlb,memory:/docker/0123"), 4096000U);
  EXPECT_EQ(limit("4:notmemory:/docker/0123"), UINT64_MAX);
}

TEST_F(CgroupTest, HybridTakesTheLeastOfBoth) {
  files_ = {{"/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n"},
            {"/sys/fs/cgroup/b/memory.max", "777"}};
  EXPECT_EQ(limit("4:memory:/a\n0::/b\n"), 777U);
  EXPECT_EQ(limit("4:memory:/a\n"), 9223372036854771712U);
}

}  // namespace
}  // namespace nacre
