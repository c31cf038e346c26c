// What a cursor shows, as text: see tests/data/engine/walk.txt.
//
//   write                      a new line for each of
//     put KEY VALUE | del KEY | flush | compact | snapshot NAME | drop NAME
//   cursor NAME [lower=KEY] [upper=KEY] [at=SNAPSHOT]
//                              a new cursor
//   move NAME                  a new line for each of
//     first | last | seek KEY | seek_for_prev KEY | next | prev
//                              prints where the cursor stands after each
//   scan [lower=KEY] [upper=KEY] [at=SNAPSHOT]
//                              the whole range, forward and backward
//   new                        starts again with an empty store

#include "engine/walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "env/sim_env.h"
#include "harness/datadriven.h"
#include "harness/stores.h"
#include "nacre/db.h"

namespace nacre::engine {
namespace {

using test::Command;

class WalkScript {
 public:
  WalkScript() { restart(); }

  std::string run(const Command& command) {
    if (command.name == "new") return restart();
    if (command.name == "write") return write(command);
    if (command.name == "cursor") return make_cursor(command);
    if (command.name == "move") return move(command);
    if (command.name == "scan") return scan(command);
    return "unknown command";
  }

 private:
  std::string restart() {
    cursors_.clear();
    snapshots_.clear();
    db_ = Db();
    world_ = std::make_unique<SimEnv>();
    Options options = test::tiny_options(*world_);
    options.level0_tables = 64;  // nothing moves unless the script says so
    auto opened = Db::open("/store", options);
    if (!opened.ok()) return opened.error().to_string();
    db_ = *std::move(opened);
    return "ok";
  }

  Status write_line(const std::vector<std::string>& words) {
    const std::string& what = words[0];
    if (what == "put") return db_.put(words.at(1), words.at(2));
    if (what == "del") return db_.remove(words.at(1));
    if (what == "flush") return db_.flush();
    if (what == "compact") return db_.compact();
    if (what == "drop") {
      snapshots_.erase(words.at(1));
      return {};
    }
    if (what != "snapshot") return Status::invalid("unknown write: " + what);
    auto snapshot = db_.snapshot();
    if (snapshot.ok()) snapshots_[words.at(1)] = *std::move(snapshot);
    return snapshot.status();
  }

  /// Prints the shape of the tree: "memtable, L0 2, L6 1".
  std::string write(const Command& command) {
    for (const std::string& line : command.input_lines()) {
      const Status status = write_line(test::split_words(line));
      if (!status.ok()) return line + ": " + status.to_string();
    }
    const Stats stats = db_.stats().value();
    std::string shape = "memtable";
    for (std::size_t level = 0; level < stats.levels.size(); ++level) {
      const std::uint64_t tables = stats.levels[level].tables;
      if (tables > 0) shape += ", L" + std::to_string(level) + " " + std::to_string(tables);
    }
    return shape;
  }

  static Range range_of(const Command& command) {
    Range range;
    if (command.args.contains("lower")) range.lower = command.arg("lower");
    if (command.args.contains("upper")) range.upper = command.arg("upper");
    return range;
  }
  const Snapshot* snapshot_of(const Command& command) const {
    return command.args.contains("at") ? &snapshots_.at(command.arg("at")) : nullptr;
  }

  std::string make_cursor(const Command& command) {
    auto cursor = db_.cursor({.range = range_of(command), .snapshot = snapshot_of(command)});
    if (!cursor.ok()) return cursor.error().to_string();
    cursors_.erase(command.words.at(0));
    cursors_.emplace(command.words.at(0), *std::move(cursor));
    return "ok";
  }

  static std::string place_of(const Cursor& cursor) {
    if (cursor.valid()) return std::string(cursor.key()) + "=" + std::string(cursor.value());
    return cursor.status().ok() ? "nowhere" : cursor.status().to_string();
  }

  std::string move(const Command& command) {
    Cursor& cursor = cursors_.at(command.words.at(0));
    std::string out;
    for (const std::string& line : command.input_lines()) {
      const std::vector<std::string> words = test::split_words(line);
      if (words[0] == "first") {
        cursor.first();
      } else if (words[0] == "last") {
        cursor.last();
      } else if (words[0] == "seek") {
        cursor.seek(words.at(1));
      } else if (words[0] == "seek_for_prev") {
        cursor.seek_for_prev(words.at(1));
      } else if (!cursor.valid()) {
        return out + line + ": the cursor stands nowhere";
      } else if (words[0] == "next") {
        cursor.next();
      } else {
        cursor.prev();
      }
      out += line + ": " + place_of(cursor) + "\n";
    }
    return out;
  }

  std::string scan(const Command& command) {
    std::string out;
    for (const bool reverse : {false, true}) {
      Scan scan = db_.scan(
          {.range = range_of(command), .reverse = reverse, .snapshot = snapshot_of(command)});
      out += reverse ? "backward:" : "forward:";
      for (const auto& [key, value] : scan) {
        out += " " + std::string(key) + "=" + std::string(value);
      }
      out += scan.status().ok() ? "\n" : " " + scan.status().to_string() + "\n";
    }
    return out;
  }

  std::unique_ptr<SimEnv> world_;
  Db db_;
  std::map<std::string, Snapshot> snapshots_;
  std::map<std::string, Cursor> cursors_;
};

TEST(WalkTest, Script) {
  WalkScript script;
  test::run_datadriven("engine/walk.txt",
                       [&](const Command& command) { return script.run(command); });
}

}  // namespace
}  // namespace nacre::engine
