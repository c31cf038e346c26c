#include "env/posix_lock.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "env/posix_temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nacre {
namespace {

using test::TempDir;
using ::testing::HasSubstr;

// Another process, which tries to take a lock when it is told to and keeps it until it dies. It is
// made before any lock, so that it inherits none.
class OtherProcess {
 public:
  explicit OtherProcess(const std::string& path) {
    int to[2];
    int from[2];
    EXPECT_EQ(::pipe2(to, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(from, O_CLOEXEC), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(to[1]);
      serve(path, to[0], from[1]);
    }
    ::close(to[0]);
    ::close(from[1]);
    to_ = to[1];
    from_ = from[0];
  }
  ~OtherProcess() {
    ::close(to_);
    ::close(from_);
    int how = 0;
    EXPECT_EQ(::waitpid(child_, &how, 0), child_);
    EXPECT_EQ(how, 0);
  }

  /// 'y' when it has the lock now, 'l' when that is locked, 'n' when something else is wrong.
  char try_lock() {
    char answer = 't';
    EXPECT_EQ(::write(to_, &answer, 1), 1);
    EXPECT_EQ(::read(from_, &answer, 1), 1);
    return answer;
  }
  pid_t pid() const { return child_; }

 private:
  [[noreturn]] static void serve(const std::string& path, int orders, int answers) {
    std::unique_ptr<FileLock> kept;
    char order;
    while (::read(orders, &order, 1) == 1) {
      auto lock = lock_file(path);
      const char answer = lock.ok() ? 'y' : lock.status().code() == Code::kLocked ? 'l' : 'n';
      if (lock.ok()) kept = std::move(lock).value();
      if (::write(answers, &answer, 1) != 1) break;
    }
    ::_exit(0);  // the lock goes with the process
  }

  pid_t child_ = 0;
  int to_ = -1;
  int from_ = -1;
};

TEST(PosixLockTest, SecondHandleOfThisProcessIsRefused) {
  const TempDir dir;
  auto first = lock_file(dir / "lock");
  ASSERT_TRUE(first.ok());
  // Another name of the same file makes no difference.
  std::filesystem::create_hard_link(dir / "lock", dir / "alias");
  for (const std::string& path : {dir / "lock", dir / "alias", dir / "./lock"}) {
    const Status second = lock_file(path).status();
    EXPECT_EQ(second.code(), Code::kLocked);
    EXPECT_EQ(second.message(), "lock " + path + ": held by another handle of this process");
  }
  const auto other = lock_file(dir / "other");
  EXPECT_TRUE(other.ok()) << "another file is free";
  first = Status::invalid("released");
  EXPECT_TRUE(lock_file(dir / "lock").ok());
}

TEST(PosixLockTest, FileStaysAndNamesItsOwner) {
  const TempDir dir;
  test::write_whole(dir / "lock", "99999999999999 is what an earlier owner wrote\n");
  { ASSERT_TRUE(lock_file(dir / "lock").ok()); }
  EXPECT_EQ(test::read_whole(dir / "lock"), std::to_string(::getpid()) + "\n");
}

TEST(PosixLockTest, AnotherProcessIsNamedAndItsDeathReleases) {
  const TempDir dir;
  {
    OtherProcess holder(dir / "lock");
    ASSERT_EQ(holder.try_lock(), 'y');
    for (int attempt = 0; attempt < 2; ++attempt) {  // a failed attempt changes nothing
      const Status status = lock_file(dir / "lock").status();
      EXPECT_EQ(status.code(), Code::kLocked);
      EXPECT_EQ(status.message(), "lock " + dir / "lock" + ": held by another process (pid " +
                                      std::to_string(holder.pid()) + ")");
    }
  }
  EXPECT_TRUE(lock_file(dir / "lock").ok());
}

TEST(PosixLockTest, OurLockKeepsAnotherProcessOut) {
  const TempDir dir;
  OtherProcess other(dir / "lock");
  auto lock = lock_file(dir / "lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(other.try_lock(), 'l');
  // Opening and closing the file elsewhere in the process would drop a classic fcntl lock.
  test::read_whole(dir / "lock");
  EXPECT_EQ(lock_file(dir / "lock").status().code(), Code::kLocked);
  EXPECT_EQ(other.try_lock(), 'l');
  lock = Status::invalid("released");
  EXPECT_EQ(other.try_lock(), 'y');
}

TEST(PosixLockTest, ForkedChildHasNoLockOfItsOwn) {
  const TempDir dir;
  const auto lock = lock_file(dir / "lock");
  ASSERT_TRUE(lock.ok());
  OtherProcess child(dir / "lock");  // the lock is older than this process
  EXPECT_EQ(child.try_lock(), 'l');
}

TEST(PosixLockTest, OwnerThatIsNoNumberIsUnknown) {
  const TempDir dir;
  OtherProcess holder(dir / "lock");
  ASSERT_EQ(holder.try_lock(), 'y');
  test::write_whole(dir / "lock", "\x1b[31mnot a pid");
  EXPECT_THAT(std::string(lock_file(dir / "lock").status().message()),
              HasSubstr("held by another process (pid unknown)"));
}

TEST(PosixLockTest, ReplacedFileIsAnotherFile) {
  // A lock on a file that the path no longer names protects nothing: the next opener locks the new
  // file, and one owner of each is what there is.
  const TempDir dir;
  const auto old = lock_file(dir / "lock");
  ASSERT_TRUE(old.ok());
  std::filesystem::remove(dir / "lock");
  const auto fresh = lock_file(dir / "lock");
  ASSERT_TRUE(fresh.ok());
  EXPECT_EQ(lock_file(dir / "lock").status().code(), Code::kLocked);
}

}  // namespace
}  // namespace nacre
