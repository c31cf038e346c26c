#include "table/block.h"

#include <algorithm>

#include "base/text.h"
#include "table/block_search.h"

namespace nacre {
namespace {

std::string kind_text(Kind kind) {
  if (kind == Kind::kDelete) return "delete";
  if (kind == Kind::kPut) return "put";
  return "kind " + std::to_string(static_cast<int>(kind));
}

/// The value between quotes; of a long one the beginning and the size.
std::string value_text(std::string_view value) {
  constexpr std::size_t kShown = 40;
  if (value.size() <= kShown) return '"' + escape(value) + '"';
  return '"' + escape(value.substr(0, kShown)) + "\"... " + human_bytes(value.size());
}

}  // namespace

void Block::copy_key(std::uint32_t i, std::string& out) const {
  const BlockHeader h = header();
  out.assign(prefix());
  char head_bytes[kBlockHeadBytes];
  store(head_bytes, __builtin_bswap32(head(h, i)));
  out.append(head_bytes, head_size(h, i));
  out.append(tail(h, i));
}

int Block::compare_suffix(const BlockHeader& h, std::uint32_t i, const Target& target) const {
  if (const std::uint32_t own = head(h, i); own != target.head) return own < target.head ? -1 : 1;
  // Equal heads of different size differ in zeros at the end only: the shorter key is a prefix of
  // the longer one, and before it.
  if (const std::uint32_t own = head_size(h, i); own != target.head_size) {
    return own < target.head_size ? -1 : 1;
  }
  return tail(h, i).compare(target.tail);
}

/// The lower bound among the entries from `first` on that have the target's head.
std::uint32_t Block::lower_bound_in_tie(const BlockHeader& h, std::uint32_t first,
                                        const Target& target, Trailer trailer) const {
  std::uint32_t end = first + 1;
  if (end < h.count && head(h, end) == target.head) {
    end = h.count;
    if (const std::uint32_t next = target.head + 1; next != 0) {
      const char* heads = data_ + h.heads_at() + std::uint64_t{first} * kBlockHeadBytes;
      end = first + count_heads_below(heads, h.count - first, next);
    }
  }
  while (first < end) {
    const std::uint32_t middle = first + (end - first) / 2;
    int order = compare_suffix(h, middle, target);
    if (order == 0) order = raw(this->trailer(h, middle)) > raw(trailer) ? -1 : 1;
    if (order < 0) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return first;
}

std::uint32_t Block::lower_bound(std::string_view key, Trailer trailer) const {
  const BlockHeader h = header();
  const std::string_view shared(data_ + kBlockHeaderBytes, h.prefix_size);
  if (!key.starts_with(shared)) [[unlikely]] {
    return key < shared ? 0 : h.count;
  }
  const Target target(key.substr(h.prefix_size));
  const std::uint32_t i = count_heads_below(data_ + h.heads_at(), h.count, target.head);
  if (i == h.count || head(h, i) != target.head) return i;
  return lower_bound_in_tie(h, i, target, trailer);
}

bool Block::find(std::string_view key, Seq seq, Entry* entry) const {
  const BlockHeader h = header();
  const std::string_view shared(data_ + kBlockHeaderBytes, h.prefix_size);
  if (!key.starts_with(shared)) return false;
  const Target target(key.substr(h.prefix_size));
  std::uint32_t i = count_heads_below(data_ + h.heads_at(), h.count, target.head);
  if (i + 1 < h.count && head(h, i + 1) == target.head) {
    i = lower_bound_in_tie(h, i, target, read_trailer(seq));
  }
  if (i == h.count || compare_suffix(h, i, target) != 0) return false;
  const Trailer found = trailer(h, i);
  if (seq_of(found) > seq) return false;
  *entry = {key, found, value(i)};
  return true;
}

std::string Block::render() const {
  const BlockHeader h = header();
  std::string text = "block: " + std::to_string(h.count) + " entries, prefix \"" +
                     escape(prefix()) + "\", trailers +" + std::to_string(h.trailer_width) +
                     " bytes, values at " + std::to_string(h.values_at) + "\n";
  std::string key;
  for (std::uint32_t i = 0; i < h.count; ++i) {
    copy_key(i, key);
    const Trailer trailer = this->trailer(h, i);
    text += '"' + escape(key) + "\" " + std::to_string(seq_of(trailer)) + ' ' +
            kind_text(kind_of(trailer)) + ' ' + value_text(value(i)) + '\n';
  }
  return text;
}

void Block::Rows::enter(Block block) {
  block_ = block;
  header_ = block.header();
  if (header_.prefix_size > capacity_) grow(header_.prefix_size);
  const std::string_view shared = block.prefix();
  std::copy_n(shared.data(), shared.size(), key_.get());
}

/// Makes room for a key of `size` bytes; keeps the prefix.
void Block::Rows::grow(std::size_t size) {
  constexpr std::size_t kSmallest = 128;
  const std::size_t capacity = std::max(kSmallest, 2 * size + kBlockHeadBytes);
  auto key = std::make_unique<char[]>(capacity);
  const std::string_view shared = block_.prefix();
  std::copy_n(shared.data(), shared.size(), key.get());
  key_ = std::move(key);
  capacity_ = capacity;
}

}  // namespace nacre
