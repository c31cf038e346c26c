#include "approaches/report.h"

#include <cstdio>
#include <set>
#include <vector>

#include "approaches/approach.h"

namespace nacre::bench {

namespace {

struct Question {
  const char* key;
  const char* title;
  double scale;
};

constexpr Question kQuestions[] = {
    {"put_us", "us per random put, all work that it causes included", 1},
    {"get_us", "us per random get of a key that is there", 1},
    {"written_per_byte", "bytes written to the device per byte put", 1},
    {"read_per_get", "KiB read from the device per get", 1.0 / 1024},
    {"space", "bytes on the device per byte of live data, after the puts", 1},
};

std::string figure(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
  std::string digits = text;
  if (value >= 1000) {
    for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  }
  return digits;
}

std::set<std::uint64_t> sizes_of(const Json& result) {
  std::set<std::uint64_t> sizes;
  for (const Json& point : result["results"]) sizes.insert(point["size_mib"].get<std::uint64_t>());
  return sizes;
}

/// The figure of one approach at one size; "stopped" when it could not go on, "" when not asked.
std::string cell(const Json& result, const std::string& approach, std::uint64_t size,
                 const Question& question) {
  for (const Json& point : result["results"]) {
    if (point["approach"] != approach || point["size_mib"] != size) continue;
    if (point.contains("stopped")) return "stopped";
    return figure(point[question.key].get<double>() * question.scale);
  }
  return "";
}

std::string title_of(const ApproachKind& kind) {
  return std::string(kind.title) + (std::string(kind.kept) == "power" ? " *" : "");
}

bool asked(const Json& result, const std::string& approach) {
  for (const Json& point : result["results"]) {
    if (point["approach"] == approach) return true;
  }
  return false;
}

/// Each approach that stopped: where first, and why.
std::vector<std::string> stops(const Json& result) {
  std::vector<std::string> lines;
  std::set<std::string> told;
  for (const Json& point : result["results"]) {
    const std::string title = point["title"];
    if (!point.contains("stopped") || !told.insert(title).second) continue;
    lines.push_back(title + " stopped at " +
                    std::to_string(point["size_mib"].get<std::uint64_t>()) +
                    " MiB: " + point["stopped"].get<std::string>());
  }
  return lines;
}

std::string legend(const Json& result) {
  return "* on stable storage when a put returns (the sorted file: when its thousand is full); "
         "the others survive the death of the process alone. Memory: " +
         std::to_string(result["settings"]["memory_mib"].get<std::uint64_t>()) +
         " MiB, page cache included.";
}

}  // namespace

std::string approaches_table(const Json& result) {
  std::string out;
  char text[128];
  for (const Question& question : kQuestions) {
    std::snprintf(text, sizeof text, "\n%s; MiB of data:\n%-42s", question.title, "");
    out += text;
    for (const std::uint64_t size : sizes_of(result)) {
      std::snprintf(text, sizeof text, " %10llu", static_cast<unsigned long long>(size));
      out += text;
    }
    out += '\n';
    for (const ApproachKind& kind : approach_kinds()) {
      if (!asked(result, kind.name)) continue;
      std::snprintf(text, sizeof text, "%-42s", title_of(kind).c_str());
      out += text;
      for (const std::uint64_t size : sizes_of(result)) {
        std::snprintf(text, sizeof text, " %10s", cell(result, kind.name, size, question).c_str());
        out += text;
      }
      out += '\n';
    }
  }
  out += '\n';
  for (const std::string& line : stops(result)) out += line + "\n";
  return out + legend(result) + "\n";
}

std::string approaches_page(const Json& result) {
  const Json& machine = result["machine"];
  std::string out = "# Approaches: the figures\n\n<!-- Written by `./x bench approaches`. -->\n\n";
  out +=
      "What these ways are, and why the figures are what they are: "
      "[approaches](../approaches.md).\n\n";
  out += "![random puts and gets per second as the data outgrows the memory](approaches.svg)\n\n";
  out += "    " + result["command"].get<std::string>() + "\n\n";
  out += result["date"].get<std::string>().substr(0, 10) + ", " +
         std::to_string(machine["cores"].get<int>()) + " cores of " +
         machine["cpu"].get<std::string>() + ", " + machine["kernel"].get<std::string>() + ", " +
         machine["device"].get<std::string>() + ". Entries of 16 and 100 bytes; columns: MiB of " +
         "data.\n";
  for (const Question& question : kQuestions) {
    out += "\n| " + std::string(question.title) + " |";
    std::string rule = "|---|";
    for (const std::uint64_t size : sizes_of(result)) {
      out += " " + std::to_string(size) + " |";
      rule += "---:|";
    }
    out += "\n" + rule + "\n";
    for (const ApproachKind& kind : approach_kinds()) {
      if (!asked(result, kind.name)) continue;
      std::string title = title_of(kind);
      if (title.ends_with("*")) title.insert(title.size() - 1, "\\");
      out += "| " + title + " |";
      for (const std::uint64_t size : sizes_of(result)) {
        out += " " + cell(result, kind.name, size, question) + " |";
      }
      out += "\n";
    }
  }
  out += "\n";
  for (const std::string& line : stops(result)) out += "- " + line + ".\n";
  return out + "\n\\" + legend(result) + "\n";
}

}  // namespace nacre::bench
