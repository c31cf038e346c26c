#include "table/table_format.h"

#include "base/byte_reader.h"
#include "base/check.h"

namespace nacre {
namespace {

constexpr std::string_view kMagic = "NacreTbl";
constexpr std::size_t kFooterSummed = 48;  // the bytes under the footer's own checksum

Status newer(std::string_view file, std::string_view what) {
  std::string message(file);
  message += ": written by a newer Nacre (";
  message += what;
  message += ")";
  return Status::unsupported(std::move(message));
}

bool is_known(SectionId id) {
  return id == SectionId::kIndex || id == SectionId::kFilter || id == SectionId::kProperties;
}

}  // namespace

void append_block_trailer(const TableSeed& seed, std::uint64_t offset, const StoredBlock& block,
                          LargeString& out) {
  NACRE_DCHECK(std::string_view(out).ends_with(block.bytes));
  const std::size_t start = out.size() - block.bytes.size();
  put_fixed(out, block.raw_size);
  put_fixed(out, static_cast<std::uint8_t>(block.codec));
  put_fixed(out, hash64(std::string_view(out).substr(start), seed.at(offset)));
}

Result<StoredBlock> open_stored_block(const TableSeed& seed, std::string_view file,
                                      std::uint64_t offset, std::string_view with_trailer) {
  if (with_trailer.size() < kBlockTrailerBytes) {
    return Status::corruption_at(file, offset, "block shorter than its trailer");
  }
  const std::string_view summed = with_trailer.substr(0, with_trailer.size() - 8);
  ByteReader trailer(with_trailer.substr(with_trailer.size() - kBlockTrailerBytes));
  StoredBlock block;
  block.raw_size = trailer.fixed<std::uint32_t>();
  block.codec = Codec{trailer.fixed<std::uint8_t>()};
  block.bytes = with_trailer.substr(0, with_trailer.size() - kBlockTrailerBytes);
  if (trailer.fixed<std::uint64_t>() != hash64(summed, seed.at(offset))) {
    return Status::corruption_at(file, offset, "block checksum does not match");
  }
  if (!is_known(block.codec)) return newer(file, "unknown compression of a block");
  if (block.raw_size == 0 || !plausible_raw_size(block.codec, block.bytes.size(), block.raw_size)) {
    return Status::corruption_at(file, offset, "block declares an impossible size");
  }
  return block;
}

std::string encode_directory(std::span<const Section> sections) {
  std::string out;
  out.reserve(sections.size() * kDirectoryEntryBytes);
  for (const Section& section : sections) {
    put_fixed(out, static_cast<std::uint32_t>(section.id));
    put_fixed(out, section.flags);
    put_fixed(out, section.offset);
    put_fixed(out, section.length);
    put_fixed(out, section.checksum);
  }
  return out;
}

std::string encode_footer(const TableSeed& seed, const Footer& footer) {
  std::string out;
  put_fixed(out, footer.directory_offset);
  put_fixed(out, footer.directory_length);
  put_fixed(out, kTableVersion);
  put_fixed(out, footer.required_features);
  put_fixed(out, raw(seed.number()));
  put_fixed(out, seed.store_echo());
  put_fixed(out, footer.directory_checksum);
  put_fixed(out, hash64(out, 0));
  out += kMagic;
  NACRE_CHECK(out.size() == kFooterBytes);
  return out;
}

Result<Footer> decode_footer(const TableSeed& seed, std::string_view file, std::uint64_t file_size,
                             std::string_view tail) {
  if (tail.size() < kFooterBytes) {
    return Status::corruption_at(file, file_size, "file is too short for a table");
  }
  const std::uint64_t offset = file_size - kFooterBytes;
  if (!tail.ends_with(kMagic)) {
    return Status::corruption_at(file, file_size - kMagic.size(), "not the end of a table");
  }
  ByteReader reader(tail);
  Footer footer;
  footer.directory_offset = reader.fixed<std::uint64_t>();
  footer.directory_length = reader.fixed<std::uint32_t>();
  const auto version = reader.fixed<std::uint32_t>();
  footer.required_features = reader.fixed<std::uint64_t>();
  const auto number = reader.fixed<std::uint64_t>();
  const auto echo = reader.fixed<std::uint64_t>();
  footer.directory_checksum = reader.fixed<std::uint64_t>();
  if (reader.fixed<std::uint64_t>() != hash64(tail.substr(0, kFooterSummed), 0)) {
    return Status::corruption_at(file, offset, "footer checksum does not match");
  }
  if (version > kTableVersion) return newer(file, "table version " + std::to_string(version));
  if (version == 0) return Status::corruption_at(file, offset, "table version 0");
  if ((footer.required_features & ~kKnownTableFeatures) != 0) return newer(file, "unknown feature");
  if (echo != seed.store_echo()) {
    return Status::corruption_at(file, offset, "table belongs to another store");
  }
  if (number != raw(seed.number())) {
    return Status::corruption_at(file, offset,
                                 "this is table " + std::to_string(number) + ", not table " +
                                     std::to_string(raw(seed.number())));
  }
  if (footer.directory_offset > offset ||
      footer.directory_length != offset - footer.directory_offset ||
      footer.directory_length % kDirectoryEntryBytes != 0 ||
      footer.directory_length > kSectionsMax * kDirectoryEntryBytes) {
    return Status::corruption_at(file, offset, "directory is not where the footer says");
  }
  return footer;
}

Result<std::vector<Section>> decode_directory(const TableSeed& seed, std::string_view file,
                                              const Footer& footer, std::string_view bytes) {
  const std::uint64_t at = footer.directory_offset;
  if (bytes.size() != footer.directory_length ||
      hash64(bytes, seed.at(at)) != footer.directory_checksum) {
    return Status::corruption_at(file, at, "directory checksum does not match");
  }
  std::vector<Section> sections;
  ByteReader reader(bytes);
  while (!reader.done()) {
    Section section;
    section.id = SectionId{reader.fixed<std::uint32_t>()};
    section.flags = reader.fixed<std::uint32_t>();
    section.offset = reader.fixed<std::uint64_t>();
    section.length = reader.fixed<std::uint64_t>();
    section.checksum = reader.fixed<std::uint64_t>();
    if (!reader.ok()) return Status::corruption_at(file, at, "directory ends inside an entry");
    if (!is_known(section.id) && (section.flags & kSectionRequired) != 0) {
      return newer(file, "unknown section");
    }
    if (find_section(sections, section.id) != nullptr) {
      return Status::corruption_at(file, at, "section listed twice");
    }
    const std::uint64_t begin =
        sections.empty() ? section.offset : sections.back().offset + sections.back().length;
    if (section.offset != begin || begin > at || section.length > at - begin) {
      return Status::corruption_at(file, at, "sections do not lie back to back");
    }
    sections.push_back(section);
  }
  if (sections.empty() || sections.back().offset + sections.back().length != at) {
    return Status::corruption_at(file, at, "sections do not end at the directory");
  }
  return sections;
}

const Section* find_section(std::span<const Section> sections, SectionId id) {
  for (const Section& section : sections) {
    if (section.id == id) return &section;
  }
  return nullptr;
}

Status check_section(const TableSeed& seed, std::string_view file, const Section& section,
                     std::string_view bytes) {
  if (bytes.size() == section.length &&
      hash64(bytes, seed.at(section.offset)) == section.checksum) {
    return {};
  }
  return Status::corruption_at(file, section.offset, "section checksum does not match");
}

}  // namespace nacre
