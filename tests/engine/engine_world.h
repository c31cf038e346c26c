// engine_world.h - the ground under one part of the engine: a simulated disk with a directory, and
// the context that an open store would give.
#pragma once

#include <memory>
#include <string>

#include "engine/context.h"
#include "engine/settings.h"
#include "env/sim_env.h"
#include "harness/stores.h"

namespace nacre::engine {

struct EngineWorld {
  EngineWorld() {
    context.salt = 0x0123456789ABCDEF;
    if (!world.fs().create_dir(test::kStoreDir).ok()) std::abort();
  }

  SimEnv world;
  std::shared_ptr<Runtime> runtime =
      Runtime::create({.env = &world, .memory_bytes = 1 << 20}).value();
  Context context{test::kStoreDir, resolve(test::tiny_options(world), 1 << 20).value(),
                  runtime->state()};
};

}  // namespace nacre::engine
