#include "nacre/runtime.h"

#include <algorithm>

#include "base/try.h"
#include "engine/runtime_state.h"
#include "engine/settings.h"

namespace nacre {

namespace {

constexpr std::uint64_t kAutoMemoryMax = std::uint64_t{1} << 30;

Env& env_or_default(Env* env) { return env == nullptr ? Env::posix() : *env; }

}  // namespace

Runtime::Runtime(std::unique_ptr<detail::RuntimeState> state) : state_(std::move(state)) {}
Runtime::~Runtime() = default;

Result<std::shared_ptr<Runtime>> Runtime::create(const Settings& settings) {
  NACRE_TRY(engine::check_memory_bytes(settings.memory_bytes));
  Env& env = env_or_default(settings.env);
  const std::uint64_t bytes =
      settings.memory_bytes != 0
          ? settings.memory_bytes
          : std::max(std::min(env.memory_bytes() / 4, kAutoMemoryMax), engine::kMemoryBytesMin);
  return std::shared_ptr<Runtime>(new Runtime(std::make_unique<detail::RuntimeState>(env, bytes)));
}

std::shared_ptr<Runtime> Runtime::shared() {
  // Never destroyed: values that outlive main() may still lie in its cache.
  static const auto* const runtime = new std::shared_ptr<Runtime>(create({}).value());
  return *runtime;
}

std::uint64_t Runtime::memory_limit() const { return state_->budget.limit(); }
std::uint64_t Runtime::memory_used() const { return state_->budget.used(); }

}  // namespace nacre
