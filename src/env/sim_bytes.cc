// The bytes of simulated files: writes that only the page cache has, and syncs.
#include <cerrno>
#include <utility>

#include "env/sim_state.h"

namespace nacre {
namespace {

void add_unsynced(SimState& state, const std::shared_ptr<SimFile>& file, SimDataOp op) {
  op.seq = state.next_seq++;
  file->unsynced.push_back(std::move(op));
  state.unsynced_files[file->id] = file;
}

}  // namespace

Status sim_charge(SimState& state, SimFile& file, std::uint64_t bytes, std::string_view operation,
                  std::string_view path) {
  if (!file.linked) return Status();
  const std::uint64_t left = state.used < state.capacity ? state.capacity - state.used : 0;
  if (bytes > left) return Status::from_errno(operation, path, ENOSPC);
  state.used += bytes;
  file.charged += bytes;
  return Status();
}

void sim_write(SimState& state, const std::shared_ptr<SimFile>& file, std::uint64_t offset,
               std::string_view bytes) {
  if (bytes.empty()) return;
  file->current.write(offset, bytes);
  add_unsynced(state, file,
               SimDataOp{.kind = SimDataOp::Kind::kWrite,
                         .offset = offset,
                         .length = bytes.size(),
                         .bytes = std::make_shared<const std::string>(bytes)});
}

void sim_write_zeros(SimState& state, const std::shared_ptr<SimFile>& file, std::uint64_t offset,
                     std::uint64_t length) {
  file->current.write_zeros(offset, length);
  add_unsynced(
      state, file,
      SimDataOp{
          .kind = SimDataOp::Kind::kZeros, .offset = offset, .length = length, .bytes = nullptr});
}

void sim_resize(SimState& state, const std::shared_ptr<SimFile>& file, std::uint64_t size) {
  file->current.resize(size);
  add_unsynced(state, file,
               SimDataOp{.kind = SimDataOp::Kind::kResize, .length = size, .bytes = nullptr});
}

void sim_flush_buffer(SimState& state, const std::shared_ptr<SimFile>& file) {
  sim_write(state, file, file->current.size(), file->buffer);
  file->buffer.clear();
}

void sim_drop_buffer(SimState& state, SimFile& file) {
  if (file.linked) {
    state.used -= file.buffer.size();
    file.charged -= file.buffer.size();
  }
  file.buffer.clear();
}

void sim_sync_file(SimState& state, SimFile& file) {
  // Page by page from the cache, not "durable = current": bytes that a failed sync threw away must
  // stay lost unless their page is written again.
  file.durable.resize(file.current.size());
  for (const SimDataOp& op : file.unsynced) {
    if (op.kind == SimDataOp::Kind::kResize) continue;
    file.durable.take_pages(file.current, op.offset, op.length);
  }
  file.unsynced.clear();
  state.unsynced_files.erase(file.id);
}

void sim_forget_unsynced(SimState& state, const std::shared_ptr<SimFile>& file) {
  sim_flush_buffer(state, file);
  file->unsynced.clear();
  state.unsynced_files.erase(file->id);
}

}  // namespace nacre
