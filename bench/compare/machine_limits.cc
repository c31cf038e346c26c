#include "compare/machine_limits.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

#include "compare/report.h"

namespace nacre::bench {

namespace {

/// Runs a program with its table thrown away. Returns whether it ended well.
bool run_quietly(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int code =
      posix_spawn(&child, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  return code == 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

}  // namespace

Json machine_limits(const std::string& dir) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path program = self.parent_path() / "nacre_limits";
  if (error || !std::filesystem::exists(program, error)) return Json::array();
  const std::string file = (std::filesystem::path(dir) / "limits.json").string();
  const bool ran = run_quietly({program.string(), "--quick", "--dir", dir, "--json", file});
  std::ifstream in(file);
  const Json json = ran ? Json::parse(in, nullptr, /*allow_exceptions=*/false) : Json();
  std::filesystem::remove(file, error);
  if (!json.is_object() || !json.contains("results")) return Json::array();
  return json["results"];
}

std::string limits_text(const Json& limits) {
  if (limits.empty()) return "";
  std::string text = "\nWhat the machine can do (nacre_limits --quick)\n";
  for (const Json& limit : limits) {
    if (!limit.contains("value")) continue;
    char line[256];
    std::snprintf(
        line, sizeof line, "  %-44s %12s %-6s %s\n", limit["name"].get<std::string>().c_str(),
        short_figure(limit["value"].get<double>()).c_str(),
        limit["unit"].get<std::string>().c_str(), limit["what"].get<std::string>().c_str());
    text += line;
  }
  return text;
}

std::string limits_table(const Json& limits) {
  if (limits.empty()) return "";
  std::string text = "| limit | value | unit | what one is |\n|---|---:|---|---|\n";
  for (const Json& limit : limits) {
    if (!limit.contains("value")) continue;
    text += "| " + limit["name"].get<std::string>() + " | " +
            short_figure(limit["value"].get<double>()) + " | " + limit["unit"].get<std::string>() +
            " | " + limit["what"].get<std::string>() + " |\n";
  }
  return text;
}

}  // namespace nacre::bench
