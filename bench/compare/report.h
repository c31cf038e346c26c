// report.h - the rows of all rounds, brought together: medians, ratios, a table, a page.
//
// The result file has one row per set, work and engine (compare/measure.h tells its members), each
// figure the median over the rounds, and "rounds": the value of each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/machine.h"

namespace nacre::bench {

class Report {
 public:
  explicit Report(std::vector<std::string> engines) : engines_(std::move(engines)) {}

  /// The rows of one case of one engine in one round.
  void add(const std::string& set, const std::string& engine, const Json& rows);
  /// Told in the page: what did not run, and why.
  void note(const std::string& text) { notes_.push_back(text); }

  /// The "results" and "notes" of the result file.
  Json results() const;
  Json notes() const { return notes_; }
  /// For a terminal.
  std::string text() const;
  /// docs/benchmarks/compare.md; `head` is the result file without its results.
  std::string page(const Json& head) const;

 private:
  struct Line {  // one row of the table
    std::string set;
    std::string work;
    std::map<std::string, std::vector<Json>> rounds;  // by engine
  };

  static Json median(const std::vector<Json>& rounds);
  /// How many times better Nacre is than the peer; 0 when one of them has no figure.
  static double ratio(const Line& line, const std::string& peer);
  std::string set_table(const std::string& set) const;
  /// The members of that name of every timed row, with a slash between; "" when there is none.
  std::string detail_table(const std::string& set, const std::vector<const char*>& members) const;
  std::string budget_table() const;
  std::vector<std::string> sets() const;
  const Line* find(const std::string& set, const std::string& work) const;

  const std::vector<std::string> engines_;
  std::vector<Line> lines_;
  std::vector<std::string> notes_;
};

/// "Nacre", "RocksDB", ...
std::string title(const std::string& engine);
/// A figure with as many digits as help: 0.0312, 1.04, 12.3, 1,392.
std::string short_figure(double value);

}  // namespace nacre::bench
