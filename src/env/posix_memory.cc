#include "env/posix_memory.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "env/posix_io.h"

namespace nacre {
namespace {

constexpr std::uint64_t kUnlimited = UINT64_MAX;

std::optional<std::string> read_text(const std::string& path) {
  const Result<Fd> fd = open_fd(path, O_RDONLY, "open");
  if (!fd.ok()) return std::nullopt;
  std::string text(4096, '\0');
  RawRead read{0, text.data(), text.size(), 0, 0};
  finish_read(fd->get(), read, 1);
  if (read.error != 0) return std::nullopt;
  text.resize(read.got);
  return text;
}

// "max" and everything else that is no number is no limit.
std::uint64_t parse_limit(std::string_view text) {
  std::uint64_t limit = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), limit);
  return parsed.ec == std::errc() ? limit : kUnlimited;
}

// The least limit from `group` up to `mount`.
std::uint64_t least_limit(const std::string& mount, std::string group, const std::string& file,
                          const ReadText& read) {
  std::uint64_t least = kUnlimited;
  while (true) {
    while (group.ends_with('/')) group.pop_back();
    const std::optional<std::string> text = read(mount + group + "/" + file);
    if (text.has_value()) least = std::min(least, parse_limit(*text));
    if (group.empty()) return least;
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
}

bool names_memory(std::string_view controllers) {
  return ("," + std::string(controllers) + ",").find(",memory,") != std::string::npos;
}

}  // namespace

std::uint64_t cgroup_memory_limit(std::string_view membership, const ReadText& read) {
  std::uint64_t least = kUnlimited;
  while (!membership.empty()) {
    const std::string_view line = membership.substr(0, membership.find('\n'));
    membership.remove_prefix(std::min(line.size() + 1, membership.size()));
    const std::size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string group(line.substr(second + 1));
    if (controllers.empty()) {
      least = std::min(least, least_limit("/sys/fs/cgroup", group, "memory.max", read));
    } else if (names_memory(controllers)) {
      least = std::min(least,
                       least_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", read));
    }
  }
  return least;
}

std::uint64_t process_memory_bytes() {
  const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 1L));
  std::uint64_t bytes = pages * page_bytes();
  if (const auto membership = read_text("/proc/self/cgroup")) {
    bytes = std::min(bytes, cgroup_memory_limit(*membership, read_text));
  }
  rlimit space;
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    bytes = std::min<std::uint64_t>(bytes, space.rlim_cur);
  }
  return bytes;
}

}  // namespace nacre
