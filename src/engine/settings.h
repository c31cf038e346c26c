// settings.h - options turned into numbers to work with, or refused.
#pragma once

#include <memory>

#include "engine/context.h"
#include "lsm/picker.h"
#include "nacre/options.h"
#include "nacre/runtime.h"

namespace nacre::engine {

inline constexpr std::uint64_t kMemoryBytesMin = 1 << 20;

/// ok for 0 and from kMemoryBytesMin.
Status check_memory_bytes(std::uint64_t bytes);
/// The runtime that these options name, share, or need for themselves.
Result<std::shared_ptr<Runtime>> runtime_for(const Options& options);
/// Works out every "0 means", given the limit of the budget. kInvalid when the memtable does not
/// fit it.
Result<Settings> resolve(const Options& options, std::uint64_t memory_limit);
/// What the picker goes by.
PickerOptions picker_options(const Settings& settings);

}  // namespace nacre::engine
