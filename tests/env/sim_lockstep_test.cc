// The simulated disk beside a real directory: the same random operations must succeed or fail alike
// and leave the same tree.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/random.h"
#include "env/sim_disk.h"

namespace nacre {
namespace {

namespace fs = std::filesystem;

/// The real side: std::filesystem, and stdio where the order of checks matters.
class RealTree {
 public:
  explicit RealTree(std::uint64_t seed)
      : root_(fs::temp_directory_path() /
              ("nacre-lockstep-" + std::to_string(::getpid()) + "-" + std::to_string(seed))) {
    fs::create_directory(root_);
  }
  ~RealTree() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  RealTree(const RealTree&) = delete;
  RealTree& operator=(const RealTree&) = delete;

  std::string at(const std::string& path) const { return root_.string() + path; }

  Code create(const std::string& path, const std::string& bytes) {
    std::FILE* file = std::fopen(at(path).c_str(), "wbx");
    if (file == nullptr) return code(errno);
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
    return Code::kOk;
  }
  Code create_dir(const std::string& path) {
    std::error_code error;
    if (!fs::create_directory(at(path), error) && !error) return Code::kIo;  // was there already
    return code(error.value());
  }
  Code remove(const std::string& path) {
    return ::unlink(at(path).c_str()) == 0 ? Code::kOk : code(errno);
  }
  Code remove_dir(const std::string& path) {
    return ::rmdir(at(path).c_str()) == 0 ? Code::kOk : code(errno);
  }
  Code rename(const std::string& from, const std::string& to) {
    return std::rename(at(from).c_str(), at(to).c_str()) == 0 ? Code::kOk : code(errno);
  }
  /// Every file with its bytes; every directory with "/".
  std::map<std::string, std::string> tree() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      const std::string path = entry.path().string().substr(root_.string().size());
      if (entry.is_directory()) {
        found[path] = "/";
        continue;
      }
      std::ifstream in(entry.path(), std::ios::binary);
      found[path] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    return found;
  }

 private:
  static Code code(int error) {
    return error == 0 ? Code::kOk : Status::from_errno("", "", error).code();
  }
  fs::path root_;
};

void add_tree(SimDisk& disk, const std::string& dir, std::map<std::string, std::string>& found) {
  const std::vector<std::string> names = disk.list(dir.empty() ? "/" : dir).value();
  for (const std::string& name : names) {
    const std::string path = dir + "/" + name;
    if (disk.kind(path).value() == PathKind::kDirectory) {
      found[path] = "/";
      add_tree(disk, path, found);
    } else {
      found[path] = disk.read_file(path).value();
    }
  }
}

std::map<std::string, std::string> tree(SimDisk& disk) {
  std::map<std::string, std::string> found;
  add_tree(disk, "", found);
  return found;
}

Code create(SimDisk& disk, const std::string& path, const std::string& bytes) {
  auto file = disk.create(path);
  if (!file.ok()) return file.error().code();
  // In pieces, so that the buffer fills and spills.
  for (std::size_t at = 0; at < bytes.size(); at += 7000) {
    EXPECT_TRUE((*file)->append(std::string_view(bytes).substr(at, 7000)).ok());
  }
  EXPECT_TRUE((*file)->close().ok());
  return Code::kOk;
}

// A few words at up to three depths, so that operations meet.
std::string random_path(Random& random) {
  static const char* const kWords[] = {"/a", "/b", "/c"};
  std::string path;
  for (std::uint64_t depth = 1 + random.below(3); depth > 0; --depth) {
    path += kWords[random.below(3)];
  }
  return path;
}

TEST(SimLockstep, BehavesAsTheFileSystemOfThisMachine) {
  std::map<Code, int> outcomes;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    RealTree real(seed);
    auto disk = std::make_unique<SimDisk>();
    for (int step = 0; step < 200; ++step) {
      const std::string path = random_path(random);
      const std::string other = random_path(random);
      std::string what;
      Code expected = Code::kOk;
      Code got = Code::kOk;
      switch (random.below(8)) {
        case 0:
        case 1: {
          const std::string bytes(random.below(40000), static_cast<char>('a' + random.below(26)));
          what = "create " + path;
          expected = real.create(path, bytes);
          got = create(*disk, path, bytes);
          break;
        }
        case 2:
        case 3:
          what = "mkdir " + path;
          expected = real.create_dir(path);
          got = disk->create_dir(path).code();
          break;
        case 4:
          what = "remove " + path;
          expected = real.remove(path);
          got = disk->remove(path).code();
          break;
        case 5:
          what = "rmdir " + path;
          expected = real.remove_dir(path);
          got = disk->remove_dir(path).code();
          break;
        case 6:
          what = "rename " + path + " " + other;
          expected = real.rename(path, other);
          got = disk->rename(path, other).code();
          break;
        default:
          // The process dies here and another goes on: nothing that was closed may be missing.
          disk = disk->crash_image(CrashProfile::kProcess, random.next());
      }
      ++outcomes[expected];
      ASSERT_EQ(got, expected) << "step " << step << ": " << what;
      if (step % 10 == 9) {
        ASSERT_EQ(tree(*disk), real.tree()) << "step " << step << ": " << what;
      }
    }
  }
  EXPECT_GT(outcomes[Code::kOk], 1000);
  EXPECT_GT(outcomes[Code::kIo], 300);
  EXPECT_GT(outcomes[Code::kNotFound], 300);
}

}  // namespace
}  // namespace nacre
