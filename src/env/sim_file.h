// sim_file.h - open files of a simulated disk.
//
// A writable file keeps up to 16 KiB of what was appended in a buffer of its own: a crash of the
// process loses that, and so does its destruction without close(). Log writes reach the page cache
// at once. A use of a log that nacre/env.h forbids aborts: it must not look like a failing disk.
//
// THREADS    as nacre/env.h says for each kind of file.
// LIFETIME   each keeps the disk's state alive; removing the name of an open file does no harm.
#pragma once

#include <memory>
#include <string>

#include "env/sim_core.h"
#include "nacre/env.h"

namespace nacre {

inline constexpr std::size_t kSimBufferBytes = 16 << 10;

std::unique_ptr<RandomAccessFile> make_sim_reader(std::shared_ptr<SimCore> core,
                                                  std::shared_ptr<SimFile> file);
std::unique_ptr<WritableFile> make_sim_writer(std::shared_ptr<SimCore> core,
                                              std::shared_ptr<SimFile> file, std::string path);
std::unique_ptr<LogFile> make_sim_log(std::shared_ptr<SimCore> core, std::shared_ptr<SimFile> file,
                                      std::string path, std::uint64_t capacity);
/// The lock is taken already; destruction releases it.
std::unique_ptr<FileLock> make_sim_lock(std::shared_ptr<SimCore> core,
                                        std::shared_ptr<SimFile> file);

}  // namespace nacre
