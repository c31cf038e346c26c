#include "common/process.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace nacre::bench {

namespace {

/// A number of this process from the kernel: "write_bytes" of io, "VmHWM" of status.
double process_number(const char* file, const std::string& name) {
  std::ifstream in(std::string("/proc/self/") + file);
  for (std::string word; in >> word;) {
    double value = 0;
    if (word == name + ":" && in >> value) return value;
  }
  return 0;
}

bool write_text(const std::string& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  out.close();
  return static_cast<bool>(out);
}

/// The path of this process in the hierarchy that has `controller` ("" : version 2).
std::string own_group(const std::string& controller) {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controller.empty() ? names == ",," : names.find("," + controller + ",") < names.size()) {
      return line.substr(second + 1);
    }
  }
  return "/";
}

std::uint64_t number_in(const std::string& file) {
  std::ifstream in(file);
  std::uint64_t value = 0;
  return in >> value ? value : 0;
}

}  // namespace

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

ProcessUse& ProcessUse::operator+=(const ProcessUse& other) {
  wall += other.wall;
  cpu += other.cpu;
  bytes_read += other.bytes_read;
  bytes_written += other.bytes_written;
  return *this;
}

ProcessUse process_use() {
  return {wall_seconds(), cpu_seconds(), process_number("io", "read_bytes"),
          process_number("io", "write_bytes")};
}

std::uint64_t memory_bytes() {
  return static_cast<std::uint64_t>(process_number("status", "VmRSS")) * 1024;
}

std::uint64_t peak_memory_bytes() {
  return static_cast<std::uint64_t>(process_number("status", "VmHWM")) * 1024;
}

std::uint64_t directory_bytes(const std::string& dir) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir, error)) {
    struct stat info {};
    if (stat(entry.path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
  }
  return bytes;
}

void settle_device() { sync(); }

MemoryLimit::MemoryLimit(std::uint64_t mib) : mib_(mib) {
  static int made = 0;
  const std::string name =
      "/nacre_bench_" + std::to_string(getpid()) + "_" + std::to_string(++made);
  // Below the own group, so that limits which hold for this process go on holding.
  std::string own = own_group("memory");
  std::string root = "/sys/fs/cgroup/memory";
  if (!std::filesystem::exists(root + own)) own = "/";  // a container shows its own group as root
  if (try_group(root + (own == "/" ? "" : own) + name, "/memory.limit_in_bytes")) {
    kind_ = "control group v1";
    return;
  }
  // Version 2 has no processes in inner groups: a group beside the own one is all there can be.
  own = own_group("");
  for (root = "/sys/fs/cgroup"; own != "/"; own = std::filesystem::path(own).parent_path()) {
    const std::string above = std::filesystem::path(own).parent_path();
    if (try_group(root + (above == "/" ? "" : above) + name, "/memory.max")) {
      kind_ = "control group v2";
      return;
    }
  }
  if (try_group(root + name, "/memory.max")) kind_ = "control group v2";
}

bool MemoryLimit::try_group(const std::string& group, const std::string& limit_file) {
  if (mkdir(group.c_str(), 0755) != 0) {
    why_not_ += "mkdir " + group + ": " + std::strerror(errno) + "; ";
    return false;
  }
  if (!std::filesystem::exists(group + limit_file) ||
      !write_text(group + limit_file, std::to_string(mib_ << 20))) {
    why_not_ += group + limit_file + " can't be set; ";
    rmdir(group.c_str());
    return false;
  }
  // Swap would make room that is not memory; where there is none this file need not exist.
  if (std::filesystem::exists(group + "/memory.swap.max")) {
    write_text(group + "/memory.swap.max", "0");
  }
  group_ = group;
  return true;
}

MemoryLimit::~MemoryLimit() {
  // A group stays busy for a moment after its last process has ended.
  for (int i = 0; works() && rmdir(group_.c_str()) != 0 && errno == EBUSY && i < 100; ++i) {
    usleep(10'000);
  }
}

bool MemoryLimit::enter() const {
  return works() && write_text(group_ + "/cgroup.procs", std::to_string(getpid()));
}

std::uint64_t MemoryLimit::peak_bytes() const {
  const std::uint64_t peak = number_in(group_ + "/memory.max_usage_in_bytes");
  return peak != 0 ? peak : number_in(group_ + "/memory.peak");
}

ChildResult run_apart(const std::function<Json()>& body, const MemoryLimit* limit) {
  std::fflush(nullptr);
  int ends[2];
  if (pipe(ends) != 0) return {.ok = false, .error = "no pipe", .json = {}};
  const pid_t child = fork();
  if (child < 0) return {.ok = false, .error = "no process", .json = {}};
  if (child == 0) {
    close(ends[0]);
    if (limit != nullptr && !limit->enter()) {
      std::fprintf(stderr, "can't enter the memory limit\n");
      _exit(1);
    }
    const std::string text = body().dump();
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t done = write(ends[1], text.data() + sent, text.size() - sent);
      if (done <= 0) _exit(1);
      sent += static_cast<std::size_t>(done);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ChildResult result;
  if (WIFSIGNALED(status)) {
    result.error = "ended by signal " + std::to_string(WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 0) {
    result.error = "exit status " + std::to_string(WEXITSTATUS(status));
  } else {
    result.json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    result.ok = !result.json.is_discarded();
    if (!result.ok) result.error = "no result";
  }
  return result;
}

}  // namespace nacre::bench
