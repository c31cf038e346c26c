#include "progress.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"
#include "output.h"

namespace nacre::tool {

namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

std::string seconds_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 100) return fmt::format("{} s", whole);
  if (whole < 100 * 60) return fmt::format("{} min", whole / 60);
  return fmt::format("{} h", whole / 3600);
}

void show(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string progress_text(std::string_view verb, std::uint64_t done,
                          std::optional<std::uint64_t> total, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const std::string speed = human_bytes(static_cast<std::uint64_t>(rate)) + "/s";
  if (!total.has_value() || *total == 0) {
    return fmt::format("{}  {}  {}", verb, human_bytes(done), speed);
  }
  const std::uint64_t left = *total > done ? *total - done : 0;
  std::string text =
      fmt::format("{}  {} of {} ({:.0f} %)  {}", verb, human_bytes(done), human_bytes(*total),
                  100.0 * static_cast<double>(*total - left) / static_cast<double>(*total), speed);
  if (rate > 0) text += "  " + seconds_text(static_cast<double>(left) / rate) + " left";
  return text;
}

Progress::Progress(std::string verb) : verb_(std::move(verb)), shown_(is_terminal(2)) {}

Progress::~Progress() {
  if (drawn_ != start_) show(kEraseLine);
}

void Progress::update(std::uint64_t done, std::optional<std::uint64_t> total) {
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  show(std::string(kEraseLine) + progress_text(verb_, done, total, seconds()));
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

}  // namespace nacre::tool
