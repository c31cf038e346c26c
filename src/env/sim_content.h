// sim_content.h - the bytes of a simulated file, in pages that copies share until they are written.
//
// A crash test makes tens of thousands of disks that differ in a few sectors. Copying a content
// copies pointers; the first write to a shared page copies that page alone. A page of zeros is a
// null pointer, so making log space ready costs nothing.
//
// THREADS    a content belongs to one disk and is reached under that disk's lock. Two contents of
//            two disks may share pages and be used by two threads at once: a shared page is never
//            written again.
// INVARIANT  the bytes of the last page behind size() are zero. A page may be written in place only
//            when its owner is this content's stamp; copying gives both sides a new stamp, after
//            which nobody owns the pages they share. (A reference count of one would not do: it is
//            read without ordering against another disk that has just let the page go.)
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {

class SimContent {
 public:
  static constexpr std::uint64_t kPageBytes = 4096;

  SimContent();
  SimContent(const SimContent& other);
  SimContent& operator=(const SimContent& other);
  SimContent(SimContent&&) noexcept = default;
  SimContent& operator=(SimContent&&) noexcept = default;
  ~SimContent() = default;

  std::uint64_t size() const { return size_; }
  /// What is new reads as zeros; what was cut off is gone.
  void resize(std::uint64_t size);
  /// Grows the content when the bytes end behind it.
  void write(std::uint64_t offset, std::string_view bytes);
  void write_zeros(std::uint64_t offset, std::uint64_t length);
  /// Returns how many bytes there were: fewer than out.size() only at the end.
  std::size_t read(std::uint64_t offset, std::span<char> out) const;
  std::string bytes() const;
  /// Takes from `source` the whole pages that [offset, offset + length) touches, and shares them.
  /// Both contents have one size.
  void take_pages(SimContent& source, std::uint64_t offset, std::uint64_t length);

 private:
  struct Page {
    std::uint64_t owner = 0;
    std::array<char, kPageBytes> bytes{};
  };
  Page& own_page(std::size_t index);

  std::vector<std::shared_ptr<Page>> pages_;
  std::uint64_t size_ = 0;
  mutable std::uint64_t stamp_;  // changes when a copy is made of this
};

}  // namespace nacre
