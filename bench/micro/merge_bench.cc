// merge_bench.cc - what an entry of a merge costs, by how many runs there are and how they
// interleave.
//
// The runs are arrays of entries in memory, so that the cost is that of the loser tree and not of
// blocks. One array alone is the cost of the walk itself.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "key/merging_cursor.h"
#include "micro/kernel.h"

namespace nacre {
namespace {

constexpr std::uint64_t kEntries = 200'000;

using Run = std::vector<std::string>;

class RunCursor final : public EntryCursor {
 public:
  explicit RunCursor(const Run& run) : run_(run) {}
  void first() override { stand_on(0); }
  void last() override { stand_on(run_.size() - 1); }
  void seek(std::string_view key, Trailer) override {
    stand_on(
        static_cast<std::size_t>(std::lower_bound(run_.begin(), run_.end(), key) - run_.begin()));
  }
  void seek_before(std::string_view key, Trailer trailer) override {
    seek(key, trailer);
    prev();
  }
  void next() override { stand_on(at_ + 1); }
  void prev() override { stand_on(at_ - 1); }

 private:
  void stand_on(std::size_t i) {
    at_ = i;
    valid_ = i < run_.size();
    if (valid_) entry_ = {run_[i], make_trailer(i + 1, Kind::kPut), {}};
  }
  const Run& run_;
  std::size_t at_ = 0;
};

/// `stretch` entries in a row go to one run, then another one is drawn.
std::vector<Run> make_runs(std::uint64_t count, std::uint64_t stretch) {
  std::vector<Run> runs(count);
  Random random(9);
  std::uint64_t run = 0;
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    if (i % stretch == 0) run = random.below(count);
    std::string digits = std::to_string(i * 7001);
    digits.insert(0, 16 - digits.size(), '0');
    runs[run].push_back(digits);
  }
  return runs;
}

void merge(benchmark::State& state, std::uint64_t count, std::uint64_t stretch, bool forward) {
  const std::vector<Run> runs = make_runs(count, stretch);
  std::uint64_t seen = 0;
  for (auto _ : state) {
    std::vector<std::unique_ptr<EntryCursor>> children;
    for (const Run& run : runs) children.push_back(std::make_unique<RunCursor>(run));
    const auto merged = make_merging_cursor(std::move(children));
    for (forward ? merged->first() : merged->last(); merged->valid();
         forward ? merged->next() : merged->prev()) {
      seen += merged->entry().key.size();
    }
  }
  if (seen != state.iterations() * kEntries * 16) return state.SkipWithError("entries are lost");
  one_is(state,
         "a step over " + std::to_string(count) + " runs that change every " +
             (stretch == 1 ? "entry" : std::to_string(stretch) + " entries"),
         kEntries);
}

void register_all() {
  const auto add = [](const std::string& name, std::uint64_t count, std::uint64_t stretch,
                      bool forward) {
    kernel("merge/" + name + "/" + std::to_string(count),
           [=](benchmark::State& state) { merge(state, count, stretch, forward); });
  };
  for (const std::uint64_t count : {1u, 2u, 4u, 8u}) {
    add("random", count, 1, true);
    if (count == 1) continue;
    add("stretches", count, 32, true);
  }
  add("reverse", 4, 1, false);
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace nacre
