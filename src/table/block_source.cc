#include "table/block_source.h"

#include <algorithm>

#include "base/try.h"

namespace nacre {
namespace {

/// Makes room for `size` bytes; what was there is lost.
void grow(std::unique_ptr<char[]>& memory, std::uint64_t& capacity, std::uint64_t size) {
  if (size <= capacity) return;
  memory = std::make_unique_for_overwrite<char[]>(size);
  capacity = size;
}

}  // namespace

Result<const char*> CachedBlocks::open(std::uint32_t i) {
  const bool forward = any_ && i == last_ + 1;
  const bool backward = any_ && i + 1 == last_;
  if (!(forward || backward) || forward != forward_) {
    missing_in_a_row_ = 0;
    ahead_count_ = 0;
    ahead_.clear();
  }
  forward_ = !backward;
  any_ = true;
  last_ = i;
  if (take_ahead(i)) return pin_.data();
  pin_ = table_.pin(i);
  if (pin_) {
    missing_in_a_row_ = 0;
    ahead_count_ = 0;
    return pin_.data();
  }
  if (++missing_in_a_row_ > 2) {
    read_ahead(i, forward_);
    if (take_ahead(i)) return pin_.data();
  }
  pin_ = NACRE_TRY(table_.load(i));
  return pin_.data();
}

bool CachedBlocks::take_ahead(std::uint32_t i) {
  for (BlockLoad& load : ahead_) {
    if (load.block != i || !load.pin) continue;
    pin_ = std::move(load.pin);
    return true;
  }
  return false;
}

/// A block that can't be read fails when its turn comes and not before.
void CachedBlocks::read_ahead(std::uint32_t i, bool forward) {
  const TableIndex& index = table_.stored().index;
  ahead_count_ = std::clamp<std::uint32_t>(ahead_count_ * 2, 4, kAheadMax);
  std::uint32_t first = i;
  std::uint32_t end = i + 1;
  while (end - first < ahead_count_ && (forward ? end < index.count() : first > 0)) {
    (forward ? end : first) += forward ? 1 : -1U;
    if (index.offset(end) - index.offset(first) > kAheadBytesMax) break;
  }
  ahead_.clear();
  for (std::uint32_t block = first; block < end; ++block) ahead_.push_back({block, {}, {}});
  table_.load_many(ahead_);
}

StreamedBlocks::StreamedBlocks(const TableReader& table)
    : table_(table),
      piece_bytes_(table_io_bytes(table.budget().limit())),
      charge_(table.budget(), MemoryUse::kBuffer, 0) {}

Result<const char*> StreamedBlocks::open(std::uint32_t i) {
  const StoredTable& stored = table_.stored();
  const std::uint64_t begin = stored.index.offset(i);
  const std::uint64_t size = stored.index.stored_bytes(i);
  if (begin < piece_at_ || begin + size > piece_at_ + piece_size_) NACRE_TRY(read_piece(i));
  const StoredBlock block =
      NACRE_TRY(stored.open_block(i, {piece_.get() + (begin - piece_at_), size}));
  if (block.codec == Codec::kNone) {
    NACRE_TRY(stored.check_block(i, block.bytes));
    return block.bytes.data();
  }
  grow(raw_, raw_capacity_, block.raw_size);
  charge_.resize(piece_capacity_ + raw_capacity_);
  NACRE_TRY(stored.decode_block(i, block, raw_.get()));
  return raw_.get();
}

/// Reads a piece with block `i` in it: at its start, or at its end when the walk goes back.
Status StreamedBlocks::read_piece(std::uint32_t i) {
  const TableIndex& index = table_.stored().index;
  const bool backward = piece_size_ != 0 && index.offset(i + 1) == piece_at_;
  std::uint32_t first = i;
  std::uint32_t end = i + 1;
  const auto bytes = [&](std::uint32_t from, std::uint32_t to) {
    return index.offset(to) - index.offset(from);
  };
  if (backward) {
    while (first > 0 && bytes(first - 1, end) <= piece_bytes_) --first;
  } else {
    while (end < index.count() && bytes(first, end + 1) <= piece_bytes_) ++end;
  }
  piece_size_ = 0;
  grow(piece_, piece_capacity_, bytes(first, end));
  charge_.resize(piece_capacity_ + raw_capacity_);
  NACRE_TRY(table_.stored().read(index.offset(first), {piece_.get(), bytes(first, end)}));
  piece_at_ = index.offset(first);
  piece_size_ = bytes(first, end);
  return {};
}

}  // namespace nacre
