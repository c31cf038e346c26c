#include "scale/growth.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <vector>

#include "base/random.h"
#include "common/process.h"
#include "compare/store.h"
#include "compare/values.h"
#include "scale/growing_keys.h"

namespace nacre::bench {

namespace {

constexpr double kMib = 1 << 20;
constexpr std::uint64_t kScanMax = 5'000'000;

double rounded(double value) { return static_cast<double>(std::llround(value * 1e4)) / 1e4; }

/// 1, 2, 5, 10, ... million, and `max` itself as the last.
std::vector<std::uint64_t> steps(std::uint64_t max) {
  std::vector<std::uint64_t> steps;
  for (std::uint64_t decade = 1'000'000; decade < max; decade *= 10) {
    for (const std::uint64_t factor : {1, 2, 5}) {
      if (decade * factor < max) steps.push_back(decade * factor);
    }
  }
  steps.push_back(max);
  return steps;
}

class Growth {
 public:
  Growth(std::string engine, const GrowthSettings& settings)
      : engine_(std::move(engine)), settings_(settings), values_(settings.value_bytes) {
    std::filesystem::remove_all(settings_.dir);
    std::filesystem::create_directories(std::filesystem::path(settings_.dir).parent_path());
    open();
  }

  Json rows() {
    Json rows = Json::array();
    for (const std::uint64_t entries : steps(settings_.max)) {
      row_ = Json();
      row_["engine"] = engine_;
      row_["entries"] = entries;
      begin_peak();
      fill_to(entries);
      read();
      row_["peak_mib"] = rounded(static_cast<double>(peak_memory_bytes()) / kMib);
      sizes();
      close_and_open();
      rows.push_back(row_);
    }
    return rows;
  }

 private:
  void open() {
    StoreSettings settings;
    settings.dir = settings_.dir;
    settings.memory_bytes = settings_.memory_mib << 20;
    settings.memtable_bytes = settings_.memtable_mib << 20;
    store_ = open_store(engine_, settings);
  }

  void show(const std::string& what) {
    progress_.show(engine_ + ", " + std::to_string(row_["entries"].get<std::uint64_t>()) +
                   " entries: " + what);
  }

  /// The peak that the system keeps for this process begins anew, where the system can do that.
  static void begin_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

  void fill_to(std::uint64_t entries) {
    const auto puts = static_cast<double>(entries - filled_);
    const ProcessUse start = process_use();
    for (; filled_ < entries; ++filled_) {
      store_->put(keys_.present(filled_), values_.of(filled_, 0));
      if (filled_ % 100'000 == 0) show("fill, " + std::to_string(filled_));
    }
    const ProcessUse fill = process_use() - start;
    show("settle");
    store_->settle();
    const ProcessUse settled = process_use() - start;
    settle_device();
    row_["fill_us"] = rounded(fill.wall / puts * 1e6);
    row_["fill_cpu_us"] = rounded(settled.cpu / puts * 1e6);
    row_["settle_s"] = rounded(settled.wall - fill.wall);
  }

  void read() {
    const std::uint64_t scanned = std::min(filled_, kScanMax);
    // Before the first key, which begins with a digit; LMDB knows no empty key.
    const auto scan = [&] { store_->seek("0", static_cast<int>(scanned)); };
    measure("first_scan", scanned, scan);
    measure("scan", scanned, scan);
    // Once unmeasured: a cache that has just been filled by compactions is no lasting state.
    show("reads");
    gets(/*there=*/true);
    measure("hit", settings_.reads, [&] { gets(true); });
    measure("miss", settings_.reads, [&] { gets(false); });
    measure("seek10", settings_.reads, [&] {
      for (std::uint64_t i = 0; i < settings_.reads; ++i) {
        if (store_->seek(keys_.present(random_.below(filled_)), 10) == 0)
          fail("a seek saw nothing");
      }
    });
  }

  void gets(bool there) {
    for (std::uint64_t i = 0; i < settings_.reads; ++i) {
      const std::uint64_t number = random_.below(filled_);
      const std::string_view key = there ? keys_.present(number) : keys_.absent(number);
      if (store_->get(key, value_) != there) {
        fail(engine_ + ": key " + std::string(key) + (there ? " is lost" : " was never put"));
      }
      if (there && i % 1024 == 0 && value_ != values_.of(number, 0)) fail("a value is wrong");
    }
  }

  void measure(const std::string& name, std::uint64_t operations,
               const std::function<void()>& body) {
    show(name);
    const ProcessUse start = process_use();
    body();
    const ProcessUse use = process_use() - start;
    const auto count = static_cast<double>(operations);
    row_[name + "_us"] = rounded(use.wall / count * 1e6);
    row_[name + "_cpu_us"] = rounded(use.cpu / count * 1e6);
    row_["read_per_" + name] = rounded(use.bytes_read / count);
  }

  void sizes() {
    const double user =
        static_cast<double>(filled_) * static_cast<double>(16 + settings_.value_bytes);
    const auto disk = static_cast<double>(directory_bytes(settings_.dir));
    row_["disk_mib"] = rounded(disk / kMib);
    row_["disk_per_byte"] = rounded(disk / user);
    row_["write_amplification"] =
        rounded((process_use().bytes_written - begin_.bytes_written) / user);
  }

  void close_and_open() {
    const double start = wall_seconds();
    store_.reset();
    const double closed = wall_seconds();
    open();
    const double opened = wall_seconds();
    if (!store_->get(keys_.present(filled_ / 2), value_)) fail("a key is lost");
    const double got = wall_seconds();
    row_["close_ms"] = rounded((closed - start) * 1e3);
    row_["open_ms"] = rounded((opened - closed) * 1e3);
    row_["first_get_ms"] = rounded((got - opened) * 1e3);
  }

  const std::string engine_;
  const GrowthSettings settings_;
  const ProcessUse begin_ = process_use();
  GrowingKeys keys_;
  Values values_;
  Random random_{11};
  std::string value_;
  std::uint64_t filled_ = 0;
  std::unique_ptr<Store> store_;
  Progress progress_;
  Json row_;
};

}  // namespace

std::uint64_t growth_max() { return GrowingKeys::kMax; }

Json grow(const std::string& engine, const GrowthSettings& settings) {
  return Growth(engine, settings).rows();
}

}  // namespace nacre::bench
