#include "common/machine.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cctype>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#if __has_include(<rocksdb/version.h>)
#include <rocksdb/version.h>
#endif
#if __has_include(<leveldb/db.h>)
#include <leveldb/db.h>
#endif
#if __has_include(<lmdb.h>)
#include <lmdb.h>
#endif

namespace nacre::bench {

namespace {

/// The rest of the first line of `file` that begins with `name`, behind its colon.
std::string field(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(name)) continue;
    const std::size_t at = line.find_first_not_of(" \t", line.find(':') + 1);
    return at == std::string::npos ? "" : line.substr(at);
  }
  return "";
}

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

/// The file system of a device number, from the list of mounts: the third word behind " - ".
std::string file_system(const std::string& number) {
  std::ifstream in("/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos || line.find(" " + number + " ") >= dash) continue;
    const std::string rest = line.substr(dash + 3);
    return rest.substr(0, rest.find(' '));
  }
  return "unknown file system";
}

std::string device_of(const std::string& dir) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(dir, error);
  while (!std::filesystem::exists(path, error) && path.has_relative_path()) {
    path = path.parent_path();
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return "unknown";
  const std::string number =
      std::to_string(major(info.st_dev)) + ":" + std::to_string(minor(info.st_dev));
  std::string text = file_system(number);
  std::filesystem::path block = std::filesystem::canonical("/sys/dev/block/" + number, error);
  if (error) return text;
  if (std::filesystem::exists(block / "partition", error)) block = block.parent_path();
  text += " on " + block.filename().string();
  const std::string model = first_line(block / "device/model");
  if (!model.empty()) text += ", " + model;
  if (first_line(block / "queue/rotational") == "1") text += ", rotational";
  const std::string ahead = first_line(block / "queue/read_ahead_kb");
  if (!ahead.empty()) text += ", reads ahead " + ahead + " KiB";
  return text;
}

/// Puts each array of numbers on one line, for those who read the file or its differences.
std::string on_lines(const std::string& text) {
  std::string lines;
  bool in_numbers = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool blank = c == ' ' || c == '\n';
    if (c == '[') {
      const std::size_t next = text.find_first_not_of(" \n", i + 1);
      in_numbers = next != std::string::npos && (text[next] == '-' || std::isdigit(text[next]));
    }
    if (c == ']') in_numbers = false;
    if (!in_numbers || !blank) lines += c;
    if (in_numbers && c == ',') lines += ' ';
  }
  return lines;
}

}  // namespace

nlohmann::json machine_facts(const std::string& dir) {
  utsname name{};
  uname(&name);
  const std::string release = name.release;  // the number; what follows is the builder's
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                        static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 30);
  std::string cpu = field("/proc/cpuinfo", "model name");
  if (cpu.empty()) cpu = name.machine;
  return {{"cpu", cpu},
          {"cores", std::thread::hardware_concurrency()},
          {"memory_gib", std::round(memory * 10) / 10},
          {"kernel", std::string(name.sysname) + " " + release.substr(0, release.find('-'))},
          {"device", device_of(dir)}};
}

nlohmann::json engine_versions() {
  nlohmann::json versions;
  versions["nacre"] = NACRE_VERSION;
#ifdef ROCKSDB_MAJOR
  versions["rocksdb"] = std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." +
                        std::to_string(ROCKSDB_PATCH);
#endif
#ifdef LEVELDB_EXPORT
  versions["leveldb"] =
      std::to_string(leveldb::kMajorVersion) + "." + std::to_string(leveldb::kMinorVersion);
#endif
#ifdef MDB_VERSION_MAJOR
  versions["lmdb"] = std::to_string(MDB_VERSION_MAJOR) + "." + std::to_string(MDB_VERSION_MINOR) +
                     "." + std::to_string(MDB_VERSION_PATCH);
#endif
  return versions;
}

std::string command_line(int argc, const char* const* argv) {
  std::string line = std::filesystem::path(argv[0]).filename().string();
  for (int i = 1; i < argc; ++i) line += std::string(" ") + argv[i];
  return line;
}

std::string iso_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

Json result_head(const std::string& benchmark, const std::string& command, const std::string& dir) {
  Json head;
  head["benchmark"] = benchmark;
  head["command"] = command;
  head["date"] = iso_date();
  head["machine"] = machine_facts(dir);
  head["engines"] = engine_versions();
  return head;
}

void write_json(const std::string& file, const Json& json) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  std::ofstream out(file);
  out << on_lines(json.dump(1)) << "\n";
  out.close();
  if (!out) {
    std::fprintf(stderr, "can't write %s\n", file.c_str());
    std::exit(1);
  }
}

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::show(const std::string& line) {
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  shown_ = true;
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  if (shown_) std::fprintf(stderr, "\r\033[K");
  shown_ = false;
}

}  // namespace nacre::bench
