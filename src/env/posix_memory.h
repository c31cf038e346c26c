// posix_memory.h - how much memory this process may use.
//
// The least of what the machine has, what the control groups above the process allow (containers
// are limited so), and what the process limit on address space allows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

/// The content of a small file, or nothing when it can't be read.
using ReadText = std::function<std::optional<std::string>(const std::string& path)>;

/// The least limit of the control groups that `membership`, the text of /proc/self/cgroup, names;
/// UINT64_MAX when there is none. Knows both versions of control groups:
///
///   0::/user/app            version 2   /sys/fs/cgroup/user/app/memory.max
///   4:memory:/app           version 1   /sys/fs/cgroup/memory/app/memory.limit_in_bytes
///
/// and looks at every group from the named one up to the root: a limit above counts too, and inside
/// a container the path is often that of the host, of which only the root is visible.
std::uint64_t cgroup_memory_limit(std::string_view membership, const ReadText& read);

/// See Env::memory_bytes().
std::uint64_t process_memory_bytes();

}  // namespace nacre
