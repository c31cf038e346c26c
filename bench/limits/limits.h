// limits.h - what the machine itself can do: the figures that no store can beat, each measured by a
// loop of a few lines in about as long as asked for.
//
// They stand beside the kernels of bench/micro and beside every comparison, so that a reader sees
// how far an engine is from the memory, the kernel and the device below it.
//
// THREADS    one at a time: they measure the whole machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/machine.h"

namespace nacre::bench {

struct Limit {
  std::string name;
  double value = 0;  // 0 and a reason in `what` when it could not be measured
  std::string unit;  // "ns", "us", "GB/s", "per s"
  std::string what;  // one operation, in words
};

struct LimitSettings {
  double seconds = 0.3;                            // of each measurement
  std::uint64_t largest = std::uint64_t{2} << 30;  // bytes of the largest array of loads
  std::uint64_t file_bytes = std::uint64_t{1}
                             << 30;  // of the file that the device reads and writes
  std::string dir;                   // where files are made; they are removed
};

/// Told of each limit as soon as it is known.
using LimitSink = std::function<void(const Limit&)>;

/// Copies, dependent random loads, parallel ones, a locked add.
void memory_limits(const LimitSettings& settings, const LimitSink& sink);
/// Ways to hand 128 bytes to the kernel.
void kernel_limits(const LimitSettings& settings, const LimitSink& sink);
/// Syncs, and reads and writes past the page cache.
void device_limits(const LimitSettings& settings, const LimitSink& sink);

Json to_json(const Limit& limit);
/// The table: its head, and a line of it (name, value, unit, what).
void print_limit_head();
void print_limit(const Limit& limit);

/// Calls step(), which does `count` operations, until `seconds` are over; the mean nanoseconds of
/// one. The first call is not counted: it warms up.
double nanos_each(double seconds, std::uint64_t count, const std::function<void()>& step);

/// Reads or writes blocks of a file past the page cache, a fixed number of them at a time.
struct DeviceWork {
  int file = -1;
  bool write = false;
  bool random = false;
  unsigned depth = 1;
  std::uint64_t block = 4096;
  std::uint64_t file_bytes = 0;
};
/// Operations per second; 0 when the system has no io_uring for us (then only depth 1 works).
double device_rate(const DeviceWork& work, double seconds);

}  // namespace nacre::bench
