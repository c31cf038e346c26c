// memory.cc - what loads, copies and locked instructions cost.
#include <sys/mman.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "limits/limits.h"

namespace nacre::bench {

namespace {

constexpr std::uint64_t kLine = 64;
constexpr std::uint64_t kHugePage = 2 << 20;

std::string size_text(std::uint64_t bytes) {
  if (bytes >= std::uint64_t{1} << 30) return std::to_string(bytes >> 30) + " GiB";
  if (bytes >= 1 << 20) return std::to_string(bytes >> 20) + " MiB";
  return std::to_string(bytes >> 10) + " KiB";
}

/// Bytes of this process that lie on huge pages.
std::uint64_t huge_bytes() {
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string word; in >> word;) {
    std::uint64_t kib = 0;
    if (word == "AnonHugePages:" && in >> kib) return kib << 10;
  }
  return 0;
}

/// A ring of lines, each of which says where the next one is: the processor can't know the address
/// of a load before the load before it has come back.
class Ring {
 public:
  Ring(std::uint64_t bytes, bool huge) : lines_(bytes / kLine) {
    const std::uint64_t before = huge_bytes();
    // Whole huge pages: a smaller range could not lie on one.
    const std::uint64_t whole = (bytes + kHugePage - 1) & ~(kHugePage - 1);
    size_ = whole + kHugePage;
    mapped_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) return;
    const auto address = reinterpret_cast<std::uintptr_t>(mapped_);
    data_ = reinterpret_cast<char*>((address + kHugePage - 1) & ~(kHugePage - 1));
    const int advice = huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
    if (madvise(data_, whole, advice) != 0 && huge) return;
    // A generator of full period over a power of two: one ring through all lines, in an order that
    // no prefetcher follows, and made by writing from front to back.
    for (std::uint64_t i = 0; i < lines_; ++i) {
      const std::uint64_t next = (i * 0x5851F42D4C957F2DULL + 0x14057B7EF767814FULL) % lines_;
      *reinterpret_cast<char**>(data_ + i * kLine) = data_ + next * kLine;
    }
    ok_ = !huge || huge_bytes() - before >= bytes / 10 * 9;
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    if (mapped_ != MAP_FAILED) munmap(mapped_, size_);
  }
  bool ok() const { return ok_; }
  char* line(std::uint64_t i) const { return data_ + i % lines_ * kLine; }

 private:
  const std::uint64_t lines_;
  void* mapped_ = MAP_FAILED;
  std::uint64_t size_ = 0;  // of the mapping
  char* data_ = nullptr;
  bool ok_ = false;
};

constexpr std::uint64_t kStep = 1 << 14;  // loads between two looks at the clock

template <int kChains>
double chase(const Ring& ring, double seconds) {
  char* at[kChains];
  for (int c = 0; c < kChains; ++c) at[c] = ring.line(static_cast<std::uint64_t>(c) * 7919 * 131);
  const double nanos = nanos_each(seconds, kStep * kChains, [&] {
    for (std::uint64_t i = 0; i < kStep; ++i) {
      for (int c = 0; c < kChains; ++c) at[c] = *reinterpret_cast<char**>(at[c]);
    }
    for (int c = 0; c < kChains; ++c) asm volatile("" : "+r"(at[c]));
  });
  return nanos;
}

void loads(const LimitSettings& settings, const LimitSink& sink) {
  for (const std::uint64_t bytes : {std::uint64_t{1} << 20, std::uint64_t{32} << 20,
                                    std::uint64_t{256} << 20, std::uint64_t{2} << 30}) {
    if (bytes > settings.largest) continue;
    for (const bool huge : {false, true}) {
      const std::string where = size_text(bytes) + (huge ? ", 2 MiB pages" : ", 4 KiB pages");
      const Ring ring(bytes, huge);
      Limit one{"load, dependent, " + where, 0, "ns", "one line that waits for the line before"};
      Limit eight{"load, 8 chains, " + where, 0, "ns", "one line, eight on their way at a time"};
      if (ring.ok()) {
        one.value = chase<1>(ring, settings.seconds);
        eight.value = chase<8>(ring, settings.seconds);
      } else {
        one.what = eight.what = "the system gave no memory of this sort";
      }
      sink(one);
      sink(eight);
    }
  }
}

void copies(const LimitSettings& settings, const LimitSink& sink) {
  for (const std::uint64_t bytes :
       {std::uint64_t{4} << 10, std::uint64_t{1} << 20, std::uint64_t{64} << 20}) {
    const auto from = std::make_unique<char[]>(bytes);
    const auto to = std::make_unique<char[]>(bytes);
    std::memset(from.get(), 1, bytes);
    const std::uint64_t times = (std::uint64_t{64} << 20) / bytes;
    const double nanos = nanos_each(settings.seconds, times, [&] {
      for (std::uint64_t i = 0; i < times; ++i) {
        std::memcpy(to.get(), from.get(), bytes);
        asm volatile("" : : "r"(to.get()) : "memory");
      }
    });
    sink({"memcpy, " + size_text(bytes), static_cast<double>(bytes) / nanos, "GB/s",
          "the same bytes to the same place, again and again"});
  }
}

void locked_add(const LimitSettings& settings, const LimitSink& sink) {
  std::atomic<std::uint64_t> word{0};
  const double nanos = nanos_each(settings.seconds, kStep, [&] {
    for (std::uint64_t i = 0; i < kStep; ++i) word.fetch_add(1, std::memory_order_seq_cst);
  });
  sink({"locked add", nanos, "ns", "a fetch_add on a word that nobody else wants"});
}

}  // namespace

void memory_limits(const LimitSettings& settings, const LimitSink& sink) {
  copies(settings, sink);
  loads(settings, sink);
  locked_add(settings, sink);
}

}  // namespace nacre::bench
