// commands.h - the commands of `nacre`: what each is told and the function that does it.
//
// main.cc fills these from the command line. Each run_ function does the whole of its command,
// prints its errors and returns the exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "codec.h"
#include "reader.h"
#include "store.h"

namespace nacre::tool {

enum class Report : std::uint8_t { kText, kJson };

struct PutArgs {
  StoreArgs store;
  std::string key;
  std::optional<std::string> value;
  std::string value_file;  // when there is no value; "-" is standard input
  ByteFormat key_format = ByteFormat::kText;
  ByteFormat value_format = ByteFormat::kText;
};

struct GetArgs {
  StoreArgs store;
  std::string key;
  ByteFormat key_format = ByteFormat::kText;
  ByteFormat value_format = ByteFormat::kText;
  Report format = Report::kText;
};

struct DeleteArgs {
  StoreArgs store;
  std::string key;
  ByteFormat key_format = ByteFormat::kText;
};

struct ScanArgs {
  StoreArgs store;
  RangeArgs range;
  bool reverse = false;
  bool keys_only = false;
  std::optional<std::uint64_t> limit;
  ByteFormat key_format = ByteFormat::kText;
  ByteFormat value_format = ByteFormat::kText;
  Report format = Report::kText;
};

struct CountArgs {
  StoreArgs store;
  RangeArgs range;
  ByteFormat key_format = ByteFormat::kText;
  Report format = Report::kText;
};

struct CompactArgs {
  StoreArgs store;
  RangeArgs range;
  ByteFormat key_format = ByteFormat::kText;
};

struct DestroyArgs {
  StoreArgs store;
  bool yes = false;
};

struct LoadArgs {
  StoreArgs store;
  std::string file = "-";
  std::optional<TextKind> kind;  // unset: by the end of the file's name
  ReaderSettings settings;
  std::string key_prefix;  // in the key format
  std::uint32_t batch = 1000;
  bool ack = false;
};

struct DumpArgs {
  StoreArgs store;
  RangeArgs range;
  std::string output = "-";
  TextKind kind = TextKind::kTsv;
  ByteFormat key_format = ByteFormat::kText;
  ByteFormat value_format = ByteFormat::kText;
};

struct InspectArgs {
  StoreArgs store;
  Report format = Report::kText;
  bool all = false;  // levels: every table, however many there are
};

struct BenchArgs {
  StoreArgs store;
  std::string benchmarks;
  std::uint64_t num = 1'000'000;
  std::uint64_t reads = 0;  // 0: as num
  std::uint32_t key_bytes = 16;
  std::uint32_t value_bytes = 100;
  std::uint32_t threads = 1;
  std::uint32_t batch = 1;
  std::uint32_t multi = 32;
  std::uint64_t seed = 42;
  bool existing = false;
  bool keep = false;
  Report format = Report::kText;
};

int run_put(const PutArgs& args);
int run_get(const GetArgs& args);
int run_delete(const DeleteArgs& args);
int run_scan(const ScanArgs& args);
int run_count(const CountArgs& args);
int run_compact(const CompactArgs& args);
int run_destroy(const DestroyArgs& args);
int run_load(const LoadArgs& args);
int run_dump(const DumpArgs& args);
int run_stats(const InspectArgs& args);
int run_levels(const InspectArgs& args);
int run_verify(const InspectArgs& args);
int run_bench(const BenchArgs& args);

}  // namespace nacre::tool
