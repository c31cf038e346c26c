// kernel.h - how a kernel tells what one of its operations is; the table of nacre_micro shows it.
//
//   void get(benchmark::State& state) {
//     for (auto _ : state) ... ;
//     one_is(state, "a key of 5 million that is there");
//   }
//   const bool registered = kernel("table/get", get);
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <string>

namespace nacre {

/// Where kernels that need a file make it, and remove it again.
inline std::string work_dir = ".";

/// Says what one operation is, and how many of them one iteration does. Call it at the end.
inline void one_is(benchmark::State& state, const std::string& what, std::uint64_t each = 1) {
  state.SetLabel(what);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(each));
}

/// Makes it known under "part/kernel/variant".
inline benchmark::internal::Benchmark* kernel(const std::string& name,
                                              std::function<void(benchmark::State&)> run) {
  return benchmark::RegisterBenchmark(name.c_str(), std::move(run));
}

}  // namespace nacre
