#include "lsm/picker.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "harness/datadriven.h"
#include "lsm/lsm_test_text.h"

namespace nacre {
namespace {

/// The trees of picker.txt: tables as in lsm_test_text.h, then figures after commas, each optional:
///
///   12:[a..c]@5-9,64M,50%,t7     64 MiB (the default), half of 1,000 entries are deletes, made at
///   7
struct Bench {
  Bench() { input.options.l0_trigger = 4; }
  VersionPtr version = Version::empty();
  PickerInput input;
  std::optional<Plan> last;
};

std::uint64_t size_from_text(const std::string& text) {
  const std::uint64_t number = std::stoull(text);
  const char unit = text.back();
  return unit == 'G'   ? number << 30
         : unit == 'M' ? number << 20
         : unit == 'K' ? number << 10
                       : number;
}

TableMeta table_with_figures(const std::string& text) {
  TableMeta meta = test::table_from_text(text.substr(0, text.find(',')));
  meta.bytes = 64 << 20;
  meta.entries = 1000;
  meta.deletes = 0;
  for (std::size_t at = text.find(','); at != std::string::npos; at = text.find(',', at + 1)) {
    const std::string figure = text.substr(at + 1, text.find(',', at + 1) - at - 1);
    if (figure.back() == '%') {
      meta.deletes = std::stoull(figure) * 10;
    } else if (figure[0] == 't') {
      meta.created_micros = std::stoull(figure.substr(1));
    } else {
      meta.bytes = size_from_text(figure);
    }
  }
  return meta;
}

std::string tree(Bench& bench, const test::Command& command) {
  Edit edit;
  for (const std::string& line : command.input_lines()) {
    const std::vector<std::string> words = test::split_words(line);
    const int level = std::stoi(words.at(0).substr(1));
    for (std::size_t i = 1; i < words.size(); ++i) {
      edit.added.push_back({level, table_with_figures(words[i])});
    }
  }
  auto version = Version::empty()->next(edit, nullptr);
  if (!version.ok()) return version.error().to_string();
  bench = Bench();
  bench.version = version.value();
  bench.input.oldest_snapshot = bench.version->max_seq();
  return "L0 " + std::to_string(bench.version->table_count(0)) + " tables of " +
         human_bytes(bench.version->bytes(0)) + ", all " + human_bytes(bench.version->bytes());
}

std::string show(Bench& bench, std::optional<Plan> plan) {
  bench.last = std::move(plan);
  return bench.last.has_value() ? render(*bench.last) : "nothing";
}

std::string sizes(const Bench& bench) {
  const LevelSizes sizes = level_sizes(*bench.version, bench.input.options);
  std::string text = "base L" + std::to_string(sizes.base) + ":";
  for (int level = sizes.base; level < kLevelCount; ++level) {
    text += " " + human_bytes(sizes.target[level]);
  }
  return text + "; debt " + human_bytes(debt_bytes(*bench.version, bench.input.options));
}

std::string handle(Bench& bench, const test::Command& command) {
  if (command.name == "tree") return tree(bench, command);
  if (command.name == "sizes") return sizes(bench);
  if (command.args.contains("oldest")) {
    bench.input.oldest_snapshot = std::stoull(command.arg("oldest"));
  }
  if (command.args.contains("now")) bench.input.now_micros = std::stoull(command.arg("now"));
  if (command.name == "pick") {
    bench.input.idle = command.args.contains("idle");
    bench.input.paid_by_walks =
        command.args.contains("paid") ? std::stoull(command.arg("paid")) << 20 : 0;
    return show(bench, pick(*bench.version, bench.input));
  }
  if (command.name == "range") {
    const std::string upper = command.arg("upper");
    std::optional<std::string_view> bound;
    if (!upper.empty()) bound = upper;
    return show(bench, pick_range(*bench.version, command.arg("lower"), bound, bench.input));
  }
  if (command.name == "begin") {  // the last plan
    if (!bench.last.has_value()) return "there is no plan";
    bench.input.running.push_back(running(*bench.last));
    return std::to_string(bench.input.running.size()) + " running";
  }
  if (command.name == "writes") {  // somebody else will put tables there
    bench.input.running.push_back({.inputs = {},
                                   .input_level = 0,
                                   .output_level = std::stoi(command.arg("level")),
                                   .smallest = command.arg("lower"),
                                   .largest = command.arg("upper")});
    return std::to_string(bench.input.running.size()) + " running";
  }
  return "unknown command " + command.name;
}

TEST(Picker, Text) {
  Bench bench;
  test::run_datadriven("lsm/picker.txt",
                       [&](const test::Command& command) { return handle(bench, command); });
}

}  // namespace
}  // namespace nacre
