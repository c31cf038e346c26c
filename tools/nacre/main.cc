// The command line of `nacre`: what each command accepts. What they do is in the other files.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <sstream>

#include "commands.h"
#include "help.h"
#include "nacre/c.h"

namespace nacre::tool {

namespace {

const std::map<std::string, ByteFormat> kByteFormats = {
    {"text", ByteFormat::kText}, {"hex", ByteFormat::kHex}, {"base64", ByteFormat::kBase64}};
const std::map<std::string, ByteFormat> kByteFormatsAndRaw = {{"text", ByteFormat::kText},
                                                              {"hex", ByteFormat::kHex},
                                                              {"base64", ByteFormat::kBase64},
                                                              {"raw", ByteFormat::kRaw}};
const std::map<std::string, Report> kReports = {{"text", Report::kText}, {"json", Report::kJson}};
const std::map<std::string, TextKind> kDumpKinds = {{"tsv", TextKind::kTsv},
                                                    {"jsonl", TextKind::kJsonLines}};
const std::map<std::string, TextKind> kLoadKinds = {
    {"tsv", TextKind::kTsv}, {"jsonl", TextKind::kJsonLines}, {"control", TextKind::kControl}};

constexpr char kAllBenchmarks[] =
    "fillseq,fillrandom,overwrite,readrandom,readmissing,readseq,readreverse,seekrandom,"
    "multireadrandom,readwhilewriting,deleterandom";

/// --help as we want it: the first line of each command in the list, and options without the
/// library's own remarks.
class Help : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* command) const override {
    const std::string about = command->get_description();
    std::stringstream out;
    CLI::detail::format_help(out, command->get_name(), about.substr(0, about.find('\n')),
                             get_column_width());
    return out.str();
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : " " + type;
  }
};

/// An option whose value is one of a few words.
template <typename Choice, typename Target>
void add_choice(CLI::App& command, const std::string& name, Target& target,
                const std::map<std::string, Choice>& choices, const std::string& about) {
  std::string words;
  for (const auto& [word, choice] : choices) words += (words.empty() ? "" : ", ") + word;
  command
      .add_option_function<std::string>(
          name, [&target, &choices](const std::string& word) { target = choices.at(word); },
          about + ": " + words)
      ->check([&choices, words](const std::string& word) {
        return choices.contains(word) ? std::string() : "'" + word + "' is none of " + words;
      })
      ->type_name("FORMAT");
}

/// The commands, each with its arguments and what to run when it was chosen.
class CommandLine {
 public:
  CommandLine() : app_(help::kApp, "nacre") {
    app_.formatter(std::make_shared<Help>());
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string("nacre ") + nacre_version());
    app_.footer(help::kAppFooter);
    add_data_commands();
    add_range_commands();
    add_text_commands();
    add_inspect_commands();
    add_bench();
    add_destroy();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& wanted) {  // --help, --version
      return app_.exit(wanted);
    } catch (const CLI::ParseError& error) {
      std::string name = "nacre";
      for (const CLI::App* command : app_.get_subcommands()) name += " " + command->get_name();
      std::string what = error.what();
      if (name == "nacre" && argc > 1 && argv[1][0] != '-') {
        what = std::string("no command is called '") + argv[1] + "'";
      }
      std::fprintf(stderr, "%s: %s\n  -> see `%s --help`\n", name.c_str(), what.c_str(),
                   name.c_str());
      return kUsage;
    }
    return chosen_();
  }

 private:
  template <typename Args>
  CLI::App& add(const std::string& name, const char* about, const char* footer, Args& args,
                int (*work)(const Args&)) {
    CLI::App& command = *app_.add_subcommand(name, about);
    command.footer(footer);
    command.add_option("DIR", args.store.dir, "directory of the store")->required()->type_name("");
    command.add_option("--option", args.store.options, "set an option of the store, as name=value")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    command.callback([this, &args, work] { chosen_ = [&args, work] { return work(args); }; });
    return command;
  }

  static void add_durability(CLI::App& command, StoreArgs& store) {
    command.add_option("--durability", store.durability, "of each write: disk, os, memory")
        ->check(CLI::IsMember({"disk", "os", "memory"}).description(""))
        ->type_name("LEVEL");
  }
  static void add_range(CLI::App& command, RangeArgs& range) {
    command.add_option("--prefix", range.prefix, "only keys that begin with this")
        ->type_name("KEY");
    command.add_option("--from", range.from, "only keys from this one on")->type_name("KEY");
    command.add_option("--to", range.to, "only keys before this one")->type_name("KEY");
  }
  static void add_key_format(CLI::App& command, ByteFormat& format) {
    add_choice(command, "--key-format", format, kByteFormats, "how keys are written");
  }
  static void add_value_format(CLI::App& command, ByteFormat& format) {
    add_choice(command, "--value-format", format, kByteFormats, "how values are written");
  }
  static void add_report(CLI::App& command, Report& format) {
    add_choice(command, "--format", format, kReports, "for people or for programs");
  }

  void add_data_commands() {
    CLI::App& put = add("put", help::kPut, help::kPutFooter, put_, run_put);
    put.add_option("KEY", put_.key, "the key")->required()->type_name("");
    CLI::Option* value = put.add_option("VALUE", put_.value, "the value")->type_name("");
    CLI::Option* file = put.add_option("--value-file", put_.value_file,
                                       "take the bytes of this file; - is standard input");
    file->type_name("FILE")->excludes(value);
    add_key_format(put, put_.key_format);
    add_value_format(put, put_.value_format);
    add_durability(put, put_.store);

    CLI::App& get = add("get", help::kGet, help::kGetFooter, get_, run_get);
    get.add_option("KEY", get_.key, "the key")->required()->type_name("");
    add_key_format(get, get_.key_format);
    add_choice(get, "--value-format", get_.value_format, kByteFormatsAndRaw,
               "how the value is written");
    add_report(get, get_.format);

    CLI::App& remove = add("delete", help::kDelete, help::kDeleteFooter, delete_, run_delete);
    remove.add_option("KEY", delete_.key, "the key")->required()->type_name("");
    add_key_format(remove, delete_.key_format);
    add_durability(remove, delete_.store);
  }

  void add_range_commands() {
    CLI::App& scan = add("scan", help::kScan, help::kScanFooter, scan_, run_scan);
    add_range(scan, scan_.range);
    scan.add_flag("--reverse", scan_.reverse, "from the last key to the first");
    scan.add_flag("--keys-only", scan_.keys_only, "without values");
    scan.add_option("--limit", scan_.limit, "at most this many")->type_name("N");
    add_key_format(scan, scan_.key_format);
    add_value_format(scan, scan_.value_format);
    add_report(scan, scan_.format);

    CLI::App& count = add("count", help::kCount, help::kCountFooter, count_, run_count);
    add_range(count, count_.range);
    add_key_format(count, count_.key_format);
    add_report(count, count_.format);

    CLI::App& compact = add("compact", help::kCompact, help::kCompactFooter, compact_, run_compact);
    add_range(compact, compact_.range);
    add_key_format(compact, compact_.key_format);
  }

  void add_text_commands() {
    CLI::App& load = add("load", help::kLoad, help::kLoadFooter, load_, run_load);
    load.add_option("FILE", load_.file, "the input; - or nothing is standard input")->type_name("");
    add_choice(load, "--format", load_.kind, kLoadKinds, "of the input");
    add_key_format(load, load_.settings.key_format);
    add_value_format(load, load_.settings.value_format);
    load.add_option("--key-field", load_.settings.key_field,
                    "the field (control) or member (jsonl) that is the key")
        ->type_name("NAME");
    load.add_option("--key-prefix", load_.key_prefix, "put this before every key")
        ->type_name("KEY");
    load.add_option("--batch", load_.batch, "entries of one write (1000)")
        ->check(CLI::Range(1U, 1'000'000U).description(""))
        ->type_name("N");
    load.add_flag("--ack", load_.ack, "print each key once its write has returned");
    add_durability(load, load_.store);

    CLI::App& dump = add("dump", help::kDump, help::kDumpFooter, dump_, run_dump);
    add_choice(dump, "--format", dump_.kind, kDumpKinds, "of the output");
    dump.add_option("--output", dump_.output, "a file instead of standard output")
        ->type_name("FILE");
    add_range(dump, dump_.range);
    add_key_format(dump, dump_.key_format);
    add_value_format(dump, dump_.value_format);
  }

  void add_inspect_commands() {
    CLI::App& stats = add("stats", help::kStats, help::kStatsFooter, stats_, run_stats);
    add_report(stats, stats_.format);
    CLI::App& levels = add("levels", help::kLevels, help::kLevelsFooter, levels_, run_levels);
    levels.add_flag("--all", levels_.all, "show every table, not the first 20 of a level");
    add_report(levels, levels_.format);
    CLI::App& verify = add("verify", help::kVerify, help::kVerifyFooter, verify_, run_verify);
    add_report(verify, verify_.format);
  }

  template <typename Number>
  static void add_number(CLI::App& command, const std::string& name, Number& number, Number low,
                         Number high, const std::string& about) {
    command.add_option(name, number, about + " (" + std::to_string(number) + ")")
        ->check(CLI::Range(low, high).description(""))
        ->type_name("N");
  }

  void add_bench() {
    bench_.benchmarks = kAllBenchmarks;
    CLI::App& bench = add("bench", help::kBench, help::kBenchFooter, bench_, run_bench);
    bench.add_option("--benchmarks", bench_.benchmarks, "which, with commas")->type_name("NAMES");
    const std::uint64_t many = 1'000'000'000'000;
    add_number<std::uint64_t>(bench, "--num", bench_.num, 1, many, "entries");
    bench.add_option("--reads", bench_.reads, "reads of a benchmark (as --num)")
        ->check(CLI::Range(std::uint64_t{1}, many).description(""))
        ->type_name("N");
    add_number<std::uint32_t>(bench, "--key-bytes", bench_.key_bytes, 1, 1 << 16, "of a key");
    add_number<std::uint32_t>(bench, "--value-bytes", bench_.value_bytes, 0, 1 << 30, "of a value");
    add_number<std::uint32_t>(bench, "--threads", bench_.threads, 1, 1024, "that share the work");
    add_number<std::uint32_t>(bench, "--batch", bench_.batch, 1, 1'000'000, "entries of one write");
    add_number<std::uint32_t>(bench, "--multi", bench_.multi, 1, 65536,
                              "keys of one multireadrandom call");
    bench.add_option("--seed", bench_.seed, "of keys and values (42)")->type_name("N");
    bench.add_flag("--existing", bench_.existing, "run on the store that is there, and keep it");
    bench.add_flag("--keep", bench_.keep, "don't remove the store at the end");
    add_durability(bench, bench_.store);
    add_report(bench, bench_.format);
  }

  void add_destroy() {
    CLI::App& destroy = add("destroy", help::kDestroy, help::kDestroyFooter, destroy_, run_destroy);
    destroy.add_flag("--yes", destroy_.yes, "don't ask");
  }

  CLI::App app_;
  std::function<int()> chosen_;
  PutArgs put_;
  GetArgs get_;
  DeleteArgs delete_;
  ScanArgs scan_;
  CountArgs count_;
  CompactArgs compact_;
  LoadArgs load_;
  DumpArgs dump_;
  InspectArgs stats_;
  InspectArgs levels_;
  InspectArgs verify_;
  BenchArgs bench_;
  DestroyArgs destroy_;
};

}  // namespace

}  // namespace nacre::tool

int main(int argc, char** argv) { return nacre::tool::CommandLine().run(argc, argv); }
