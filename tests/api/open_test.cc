// Opening: what is created, what is refused and left alone, and the lock.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>

#include "api/api_world.h"
#include "env/fault_env.h"
#include "nacre/db.h"

namespace nacre::test {
namespace {

using OpenTest = ApiTest;
INSTANTIATE_TEST_SUITE_P(Worlds, OpenTest, kWorlds, kWorldName);

TEST_P(OpenTest, CreatesWhatIsMissing) {
  EXPECT_EQ(env().fs().kind(path()).value(), PathKind::kNothing);
  {
    Db db = open();
    ASSERT_TRUE(ok(db.put("k", "v")));
  }
  EXPECT_EQ(env().fs().kind(path()).value(), PathKind::kDirectory);
  Options options = this->options();
  options.create_if_missing = false;
  Db db = open_store(path(), options);
  EXPECT_EQ(look_up(db, "k"), "v");
}

TEST_P(OpenTest, AnEmptyDirectoryBecomesAStore) {
  ASSERT_TRUE(ok(env().fs().create_dir(path())));
  Db db = open();
  ASSERT_TRUE(ok(db.put("k", "v")));
}

TEST_P(OpenTest, ATrailingSlashIsTheSameStore) {
  Db db = open_store(path() + "/", options());
  ASSERT_TRUE(ok(db.put("k", "v")));
  EXPECT_TRUE(fails(Db::open(path(), options()), Code::kLocked));
  ASSERT_TRUE(ok(db.close()));
  db = open();
  EXPECT_EQ(look_up(db, "k"), "v");
}

TEST_P(OpenTest, CreatesNothingWhenItMayNot) {
  Options options = this->options();
  options.create_if_missing = false;
  EXPECT_TRUE(fails(Db::open(path(), options), Code::kNotFound, {path()}));
  EXPECT_EQ(env().fs().kind(path()).value(), PathKind::kNothing);
  ASSERT_TRUE(ok(env().fs().create_dir(path())));
  EXPECT_TRUE(fails(Db::open(path(), options), Code::kNotFound, {path()}));
  EXPECT_TRUE(env().fs().list(path())->empty());
}

TEST_P(OpenTest, AMissingParentIsNotCreated) {
  const std::string below = path("no") + "/such/store";
  EXPECT_TRUE(fails(Db::open(below, options()), Code::kNotFound, {below}));
  EXPECT_EQ(env().fs().kind(path("no")).value(), PathKind::kNothing);
}

TEST_P(OpenTest, RefusesAnExistingStoreWhenAsked) {
  Options options = this->options();
  options.error_if_exists = true;
  {
    Db db = open_store(path(), options);
    ASSERT_TRUE(ok(db.put("k", "v")));
  }
  EXPECT_TRUE(fails(Db::open(path(), options), Code::kInvalid, {path(), "error_if_exists"}));
  Db db = open();
  EXPECT_EQ(look_up(db, "k"), "v");
}

TEST_P(OpenTest, AFileIsNoStore) {
  {
    auto file = env().fs().create(path("file")).value();
    ASSERT_TRUE(ok(file->append("precious")));
    ASSERT_TRUE(ok(file->close()));
  }
  EXPECT_TRUE(
      fails(Db::open(path("file"), options()), Code::kInvalid, {path("file"), "not a directory"}));
  EXPECT_FALSE(Db::open(path("file") + "/below", options()).ok());
  auto file = env().fs().open(path("file"), ReadMode::kBuffered).value();
  std::string bytes(8, '\0');
  EXPECT_EQ(file->read(0, bytes).value(), 8U);
  EXPECT_EQ(bytes, "precious");
}

TEST_P(OpenTest, ADirectoryOfSomethingElseIsRefusedAndLeftAlone) {
  ASSERT_TRUE(ok(env().fs().create_dir(path())));
  for (const char* name : {"diary.txt", "000001.sst"}) {
    auto file = env().fs().create(path() + "/" + name).value();
    ASSERT_TRUE(ok(file->append("precious")));
    ASSERT_TRUE(ok(file->close()));
  }
  EXPECT_TRUE(fails(Db::open(path(), options()), Code::kInvalid, {path(), "000001.sst"}));
  EXPECT_TRUE(fails(Db::destroy(path(), options()), Code::kInvalid, {path()}));
  EXPECT_EQ(env().fs().list(path())->size(), 2U);  // not even a LOCK
  for (const char* name : {"diary.txt", "000001.sst"}) {
    EXPECT_EQ(env().fs().open(path() + "/" + name, ReadMode::kBuffered).value()->size(), 8U);
  }
}

TEST_P(OpenTest, OneHandleAtATime) {
  Db db = open();
  ASSERT_TRUE(ok(db.put("k", "v")));
  EXPECT_TRUE(fails(Db::open(path(), options()), Code::kLocked, {path(), "another handle"}));
  EXPECT_TRUE(fails(Db::destroy(path(), options()), Code::kLocked, {path()}));
  ASSERT_TRUE(ok(db.put("k2", "v")));
  expect_reads(db, {{"k", "v"}, {"k2", "v"}});
  ASSERT_TRUE(ok(db.close()));
  db = open();
  expect_reads(db, {{"k", "v"}, {"k2", "v"}});
}

TEST_P(OpenTest, AnOpenThatFailedHoldsNoLock) {
  { const Db db = open(); }
  Options options = this->options();
  options.error_if_exists = true;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Db::open(path(), options).ok());
  EXPECT_TRUE(ok(Db::open(path(), this->options())));
}

TEST(OpenFilesTest, AnEmptyPathIsRefused) {
  EXPECT_FALSE(Db::open("", tiny_options(Env::posix())).ok());
}

TEST(OpenFilesTest, ASymbolicLinkLeadsToTheSameStore) {
  const TempDir temp;
  const Options options = tiny_options(Env::posix());
  Db db = open_store(temp / "store", options);
  ASSERT_TRUE(ok(db.put("k", "v")));
  std::filesystem::create_directory_symlink(temp / "store", temp / "link");
  EXPECT_TRUE(fails(Db::open(temp / "link", options), Code::kLocked));
  ASSERT_TRUE(ok(db.close()));
  db = open_store(temp / "link", options);
  EXPECT_EQ(look_up(db, "k"), "v");
}

/// Runs in a child: opens the store, says so through the pipe, and dies without closing it once the
/// parent has closed its end.
[[noreturn]] void hold_store(const std::string& path, const Options& options, int say, int hear) {
  Result<Db> db = Db::open(path, options);
  const char said = db.ok() && db->put("from", "the child", {.durability = Durability::kOs}).ok();
  if (::write(say, &said, 1) != 1) ::_exit(1);
  char ignored = 0;
  while (::read(hear, &ignored, 1) > 0) {
  }
  ::_exit(0);
}

TEST(OpenFilesTest, AnotherProcessIsKeptOutAndItsDeathLosesNothing) {
  const TempDir temp;
  const Options options = tiny_options(Env::posix());
  std::array<int, 2> from_child{};
  std::array<int, 2> to_child{};
  ASSERT_EQ(::pipe(from_child.data()), 0);
  ASSERT_EQ(::pipe(to_child.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(to_child[1]);
    hold_store(temp / "store", options, from_child[1], to_child[0]);
  }
  ::close(from_child[1]);
  ::close(to_child[0]);
  char opened = 0;
  ASSERT_EQ(::read(from_child[0], &opened, 1), 1);
  ASSERT_EQ(opened, 1);
  EXPECT_TRUE(fails(Db::open(temp / "store", options), Code::kLocked,
                    {temp / "store", "another process", std::to_string(child)}));
  EXPECT_TRUE(fails(Db::destroy(temp / "store", options), Code::kLocked, {"another process"}));
  Options read_only = options;
  read_only.read_only = true;
  EXPECT_EQ(look_up(open_store(temp / "store", read_only), "from"), "the child");
  ::close(to_child[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ::close(from_child[0]);
  Db db = open_store(temp / "store", options);
  EXPECT_EQ(look_up(db, "from"), "the child");
  EXPECT_FALSE(db.recovery_info()->clean);
}

TEST(OpenFaultTest, WithoutPermissionTheReasonIsSaid) {
  SimEnv world;
  { const Db db = open_store("/store", tiny_options(world)); }
  const Contents before = disk_contents(world.disk());
  FaultEnv faulty(world);
  const auto deny = [&](FaultOp op) {
    faulty.injector().arm({.ops = {op}, .sticky = true, .error_number = EACCES});
  };
  for (const FaultOp op : {FaultOp::kKind, FaultOp::kLock, FaultOp::kList, FaultOp::kOpen}) {
    deny(op);
    EXPECT_TRUE(
        fails(Db::open("/store", tiny_options(faulty)), Code::kIo, {"/store", "Permission denied"}))
        << fault_op_name(op);
  }
  deny(FaultOp::kCreateDir);
  EXPECT_TRUE(
      fails(Db::open("/new", tiny_options(faulty)), Code::kIo, {"/new", "Permission denied"}));
  deny(FaultOp::kRemove);
  EXPECT_TRUE(fails(Db::destroy("/store", tiny_options(faulty)), Code::kIo,
                    {"/store", "Permission denied"}));
  EXPECT_EQ(first_change(before, disk_contents(world.disk())), "");
  faulty.injector().disarm();
  EXPECT_TRUE(ok(Db::open("/store", tiny_options(faulty))));
}

TEST(DestroyTest, RemovesTheStoreAndItsDirectory) {
  SimEnv world;
  Db db = open_store("/store", tiny_options(world));
  fill(db, 300, 100, {.durability = Durability::kOs});
  const auto crashed = world.crash_image(CrashProfile::kProcess, 1);
  ASSERT_TRUE(ok(db.close()));
  ASSERT_TRUE(ok(Db::destroy("/store", tiny_options(world))));
  EXPECT_TRUE(world.disk().files().empty());
  EXPECT_EQ(world.disk().kind("/store").value(), PathKind::kNothing);
  EXPECT_TRUE(fails(Db::destroy("/store", tiny_options(world)), Code::kNotFound, {"/store"}));
  // What a crash left of a store goes as well.
  ASSERT_TRUE(ok(Db::destroy("/store", tiny_options(*crashed))));
  EXPECT_TRUE(crashed->disk().files().empty());
  // The place is free for another.
  db = open_store("/store", tiny_options(world));
  expect_reads(db, {});
}

TEST(DestroyTest, LeavesWhatIsNotItsOwn) {
  SimEnv world;
  { const Db db = open_store("/store", tiny_options(world)); }
  ASSERT_TRUE(ok(world.disk().write_file("/store/notes.txt", "mine")));
  ASSERT_TRUE(ok(world.disk().write_file("/store/1.tbl", "not a name that Nacre makes")));
  ASSERT_TRUE(ok(world.disk().write_file("/beside", "mine")));
  ASSERT_TRUE(ok(Db::destroy("/store", tiny_options(world))));
  EXPECT_EQ(world.disk().files(),
            (std::vector<std::string>{"/beside", "/store/1.tbl", "/store/notes.txt"}));
}

TEST(DestroyTest, LeavesTheStoresOfOtherEnginesAlone) {
  SimEnv world;
  ASSERT_TRUE(ok(world.disk().create_dir("/other")));
  // Some engines use the same names for these three.
  ASSERT_TRUE(ok(world.disk().write_file("/other/CURRENT", "MANIFEST-000004\n")));
  ASSERT_TRUE(ok(world.disk().write_file("/other/LOCK", "")));
  ASSERT_TRUE(ok(world.disk().write_file("/other/MANIFEST-000004", "something else")));
  ASSERT_TRUE(ok(world.disk().write_file("/other/000005.ldb", "data")));
  const Contents before = disk_contents(world.disk());
  EXPECT_TRUE(fails(Db::destroy("/other", tiny_options(world)), Code::kInvalid, {"/other"}));
  EXPECT_FALSE(Db::open("/other", tiny_options(world)).ok());
  EXPECT_EQ(first_change(before, disk_contents(world.disk())), "");
}

TEST(DestroyTest, AFileOrNothingIsNotFound) {
  SimEnv world;
  ASSERT_TRUE(ok(world.disk().write_file("/file", "mine")));
  EXPECT_TRUE(fails(Db::destroy("/file", tiny_options(world)), Code::kNotFound));
  EXPECT_TRUE(fails(Db::destroy("/nothing", tiny_options(world)), Code::kNotFound));
  EXPECT_EQ(world.disk().files(), std::vector<std::string>{"/file"});
}

TEST(DestroyTest, InterruptedAnywhereCanBeTriedAgainAndIsNeverOpenedAsHalfAStore) {
  SimEnv full;
  {
    Db db = open_store("/store", tiny_options(full));
    fill(db, 200, 100, {.durability = Durability::kOs});
  }
  for (std::uint64_t n = 1;; ++n) {
    const auto world = full.clone();
    FaultEnv faulty(*world);
    faulty.injector().arm({.ops = {FaultOp::kRemove, FaultOp::kRemoveDir, FaultOp::kSyncDir},
                           .nth = n,
                           .sticky = true});
    const Status destroyed = Db::destroy("/store", tiny_options(faulty));
    if (faulty.injector().hits() == 0) {
      ASSERT_TRUE(ok(destroyed));
      EXPECT_GT(n, 4U);
      return;
    }
    EXPECT_FALSE(destroyed.ok());
    faulty.injector().disarm();
    {
      auto found = Db::open("/store", tiny_options(*world));
      if (found.ok()) {
        const std::size_t left = contents_of(*found).size();
        EXPECT_TRUE(left == 200 || left == 0) << left << " after " << n;
      }
    }
    EXPECT_TRUE(ok(Db::destroy("/store", tiny_options(*world)))) << n;
    EXPECT_TRUE(world->disk().files().empty()) << n;
  }
}

}  // namespace
}  // namespace nacre::test
