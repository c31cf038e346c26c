#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/text.h"

namespace nacre {

namespace {
constexpr auto kRelaxed = std::memory_order_relaxed;
}  // namespace

Histogram::~Histogram() {
  for (auto& row : rows_) delete row.load(kRelaxed);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kRows; ++i) {
    const Row* const theirs = other.row_at(i);
    if (theirs == nullptr) continue;
    Row& ours = make_row(i);
    for (std::size_t bucket = 0; bucket < kSteps; ++bucket) {
      ours[bucket].fetch_add((*theirs)[bucket].load(kRelaxed), kRelaxed);
    }
  }
  count_.fetch_add(other.count(), kRelaxed);
  sum_.fetch_add(other.sum(), kRelaxed);
  raise_max(other.max());
}

void Histogram::clear() {
  // The rows stay: a record() beside this may be about to add to one.
  for (const auto& row : rows_) {
    Row* const made = row.load(std::memory_order_acquire);
    if (made == nullptr) continue;
    for (auto& bucket : *made) bucket.store(0, kRelaxed);
  }
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
  for (std::size_t i = 0; i < kRows; ++i) {
    if (const Row* const made = row_at(i); made != nullptr) {
      for (const auto& bucket : *made) total += bucket.load(kRelaxed);
    }
  }
  if (total == 0) return 0;
  if (percent >= 100) return max();
  const double share = std::max(percent, 0.0) / 100 * static_cast<double>(total);
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kRows; ++i) {
    const Row* const made = row_at(i);
    if (made == nullptr) continue;
    for (std::size_t bucket = 0; bucket < kSteps; ++bucket) {
      seen += (*made)[bucket].load(kRelaxed);
      if (seen >= wanted) return std::min(middle_of({i, bucket}), max());
    }
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

std::uint64_t Histogram::middle_of(Place place) {
  if (place.row == 0) return place.bucket;  // one value each
  const std::size_t shift = place.row - 1;
  const std::uint64_t low = (kSteps + place.bucket) << shift;
  return low + (std::uint64_t{1} << shift) / 2;
}

Histogram::Row& Histogram::make_row(std::size_t index) {
  Row* there = rows_[index].load(std::memory_order_acquire);
  if (there != nullptr) return *there;
  auto made = std::make_unique<Row>();  // of zeros
  if (rows_[index].compare_exchange_strong(there, made.get(), std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *there;
}

void Histogram::raise_max(std::uint64_t value) {
  std::uint64_t seen = max_.load(kRelaxed);
  while (seen < value && !max_.compare_exchange_weak(seen, value, kRelaxed)) {
  }
}

}  // namespace nacre
