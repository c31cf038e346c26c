// posix_lock.h - one owner for a store: a lock on a file that other processes see, and a table that
// this process sees.
//
// The lock is one of an open file description (F_OFD_SETLK, else flock): the classic fcntl lock
// vanishes when any descriptor of the file is closed, and never stops a second open in the same
// process. The owner's process id is written into the file for error messages only; nobody trusts
// it. The file is never removed: two openers could then lock two different files. The system drops
// the lock when the process dies, however it dies.
//
// THREADS    any.
// FORK       a forked child shares the lock until it closes or replaces its image (exec).
#pragma once

#include <memory>
#include <string>

#include "nacre/env.h"

namespace nacre {

Result<std::unique_ptr<FileLock>> lock_file(const std::string& path);

}  // namespace nacre
