// parallel.h - a row of tasks that belong together, done by the caller and by whoever is free.
//
// The caller takes one task after the other; helpers on the threads of the executor do the same.
// Where no thread is free, or the executor has none, the caller does them all: nobody waits for a
// helper that has not begun.
//
// THREADS    `work` runs on several at once. All of it is done when run_parallel() returns.
#pragma once

#include <cstddef>
#include <functional>

#include "nacre/env.h"

namespace nacre::engine {

/// Calls work(0) ... work(count - 1), which begin in this order.
void run_parallel(Executor& executor, std::size_t helpers, std::size_t count,
                  const std::function<void(std::size_t)>& work);

}  // namespace nacre::engine
