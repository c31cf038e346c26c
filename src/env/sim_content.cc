#include "env/sim_content.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/check.h"

namespace nacre {
namespace {

std::uint64_t new_stamp() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::size_t pages_for(std::uint64_t size) {
  return static_cast<std::size_t>((size + SimContent::kPageBytes - 1) / SimContent::kPageBytes);
}

// Calls piece(page index, offset in the page, offset in the range, length) for each page.
template <typename Piece>
void each_piece(std::uint64_t offset, std::uint64_t length, Piece&& piece) {
  for (std::uint64_t done = 0; done < length;) {
    const std::uint64_t at = (offset + done) % SimContent::kPageBytes;
    const std::uint64_t step = std::min(length - done, SimContent::kPageBytes - at);
    piece(static_cast<std::size_t>((offset + done) / SimContent::kPageBytes), at, done, step);
    done += step;
  }
}

}  // namespace

SimContent::SimContent() : stamp_(new_stamp()) {}

SimContent::SimContent(const SimContent& other)
    : pages_(other.pages_), size_(other.size_), stamp_(new_stamp()) {
  other.stamp_ = new_stamp();
}

SimContent& SimContent::operator=(const SimContent& other) {
  if (this != &other) *this = SimContent(other);
  return *this;
}

SimContent::Page& SimContent::own_page(std::size_t index) {
  std::shared_ptr<Page>& page = pages_[index];
  if (page == nullptr) {
    page = std::make_shared<Page>();
  } else if (page->owner != stamp_) {
    page = std::make_shared<Page>(*page);
  }
  page->owner = stamp_;
  return *page;
}

void SimContent::resize(std::uint64_t size) {
  const std::uint64_t kept = size % kPageBytes;
  pages_.resize(pages_for(size));
  if (size < size_ && kept != 0 && pages_.back() != nullptr) {
    char* bytes = own_page(pages_.size() - 1).bytes.data();
    std::memset(bytes + kept, 0, static_cast<std::size_t>(kPageBytes - kept));
  }
  size_ = size;
}

void SimContent::write(std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  if (offset + bytes.size() > size_) resize(offset + bytes.size());
  each_piece(offset, bytes.size(), [&](std::size_t page, auto at, auto done, auto length) {
    std::memcpy(own_page(page).bytes.data() + at, bytes.data() + done, length);
  });
}

void SimContent::write_zeros(std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return;
  if (offset + length > size_) resize(offset + length);
  each_piece(offset, length, [&](std::size_t page, auto at, auto, auto piece) {
    if (pages_[page] == nullptr) return;
    if (piece == kPageBytes) {
      pages_[page] = nullptr;
    } else {
      std::memset(own_page(page).bytes.data() + at, 0, piece);
    }
  });
}

std::size_t SimContent::read(std::uint64_t offset, std::span<char> out) const {
  if (offset >= size_) return 0;
  const std::uint64_t count = std::min<std::uint64_t>(out.size(), size_ - offset);
  each_piece(offset, count, [&](std::size_t page, auto at, auto done, auto length) {
    if (pages_[page] == nullptr) {
      std::memset(out.data() + done, 0, length);
    } else {
      std::memcpy(out.data() + done, pages_[page]->bytes.data() + at, length);
    }
  });
  return static_cast<std::size_t>(count);
}

std::string SimContent::bytes() const {
  std::string all(static_cast<std::size_t>(size_), '\0');
  read(0, all);
  return all;
}

void SimContent::take_pages(SimContent& source, std::uint64_t offset, std::uint64_t length) {
  NACRE_CHECK(size_ == source.size_);
  if (offset >= size_) return;
  each_piece(offset, std::min(length, size_ - offset), [&](std::size_t page, auto, auto, auto) {
    std::shared_ptr<Page>& taken = source.pages_[page];
    if (taken != nullptr && taken->owner == source.stamp_) taken->owner = 0;  // shared from now on
    pages_[page] = taken;
  });
}

}  // namespace nacre
