#include "engine/merge_parts.h"

#include <algorithm>
#include <cstdint>

#include "table/table_reader.h"

namespace nacre::engine {

namespace {

/// So many places of a table are looked at: a part is off by a few hundredths of a table at most.
constexpr std::uint32_t kSamples = 64;

struct Sample {
  std::string key;
  std::uint64_t bytes;  // of its table, from the sample before on
};

void sample(const TableIndex& index, std::vector<Sample>& out) {
  const std::uint32_t step = (index.count() + kSamples - 1) / kSamples;
  std::uint64_t from = 0;
  for (std::uint32_t block = step - 1; block < index.count(); block += step) {
    const std::uint64_t end = index.offset(block + 1);
    out.push_back({std::string(index.prefix()), end - from});
    out.back().key += index.separator_suffix(block);
    from = end;
  }
}

}  // namespace

std::vector<std::string> cut_keys(const Plan& plan, std::size_t parts) {
  std::vector<std::string> cuts;
  if (parts <= 1) return cuts;
  std::vector<Sample> samples;
  for (const PlanInput& input : plan.inputs) {
    for (const TablePtr& table : input.tables) sample(table->reader()->stored().index, samples);
  }
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return a.key < b.key; });
  std::uint64_t total = 0;
  for (const Sample& each : samples) total += each.bytes;
  std::uint64_t passed = 0;
  for (Sample& each : samples) {
    passed += each.bytes;
    if (cuts.size() + 1 == parts) break;
    if (passed * parts < total * (cuts.size() + 1)) continue;
    if (cuts.empty() || cuts.back() < each.key) cuts.push_back(std::move(each.key));
  }
  return cuts;
}

}  // namespace nacre::engine
