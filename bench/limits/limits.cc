#include "limits/limits.h"

#include <cstdio>

#include "common/process.h"

namespace nacre::bench {

namespace {

std::string decimal(double value, int decimals) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace

Json to_json(const Limit& limit) {
  Json json;
  json["name"] = limit.name;
  if (limit.value != 0) json["value"] = limit.value;
  json["unit"] = limit.unit;
  json["what"] = limit.what;
  return json;
}

void print_limit_head() {
  std::printf("%-40s %10s %-6s %s\n", "limit", "value", "", "what one is");
}

void print_limit(const Limit& limit) {
  const int decimals = limit.value < 10 ? 2 : limit.value < 1000 ? 1 : 0;
  const std::string value = limit.value == 0 ? "-" : decimal(limit.value, decimals);
  std::printf("%-40s %10s %-6s %s\n", limit.name.c_str(), value.c_str(), limit.unit.c_str(),
              limit.what.c_str());
  std::fflush(stdout);
}

double nanos_each(double seconds, std::uint64_t count, const std::function<void()>& step) {
  step();
  const double start = wall_seconds();
  double elapsed = 0;
  std::uint64_t done = 0;
  do {
    step();
    done += count;
    elapsed = wall_seconds() - start;
  } while (elapsed < seconds);
  return elapsed / static_cast<double>(done) * 1e9;
}

}  // namespace nacre::bench
