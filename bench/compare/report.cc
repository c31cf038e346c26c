#include "compare/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace nacre::bench {

namespace {

double number(const Json& row, const char* name) { return row.value(name, 0.0); }

std::string padded(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

/// The value, and the processor time in brackets where there is one.
std::string cell(const Json& row) {
  std::string text = short_figure(number(row, "value"));
  if (row.contains("cpu_us")) text += " (" + short_figure(number(row, "cpu_us")) + ")";
  if (!row.value("finished", true)) text += ", not finished";
  return text;
}

}  // namespace

std::string title(const std::string& engine) {
  static const std::map<std::string, std::string> names = {
      {"nacre", "Nacre"}, {"rocksdb", "RocksDB"}, {"leveldb", "LevelDB"}, {"lmdb", "LMDB"}};
  return names.at(engine);
}

std::string short_figure(double value) {
  const int digits = value == 0 || value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  std::string figure = text;
  if (digits == 0) {
    for (std::size_t at = figure.size(); at > 3; at -= 3) figure.insert(at - 3, ",");
  }
  return figure;
}

void Report::add(const std::string& set, const std::string& engine, const Json& rows) {
  for (const Json& row : rows) {
    const std::string work = row["work"].get<std::string>();
    auto line = std::find_if(lines_.begin(), lines_.end(), [&](const Line& known) {
      return known.set == set && known.work == work;
    });
    if (line == lines_.end()) {
      lines_.push_back({.set = set, .work = work, .rounds = {}});
      line = lines_.end() - 1;
    }
    line->rounds[engine].push_back(row);
  }
}

Json Report::median(const std::vector<Json>& rounds) {
  Json result = rounds.front();
  std::vector<double> values;
  for (auto& member : result.items()) {
    if (!member.value().is_number()) continue;
    values.clear();
    for (const Json& round : rounds) values.push_back(number(round, member.key().c_str()));
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    member.value() =
        values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }
  for (const Json& round : rounds) {
    if (!round.value("finished", true)) result["finished"] = false;
  }
  return result;
}

double Report::ratio(const Line& line, const std::string& peer) {
  if (!line.rounds.contains("nacre") || !line.rounds.contains(peer)) return 0;
  const Json own = median(line.rounds.at("nacre"));
  const double mine = number(own, "value");
  const double theirs = number(median(line.rounds.at(peer)), "value");
  if (mine == 0 || theirs == 0) return 0;
  return own["better"] == "higher" ? mine / theirs : theirs / mine;
}

Json Report::results() const {
  Json results = Json::array();
  for (const Line& line : lines_) {
    for (const std::string& engine : engines_) {
      const auto found = line.rounds.find(engine);
      if (found == line.rounds.end()) continue;
      Json row = {{"set", line.set}, {"engine", engine}};
      row.update(median(found->second));
      if (engine != "nacre" && ratio(line, engine) != 0) row["ratio"] = ratio(line, engine);
      row["rounds"] = Json::array();
      for (const Json& round : found->second) row["rounds"].push_back(round["value"]);
      results.push_back(row);
    }
  }
  return results;
}

std::string Report::text() const {
  std::string text;
  for (const std::string& set : sets()) {
    text += "\n" + set + "\n" + std::string(46, ' ');
    for (const std::string& engine : engines_) text += padded(title(engine) + " (cpu)", 18);
    for (const std::string& engine : engines_) {
      if (engine != "nacre") text += padded(": " + title(engine), 11);
    }
    for (const Line& line : lines_) {
      if (line.set != set) continue;
      const std::string name =
          line.work + ", " + line.rounds.begin()->second.front()["unit"].get<std::string>();
      text += "\n" + name + std::string(name.size() < 46 ? 46 - name.size() : 1, ' ');
      for (const std::string& engine : engines_) {
        const auto found = line.rounds.find(engine);
        std::string shown = found == line.rounds.end() ? "-" : cell(median(found->second));
        if (const auto at = shown.find(", not"); at != std::string::npos)
          shown.replace(at, 14, "!");
        text += padded(shown, 18);
      }
      for (const std::string& engine : engines_) {
        if (engine == "nacre") continue;
        const double times = ratio(line, engine);
        text += padded(times == 0 ? "-" : short_figure(times) + (times < 1 ? " <" : "  "), 11);
      }
    }
    text += "\n";
  }
  text +=
      "\nMedians. Behind the colon: how many times better Nacre is than that engine; '<' marks "
      "where it is worse; '!' what did not finish in its time.\n";
  for (const std::string& note : notes_) text += "note: " + note + "\n";
  return text;
}

std::vector<std::string> Report::sets() const {
  std::vector<std::string> names;
  for (const Line& line : lines_) {
    if (std::find(names.begin(), names.end(), line.set) == names.end()) names.push_back(line.set);
  }
  return names;
}

const Report::Line* Report::find(const std::string& set, const std::string& work) const {
  for (const Line& line : lines_) {
    if (line.set == set && line.work == work) return &line;
  }
  return nullptr;
}

std::string Report::set_table(const std::string& set) const {
  std::string head = "| work | unit |";
  std::string rule = "|---|---|";
  for (const std::string& engine : engines_) {
    head += " " + title(engine) + " |";
    rule += "---:|";
  }
  for (const std::string& engine : engines_) {
    if (engine == "nacre") continue;
    head += " : " + title(engine) + " |";
    rule += "---:|";
  }
  std::string table = head + "\n" + rule + "\n";
  for (const Line& line : lines_) {
    if (line.set != set) continue;
    const Json& any = line.rounds.begin()->second.front();
    table += "| " + line.work + " | " + any["unit"].get<std::string>() +
             (any["better"] == "higher" ? ", more is better" : "") + " |";
    for (const std::string& engine : engines_) {
      const auto found = line.rounds.find(engine);
      table += " " + (found == line.rounds.end() ? "-" : cell(median(found->second))) + " |";
    }
    for (const std::string& engine : engines_) {
      if (engine == "nacre") continue;
      const double times = ratio(line, engine);
      table += times == 0  ? " - |"
               : times < 1 ? " **" + short_figure(times) + " loses** |"
                           : " " + short_figure(times) + " |";
    }
    table += "\n";
  }
  return table;
}

std::string Report::detail_table(const std::string& set,
                                 const std::vector<const char*>& members) const {
  std::string head = "| work |";
  std::string rule = "|---|";
  for (const std::string& engine : engines_) {
    head += " " + title(engine) + " |";
    rule += "---:|";
  }
  std::string table = head + "\n" + rule + "\n";
  bool any = false;
  for (const Line& line : lines_) {
    const Json& first = line.rounds.begin()->second.front();
    const bool has_all = std::all_of(members.begin(), members.end(),
                                     [&](const char* name) { return first.contains(name); });
    if (line.set != set || !has_all) continue;
    any = true;
    table += "| " + line.work + " |";
    for (const std::string& engine : engines_) {
      const auto found = line.rounds.find(engine);
      if (found == line.rounds.end()) {
        table += " - |";
        continue;
      }
      const Json row = median(found->second);
      std::string shown;
      for (const char* name : members) {
        shown += (shown.empty() ? " " : " / ") + short_figure(number(row, name));
      }
      table += shown + " |";
    }
    table += "\n";
  }
  return any ? table : "";
}

}  // namespace nacre::bench
