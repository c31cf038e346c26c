// nacre.h - everything of the public interface.
#pragma once

#include "nacre/batch.h"
#include "nacre/cursor.h"
#include "nacre/db.h"
#include "nacre/env.h"
#include "nacre/key_codec.h"
#include "nacre/listener.h"
#include "nacre/options.h"
#include "nacre/result.h"
#include "nacre/runtime.h"
#include "nacre/snapshot.h"
#include "nacre/stats.h"
#include "nacre/status.h"
#include "nacre/value.h"
