#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace nacre {

namespace {
constexpr auto kRelaxed = std::memory_order_relaxed;
}  // namespace

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const std::uint64_t more = other.buckets_[i].load(kRelaxed);
    if (more != 0) buckets_[i].fetch_add(more, kRelaxed);
  }
  count_.fetch_add(other.count(), kRelaxed);
  sum_.fetch_add(other.sum(), kRelaxed);
  raise_max(other.max());
}

void Histogram::clear() {
  for (auto& bucket : buckets_) bucket.store(0, kRelaxed);
  count_.store(0, kRelaxed);
  sum_.store(0, kRelaxed);
  max_.store(0, kRelaxed);
}

double Histogram::mean() const {
  const std::uint64_t values = count();
  return values == 0 ? 0 : static_cast<double>(sum()) / static_cast<double>(values);
}

std::uint64_t Histogram::percentile(double percent) const {
  // The buckets are summed here instead of trusting count_, which may be ahead of them.
  std::uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(kRelaxed);
  if (total == 0) return 0;
  if (percent >= 100) return max();
  const double share = std::max(percent, 0.0) / 100 * static_cast<double>(total);
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i].load(kRelaxed);
    if (seen >= wanted) return std::min(middle_of(i), max());
  }
  return max();
}

std::string Histogram::render_nanos() const {
  std::string text = "count " + std::to_string(count());
  const auto part = [&](const char* name, std::uint64_t nanos) {
    text += " " + std::string(name) + " " + human_nanos(nanos);
  };
  part("mean", static_cast<std::uint64_t>(mean()));
  part("p50", percentile(50));
  part("p90", percentile(90));
  part("p99", percentile(99));
  part("p99.9", percentile(99.9));
  part("max", max());
  return text;
}

std::uint64_t Histogram::middle_of(std::size_t bucket) {
  if (bucket < 2 * kSteps) return bucket;  // one value each
  const auto shift = static_cast<int>(bucket / kSteps) - 1;
  const std::uint64_t low = (kSteps + bucket % kSteps) << shift;
  return low + (std::uint64_t{1} << shift) / 2;
}

void Histogram::raise_max(std::uint64_t value) {
  std::uint64_t seen = max_.load(kRelaxed);
  while (seen < value && !max_.compare_exchange_weak(seen, value, kRelaxed)) {
  }
}

}  // namespace nacre
